"""The workers that a scheduler has, and which of them are fit for the pages of a build."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent import futures
from contextlib import suppress

from distributed import Client

from witness.runner.dask.terms import Terms
from witness.runner.dask.worker import greet, leave
from witness.runner.environment import NoEnvironment

PATIENCE = 30.0
"""Seconds for which a build goes on while only workers are there that are not fit."""


class Workers:
    """Greets workers as they come, so that those which are fit are given pages."""

    def __init__(self, client: Client, scheduler: str, terms: Terms, say: Callable[[str], None]) -> None:
        self._client = client
        self._scheduler = scheduler
        self._terms = terms
        self._say = say
        self._known: dict[str, str] = {}
        """Why a worker is not fit, by its address; an empty text where it is."""
        self._fit_at = -PATIENCE
        self._waits = False

    async def look(self) -> bool:
        """Greet the workers that have come, and return whether one of them is fit.

        Raises NoEnvironment where only such are there that are not.
        """
        if self._client.status != "running":
            raise gone(self._scheduler)
        try:
            there = await self._client.nthreads()
            new = [address for address in there if address not in self._known]
            answers = dict(await asyncio.gather(*map(self._greeted, new)))
        except (OSError, futures.CancelledError):
            raise gone(self._scheduler) from None
        known = {**self._known, **answers}
        self._known = {address: why for address, why in known.items() if why is not None and address in there}
        refused = {address: why for address, why in answers.items() if why}
        now = asyncio.get_running_loop().time()
        if "" in self._known.values():
            self._fit_at, self._waits = now, False
        elif self._known and now - self._fit_at > PATIENCE:
            raise NoEnvironment(f"no worker of {self._scheduler} is like this machine: {_reasons(self._known)}")
        elif not self._waits:
            self._waits = True
            self._say(f"no worker of {self._scheduler} is there that can execute pages; waiting for one")
        if refused:
            self._say(f"not like this machine, so that it gets no page: {_reasons(refused)}")
        return "" in answers.values()

    async def leave(self) -> None:
        """Let workers end what they have for this run."""
        fit = [address for address, why in self._known.items() if not why]
        with suppress(OSError, futures.CancelledError):
            await self._client.run(leave, self._terms["run"], workers=fit, on_error="ignore")

    async def _greeted(self, address: str) -> tuple[str, str | None]:
        """Return why a worker is not fit: an empty text where it is, None where it is gone."""
        answers = await self._client.run(greet, self._terms, workers=[address], on_error="return")
        answer = answers.get(address)
        if isinstance(answer, Exception) and not isinstance(answer, OSError):
            return address, f"no witness that works ({type(answer).__name__}: {answer})"
        return address, ", ".join(answer) if isinstance(answer, list) else None


def gone(scheduler: str) -> NoEnvironment:
    """Return what is to be said once a scheduler does not answer any more."""
    return NoEnvironment(f"the scheduler {scheduler} went away; finished pages are kept: start it, then build again")


def _reasons(workers: Mapping[str, str]) -> str:
    """Return why workers are not fit, each reason once."""
    by_reason: dict[str, list[str]] = {}
    for address, why in workers.items():
        by_reason.setdefault(why, []).append(address)
    more = {why: f" and {len(those) - 1} more" if those[1:] else "" for why, those in by_reason.items()}
    return "; ".join(f"{those[0]}{more[why]} has {why}" for why, those in by_reason.items())
