"""Running the pages that are stale: in lanes, under the lock, each to a record."""

from __future__ import annotations

import asyncio
import dataclasses
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from witness.kernels.forkserver_process import ForkserverProcess
from witness.kernels.manager import Kernel, KernelFailed, Kernels, UnknownKernel
from witness.reading.inputs import renewed
from witness.reading.plan import Plan
from witness.records.page_record import CellError, CellRecord, LiveValue, PageRecord, Problem
from witness.records.replicate import replicate
from witness.records.scrub import Scrubber
from witness.records.store import Stamp, Store
from witness.runner.alone import Alone
from witness.runner.capacity import Capacity, lane_count
from witness.runner.commit import commit
from witness.runner.environment import Environment
from witness.runner.execution import Execution
from witness.runner.freshness import Freshness, measures
from witness.runner.ledger import Ledger
from witness.runner.likeness import Unlike
from witness.runner.lock import locked
from witness.runner.machine_names import machine, of_page
from witness.runner.problems import changed
from witness.runner.progress import Progress
from witness.runner.repeat import contradictions, repeated
from witness.runner.scheduler import Scheduler
from witness.runner.source_guard import SourceGuard
from witness.runner.traces import Traces
from witness.runner.variables import variables


def run(
    plans: Sequence[Plan],
    store: Store,
    environment: Environment,
    progress: Progress,
    source: Path | None,
    forkserver: ForkserverProcess | None = None,
    *,
    hash_seed: int | None = None,
    replicates: int = 1,
    since: float = 0.0,
    memory: int | None = None,
) -> None:
    """Run the plans that are stale and write their records; see `Freshness` for ``since``.

    ``source`` is the folder of pages, which no page may change. A ``forkserver`` may have been started for them; it
    ends here. Only one process runs pages of one store at a time. A ``hash_seed`` fixes what Python otherwise draws at
    random, the order of sets: two runs with different ones share no parent and no such order. Pages that measure are
    run ``replicates`` times, each time in a kernel of its own: the first run is the page's, and a fault in any is its.
    ``memory`` is how many bytes the kernels may take together before another page has to wait; see `Capacity`.
    """
    try:
        with locked(store.folder.parent / ".lock", progress.say):
            store.exclusive = True
            freshness = Freshness(store, environment, source, replicates, since)
            todo = freshness.stale(plans)
            store.exclusive = False
            for path in store.damaged:
                progress.say(f"{path.name} was not whole: set aside as {path.name}.damaged")
            if not todo:
                return
            store.probe()
            expected = {plan.page: _last_time(store.stamp(plan.page)) for plan in todo}
            progress.start(todo, expected)
            try:
                ledger = Ledger(freshness)
                asyncio.run(_Runner(freshness, ledger, progress, forkserver, hash_seed, memory).all(todo, expected))
                ledger.settle(todo)
            except BaseExceptionGroup as group:
                raise _first(group) from group
            finally:
                progress.end()
    finally:
        if forkserver:
            forkserver.end()


def _first(error: BaseException) -> BaseException:
    """Return the first error of a group of lanes: what stops one stops them all."""
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


def _last_time(stamp: Stamp | None) -> float | None:
    return stamp.seconds if stamp else None


class _Runner:
    def __init__(
        self,
        freshness: Freshness,
        ledger: Ledger,
        progress: Progress,
        forkserver: ForkserverProcess | None,
        hash_seed: int | None,
        memory: int | None,
    ) -> None:
        source, store, environment = freshness.root, freshness.store, freshness.environment
        self._ledger = ledger
        self._root = source
        self._store = store
        self._environment = environment
        self._progress = progress
        self._sources = SourceGuard(source)
        self._scheduler = Scheduler(lane_count(environment))
        self._memory = memory
        self._clocks: dict[str, frozenset[str]] = {}
        """By page, the names that were found to read a clock when it ran."""
        self._forkserver = forkserver
        self._replicates = freshness.replicates
        self._commit = commit(source)
        self._seeded = {} if hash_seed is None else {"PYTHONHASHSEED": str(hash_seed)}
        self._machine = machine(store.folder.parent, source)
        self._traces: dict[str, Traces] = {}

    async def all(self, plans: Sequence[Plan], expected: dict[str, float | None]) -> None:
        """Run the pages in lanes, the longest first; a cell that reads a clock has the machine to itself.

        A page that names others to run after begins when they have ended.
        """
        capacity = Capacity(self._environment, self._memory)
        scratch = self._store.folder.parent / "scratch"
        reproducible = any(plan.reproducible for plan in plans)
        may_fork = sys.platform == "linux" and self._environment.platform in ("cpu", "none")
        declared = {name for plan in plans for name in plan.environment}
        kernel_variables = {**variables(scratch, reproducible=reproducible, declared=declared), **self._seeded}
        right = {plan.page: asyncio.get_running_loop().create_future() for plan in plans}
        async with (
            Kernels(kernel_variables, may_fork=may_fork, started=self._forkserver) as kernels,
            asyncio.TaskGroup() as group,
        ):

            async def in_its_turn(plan: Plan) -> None:
                before = [page for page in plan.after if page in right]
                failed = [page for page in before if not await right[page]]
                async with capacity.page():
                    if before and self._root:
                        plan = renewed(plan, self._root)  # what they made is there now
                    self._progress.began(plan)
                    record = self._ledger.not_run(plan, failed[0]) if failed else await self._page(plan, kernels)
                    self._ledger.keep(plan, record, self._traces.pop(plan.page, Traces()))
                    self._progress.ended(plan, record)
                right[plan.page].set_result(not record.problems)

            for plan in sorted(plans, key=lambda plan: (measures(plan), -(expected[plan.page] or 1e9))):
                group.create_task(in_its_turn(plan))

    async def _page(self, plan: Plan, kernels: Kernels) -> PageRecord:
        record = await self._once(plan, kernels)
        runs = self._replicates if measures(plan) else 1
        clocks = self._clocks.get(plan.page, frozenset())
        again_plan = repeated(plan, clocks) if runs > 1 else plan
        for number in range(2, runs + 1):
            if record.problems:
                break
            again = await self._once(again_plan, kernels, apart=True)
            record = dataclasses.replace(
                record,
                problems=[
                    dataclasses.replace(fault, got=f"{fault.got} (in run {number} of {runs})")
                    for fault in again.problems
                ],
                replicates=[*record.replicates, replicate(again.executed, again.seconds, again.cells, again.live)],
            )
        if plan.reproducible and not record.problems:
            record = dataclasses.replace(record, problems=[*contradictions(plan, record, clocks)])
        return record

    async def _once(self, plan: Plan, kernels: Kernels, *, apart: bool = False) -> PageRecord:
        try:
            return await self._attempt(plan, kernels, apart=apart)
        except Unlike:
            return await self._attempt(plan, kernels, apart=True)

    async def _attempt(self, plan: Plan, kernels: Kernels, *, apart: bool) -> PageRecord:
        executed, began = datetime.now(UTC), time.perf_counter()
        moment = self._sources.now()
        execution: Execution | None = None
        problems: list[Problem] = []
        waited = 0.0
        alone = Alone(plan, self._clocks.get(plan.page, frozenset()))
        code = "\n".join(cell.source for cell in plan.cells)
        kernel: Kernel | None = None
        try:
            async with AsyncExitStack() as ended:
                async with self._scheduler.use(plan.page, "beside") as turn:
                    waited = turn.waited
                    folder, budget = plan.folder and Path(plan.folder), plan.budget.page or 600.0
                    starting = kernels.start(plan.kernel, folder or None, budget, code, apart=apart)
                    kernel = await ended.enter_async_context(starting)
                execution = Execution(plan, kernel, partial(self._progress.cell, plan), self._scheduler, alone)
                await execution.run()
                waited += execution.waited
        except UnknownKernel as error:
            problems.append(Problem("unknown-kernel", 1, None, f"a kernel named {plan.kernel}", str(error)))
        except KernelFailed as error:
            problems.append(Problem("no-kernel", 1, None, "a kernel that starts", str(error)))
        scrubber = self._scrubber(plan, kernel, execution)
        if alone.too_late and plan.page not in self._clocks:
            self._clocks[plan.page] = frozenset(alone.clocks)
            return await self._once(plan, kernels, apart=apart)
        if execution and not apart:
            self._traces[plan.page] = execution.traces
        if execution:
            problems += execution.problems
        cells = [self._scrubbed(cell, scrubber) for cell in execution.cells] if execution else []
        if plan.reproducible and (touched := self._sources.changes(moment)):
            expected = "a source tree that no page changes"
            problems.append(
                Problem("source-changed", 1, None, expected, f"changes while the page ran: {', '.join(touched)}")
            )
        return PageRecord(
            page=plan.page,
            key=self._environment.key(plan.digest(), plan.needs),
            environment=scrubber.data(dataclasses.asdict(self._environment)),
            executed=executed.isoformat(timespec="seconds"),
            seconds=time.perf_counter() - began - waited,
            cells=cells,
            live=[self._scrubbed_live(live, scrubber) for live in execution.live] if execution else [],
            problems=[changed(problem, scrubber.text) for problem in problems],
            language_info=execution.language_info if execution else {},
            widgets=scrubber.bundle(execution.widgets) if execution else {},
            commit=self._commit,
        )

    def _scrubber(self, plan: Plan, kernel: Kernel | None, execution: Execution | None) -> Scrubber:
        known = of_page(self._machine, plan, kernel, execution.interpreter if execution else None)
        named = execution.files if execution else {}
        return Scrubber(dataclasses.replace(known, cells={**known.cells, **named}))

    @staticmethod
    def _scrubbed(cell: CellRecord, scrubber: Scrubber) -> CellRecord:
        raised = cell.raised and CellError(cell.raised.name, scrubber.text(cell.raised.message))
        captured = scrubber.data(cell.captured)
        return dataclasses.replace(cell, outputs=scrubber.outputs(cell.outputs), raised=raised, captured=captured)

    @staticmethod
    def _scrubbed_live(live: LiveValue, scrubber: Scrubber) -> LiveValue:
        return dataclasses.replace(live, text=scrubber.text(live.text), data=scrubber.bundle(live.data))
