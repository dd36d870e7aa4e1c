"""What a worker does: it says whether it is fit for the pages of a build, and executes them as a machine of its own."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

from distributed import Worker, get_worker

from witness.kernels.forkserver_process import ForkserverProcess
from witness.reading.plan import Plan
from witness.runner.dask.terms import WORKER, Terms, differing, fit, given, job_of
from witness.runner.environment import NoEnvironment, find
from witness.runner.executor import Execute, Ran
from witness.runner.facts import Facts
from witness.runner.local import Local

LINGER = 60.0
"""Seconds after its last page until a worker gives up on a build that did not say good-bye."""

LOOK = 0.5
"""Seconds between two looks at whether a page is still wanted."""


class Unwanted(Exception):
    """Nobody wants the record of this page any more."""


def key_of(name: str) -> str:
    """Return the key of the task in which a page is executed."""
    return f"witness-page-{name}"


async def greet(terms: Terms, dask_worker: Worker) -> list[str]:
    """Return what is otherwise here than the terms say; a worker where nothing is can be given its pages."""
    facts = Facts(_folder(dask_worker), reproducible=terms["reproducible"], given=given(terms))
    wanted = terms["environment"]
    try:
        found = await asyncio.to_thread(find, facts, require_jax=wanted["jax"] is not None)
        wrong = [*differing(terms, found, dask_worker.state.total_resources)]
        if not wrong:
            _hosts[dask_worker.id, terms["run"]] = _Host(terms, dask_worker, facts.take_forkserver())
            await dask_worker.set_resources(**{WORKER: 1.0, fit(terms): 1.0})
    except NoEnvironment as error:
        wrong = [str(error).rstrip(".")]
    finally:
        facts.close()
    return wrong


async def page(terms: Terms, plan: Plan, name: str) -> Ran:
    """Execute a page, which is a task of this ``name``; end it once nobody wants its record any more."""
    worker = get_worker()
    at = worker.id, terms["run"]
    if at in _left:
        raise Unwanted(plan.page)
    host = _hosts[at] = _hosts.get(at) or _Host(terms, worker)
    working = host.page(plan)
    while not (await asyncio.wait([working], timeout=LOOK))[0]:
        task = worker.state.tasks.get(key_of(name))
        if task is None or task.state != "executing":
            working.cancel()
    if working.cancelled():
        raise Unwanted(plan.page)
    return working.result()


async def leave(run: str, dask_worker: Worker) -> None:
    """End what a run has here; no page of it begins any more."""
    at = dask_worker.id, run
    _left.add(at)
    if host := _hosts.get(at):
        await host.end()


class _Host:
    """The executor of this machine for one run."""

    def __init__(self, terms: Terms, worker: Worker, forkserver: ForkserverProcess | None = None) -> None:
        self._run = terms["run"]
        self._worker = worker
        self._job = job_of(terms, _folder(worker))
        self._local = Local(forkserver)
        self._execute: asyncio.Future[Execute] = asyncio.get_running_loop().create_future()
        self._pages: set[asyncio.Task[Ran]] = set()
        self._ended = asyncio.Event()
        self._open = asyncio.create_task(self._stay())

    def page(self, plan: Plan) -> asyncio.Task[Ran]:
        """Begin to execute a page."""
        working = asyncio.create_task(self._page(plan))
        self._pages.add(working)
        working.add_done_callback(self._pages.discard)
        return working

    async def _page(self, plan: Plan) -> Ran:
        return await (await asyncio.shield(self._execute))(plan)

    async def _stay(self) -> None:
        """Hold kernels and what starts them open, until the run ends or has no page for long."""
        try:
            async with self._local.open(self._job, self) as execute:
                self._execute.set_result(execute)
                idle = 0.0
                while not self._ended.is_set() and idle < LINGER:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._ended.wait(), LOOK)
                    idle = 0.0 if self._pages else idle + LOOK
                _hosts.pop((self._worker.id, self._run), None)
                for working in self._pages:
                    working.cancel()
                if self._pages:
                    await asyncio.wait(self._pages)
        except Exception as error:
            if self._execute.done():
                raise
            self._execute.set_exception(error)  # which is that of each page
        finally:
            self._local.end()

    async def end(self) -> None:
        """End pages, kernels and what starts them."""
        self._ended.set()
        await self._open

    def began(self, plan: Plan) -> None:
        """Tell the build that a page begins."""
        self._worker.log_event(self._run, [plan.page, 0])

    def cell(self, plan: Plan, number: int, text: str) -> None:
        """Tell the build that a cell starts; what it prints comes with the record."""
        if not text:
            self._worker.log_event(self._run, [plan.page, number])

    def say(self, line: str) -> None:
        """Leave a line to the worker's own log."""


_hosts: dict[tuple[str, str], _Host] = {}
"""By worker and run."""

_left: set[tuple[str, str]] = set()
"""Runs that have ended."""


def _folder(worker: Worker) -> Path:
    return Path(worker.local_directory, "witness")
