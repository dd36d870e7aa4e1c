"""The seam at which pages are executed: a plan goes in, a record comes out; another machine is one more executor."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from witness.reading.plan import Plan
from witness.records.page_record import PageRecord, Problem
from witness.runner.environment import Environment
from witness.runner.traces import Traces


@dataclass(frozen=True)
class Job:
    """What the pages of one run have in common."""

    environment: Environment
    """What they are to be executed in."""
    folder: Path
    """Where records lie; what programs cache is kept there, too."""
    root: Path | None = None
    """The folder of pages, which none may change; None where plans are run without it."""
    commit: str = ""
    """What git calls the pages."""
    reproducible: bool = True
    """Whether a page of them is to be."""
    given: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    """The environment variables of the build, from which kernels have theirs."""
    declared: Sequence[str] = ()
    """Those that pages declare to read."""
    needs: Mapping[str, str | None] = field(default_factory=dict)
    """The packages that pages need beyond JAX, with the versions that are installed."""
    replicates: int = 1
    """How often a page is run that measures, each time in a kernel of its own: a fault in any run is the page's."""
    hash_seed: int | None = None
    """Fixes what Python otherwise draws at random, the order of sets."""


@dataclass(frozen=True)
class Ran:
    """What came of a page."""

    record: PageRecord
    traces: Traces
    """What it was seen to do to files and ports."""


Execute = Callable[[Plan], Awaitable[Ran]]
"""Executes one page; many are under way at once."""


class Watcher(Protocol):
    """Who looks on: on a terminal, or at the other end of a wire."""

    def began(self, plan: Plan) -> None:
        """A page begins."""

    def say(self, line: str) -> None:
        """Something is to be known that is of no page."""

    def cell(self, plan: Plan, number: int, text: str) -> None:
        """A cell starts (``text`` is empty) or prints a piece of text."""


def not_run(plan: Plan, job: Job, problem: Problem) -> Ran:
    """Return what came of a page that was not executed."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    key, environment = job.environment.key(plan.digest(), plan.needs), asdict(job.environment)
    return Ran(PageRecord(plan.page, key, environment, now, 0.0, cells=[], live=[], problems=[problem]), Traces())


class Executor(Protocol):
    """Where pages are executed, and how many at once."""

    def open(self, job: Job, watcher: Watcher) -> AbstractAsyncContextManager[Execute]:
        """Execute pages within a context that leaves nothing of them behind.

        Raises NoEnvironment where none can be executed.
        """

    def end(self) -> None:
        """Let go of what was prepared: no page is going to be executed any more."""
