"""This machine as an executor: cells in lanes, one that reads a clock alone, kernels forked where that is safe."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from witness.kernels.forkserver_process import ForkserverProcess
from witness.kernels.manager import Kernels
from witness.reading.plan import Plan
from witness.runner.capacity import Capacity, lane_count
from witness.runner.executor import Execute, Job, Ran, Watcher
from witness.runner.recorder import Recorder
from witness.runner.scheduler import Scheduler
from witness.runner.variables import variables


class Local:
    """Executes pages here, as many at once as there is room for."""

    def __init__(self, forkserver: ForkserverProcess | None = None, memory: int | None = None) -> None:
        """A ``forkserver`` may have been started for the pages; it ends with this.

        ``memory`` is how many bytes the kernels may take together before another page has to wait; see `Capacity`.
        """
        self._forkserver = forkserver
        self._memory = memory

    @asynccontextmanager
    async def open(self, job: Job, watcher: Watcher) -> AsyncIterator[Execute]:
        """Execute pages in the order in which they come; see `Executor`."""
        environment = job.environment
        capacity = Capacity(environment, self._memory)
        seeded = {} if job.hash_seed is None else {"PYTHONHASHSEED": str(job.hash_seed)}
        shown = variables(job.folder / "scratch", reproducible=job.reproducible, declared=job.declared, given=job.given)
        may_fork = sys.platform == "linux" and environment.platform in ("cpu", "none")
        async with Kernels({**shown, **seeded}, may_fork=may_fork, started=self._forkserver) as kernels:
            recorder = Recorder(job, kernels, Scheduler(lane_count(environment)), watcher)

            async def execute(plan: Plan) -> Ran:
                async with capacity.page():
                    watcher.began(plan)
                    return await recorder.page(plan)

            yield execute

    def end(self) -> None:
        """End the fork server, if it has not ended."""
        if self._forkserver:
            self._forkserver.end()
