"""The record of a page that runs on this machine: of one run in a kernel, or of several, where it measures."""

from __future__ import annotations

import time
from contextlib import AsyncExitStack
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from witness.kernels.manager import Kernel, KernelFailed, Kernels, UnknownKernel
from witness.python.clocks import holds
from witness.reading.plan import Plan
from witness.reading.scripts import beside
from witness.records.page_record import CellError, PageRecord, Problem
from witness.records.replicate import replicate
from witness.records.scrub import Scrubber
from witness.runner.alone import Alone
from witness.runner.execution import Execution
from witness.runner.executor import Job, Ran, Watcher
from witness.runner.freshness import measures
from witness.runner.likeness import Unlike, imports_late, packages
from witness.runner.machine_names import machine, of_page
from witness.runner.problems import changed
from witness.runner.repeat import contradictions, repeated
from witness.runner.scheduler import Scheduler
from witness.runner.source_guard import SourceGuard
from witness.runner.traces import Traces


class Recorder:
    """Runs pages of one job, and returns what came of each."""

    def __init__(self, job: Job, kernels: Kernels, scheduler: Scheduler, watcher: Watcher) -> None:
        self._job = job
        self._kernels = kernels
        self._scheduler = scheduler
        self._watcher = watcher
        self._sources = SourceGuard(job.root)
        self._machine = machine(job.folder, job.root)
        self._clocks: dict[str, frozenset[str]] = {}
        """By page, the names that were found to read a clock when it ran."""
        self._late: set[str] = set()
        """Pages that run again because a clock was found after others had run beside the cell that reads it."""
        self._whole: set[str] = set()
        """Of these, those of which something runs on from cell to cell: they then have the machine to themselves."""
        self._unlike: set[str] = set()
        """Pages that saw that their kernel was a fork, or may see it where what they do cannot be done again."""

    async def page(self, plan: Plan) -> Ran:
        """Run a page as often as is wanted, until a run is wrong."""
        ran = await self._once(plan)
        record = ran.record
        clocks = self._clocks.get(plan.page, frozenset())
        runs = self._job.replicates if measures(plan, clocks) else 1
        again_plan = repeated(plan, clocks) if runs > 1 else plan
        for number in range(2, runs + 1):
            if record.problems:
                break
            again = (await self._once(again_plan, number)).record
            faults = [replace(fault, got=f"{fault.got} (in run {number} of {runs})") for fault in again.problems]
            other = replicate(again.executed, again.seconds, again.cells, again.live)
            record = replace(record, problems=faults, replicates=[*record.replicates, other])
        if plan.reproducible and not record.problems:
            record = replace(record, problems=[*contradictions(plan, record, clocks)])
        return replace(ran, record=record)

    async def _once(self, plan: Plan, number: int = 1) -> Ran:
        """Run a page, in a fork of another process for each number of a run; see `Kernels.start`."""
        if plan.page not in self._unlike:
            try:
                return await self._attempt(plan, number, fork=True)
            except Unlike:
                self._unlike.add(plan.page)
        return await self._attempt(plan, number, fork=False)

    async def _attempt(self, plan: Plan, number: int, *, fork: bool) -> Ran:
        executed, began = datetime.now(UTC), time.perf_counter()
        moment = self._sources.now()
        execution: Execution | None = None
        problems: list[Problem] = []
        waited = 0.0
        folder = Path(plan.folder) if plan.folder else None
        sources = [cell.source for cell in plan.cells if not cell.skip]
        helpers = [*beside(sources, folder)] if folder else []
        timed = any(map(holds, helpers))
        whole = timed or plan.page in self._whole
        alone = Alone(plan, self._clocks.get(plan.page, frozenset()), whole=whole)
        fork = fork and not (folder and (timed or imports_late(plan.cells)))
        code = "\n".join([*(cell.source for cell in plan.cells), *helpers])
        kernel: Kernel | None = None
        try:
            async with AsyncExitStack() as ended:
                async with self._scheduler.use(plan.page, "beside") as turn:
                    waited = turn.waited
                    budget = plan.budget.page or 600.0
                    starting = self._kernels.start(plan.kernel, folder, budget, code, fork=fork, parent=number)
                    kernel = await ended.enter_async_context(starting)
                watch = partial(self._watcher.cell, plan)
                awaited = packages([*sources, *helpers], folder) if folder else {}
                execution = Execution(plan, kernel, watch, self._scheduler, alone, awaited)
                await execution.run()
                waited += execution.left.waited
        except UnknownKernel as error:
            problems.append(Problem("unknown-kernel", 1, None, f"a kernel named {plan.kernel}", str(error)))
        except KernelFailed as error:
            problems.append(Problem("no-kernel", 1, None, "a kernel that starts", str(error)))
        scrubber = self._scrubber(plan, kernel, execution)
        self._clocks[plan.page] = frozenset(alone.clocks)
        wrote = bool(execution and folder and execution.traces.left(folder))
        if alone.too_late and plan.page not in self._late and not wrote:  # else its cells say what ran beside them
            self._late.add(plan.page)
            self._whole |= {plan.page} if alone.background else set()
            return await self._once(plan, number)
        if execution:
            problems += execution.problems
        if plan.reproducible and (touched := self._sources.changes(moment)):
            got = f"changes while the page ran: {', '.join(touched)}"
            problems.append(Problem("source-changed", 1, None, "a source tree that no page changes", got))
        record = PageRecord(
            page=plan.page,
            key=self._job.environment.key(plan.digest(), plan.needs),
            environment=asdict(self._job.environment),
            executed=executed.isoformat(timespec="seconds"),
            seconds=time.perf_counter() - began - waited,
            cells=execution.cells if execution else [],
            live=execution.live if execution else [],
            problems=problems,
            language_info=execution.language_info if execution else {},
            widgets=execution.widgets if execution else {},
            clocks=sorted(alone.clocks),
            commit=self._job.commit,
        )
        return Ran(_scrubbed(record, scrubber), execution.traces if execution else Traces())

    def _scrubber(self, plan: Plan, kernel: Kernel | None, execution: Execution | None) -> Scrubber:
        known = of_page(self._machine, plan, kernel, execution.interpreter if execution else None)
        named = execution.files if execution else {}
        return Scrubber(replace(known, cells={**known.cells, **named}))


def _scrubbed(record: PageRecord, scrubber: Scrubber) -> PageRecord:
    """Return a record without anything of this machine."""
    text, data, bundle = scrubber.text, scrubber.data, scrubber.bundle
    return replace(
        record,
        environment=data(record.environment),
        cells=[
            replace(
                cell,
                outputs=scrubber.outputs(cell.outputs),
                raised=cell.raised and CellError(cell.raised.name, text(cell.raised.message)),
                captured=data(cell.captured),
            )
            for cell in record.cells
        ],
        live=[replace(live, text=text(live.text), data=bundle(live.data)) for live in record.live],
        problems=[changed(problem, text) for problem in record.problems],
        widgets=bundle(record.widgets),
    )
