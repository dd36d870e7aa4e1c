"""The execution of one page: its cells in order, in one kernel, within its budgets."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import nbformat
from nbformat import NotebookNode

from witness.kernels.manager import Kernel
from witness.reading.plan import Cell, Plan
from witness.records.kinds import BACKGROUND, ERRORS, FILES
from witness.records.page_record import CellError, CellRecord, LiveValue, Problem
from witness.runner import problems
from witness.runner.alone import Alone
from witness.runner.answers import questions, values
from witness.runner.client import Client, Watch
from witness.runner.expressions import INTERPRETER, TRACES
from witness.runner.inquiry import Inquiry
from witness.runner.likeness import Likeness
from witness.runner.machine_names import Interpreter, cell_line, cell_name
from witness.runner.problems import PageAborted
from witness.runner.scheduler import Scheduler, Turn, Use
from witness.runner.streams import ESCAPE, merged
from witness.runner.time_left import TimeLeft
from witness.runner.traces import Traces

CAPTURE = Path(__file__).parent.parent / "capture"
PREAMBLE = (CAPTURE / "preamble.py").read_text("utf-8").replace('"{witness}"', repr(str(CAPTURE.parents[1])))
FIGURES = (CAPTURE / "figures.py").read_text("utf-8")
NOTING = (CAPTURE / "file_access.py").read_text("utf-8").replace("{witness}", str(CAPTURE.parents[1]))


class Execution:
    """Runs a plan's cells in a kernel and keeps what they did."""

    def __init__(
        self,
        plan: Plan,
        kernel: Kernel,
        watch: Watch,
        scheduler: Scheduler,
        alone: Alone,
        awaited: Mapping[str, Sequence[str]],
    ) -> None:
        """Begin with a kernel that is ready; ``awaited`` are the packages that the page imports: see `likeness`."""
        self.cells: list[CellRecord] = []
        self.live: list[LiveValue] = []
        self.problems: list[Problem] = []
        self.language_info: dict[str, Any] = {}
        """What the kernel says of its language; Python is not asked."""
        self.interpreter: Interpreter | None = None
        """Of the kernel, where it is a Python."""
        self.files: dict[str, str] = {}
        """Files of cells that the code of a cell alone does not tell, and the names of these cells."""
        self.traces = Traces()
        """What a page of another's site was seen to do to files and ports."""
        self._plan = plan
        self._kernel = kernel
        self._likeness = Likeness(kernel.notes, plan.cells)
        self._watch = watch
        self._scheduler = scheduler
        self._alone = alone
        self._awaited = awaited
        self.left = TimeLeft(plan.budget)
        self._inquiry = Inquiry(kernel, self.left)
        self._undecoded = ESCAPE if plan.reproducible else "replace"
        self._notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source=cell.source) for cell in plan.cells]
        )
        self._client = Client(self._notebook, kernel, watch, plan.budget.output)

    @property
    def widgets(self) -> dict[str, Any]:
        """Return the widget state that outputs refer to."""
        self._client.set_widgets_metadata()
        return cast("dict[str, Any]", self._notebook.metadata.get("widgets", {}))

    async def run(self) -> None:
        """Run every cell and evaluate every live value, up to the first fault that ends the page.

        Raises Unlike when the page must run again, in a kernel that is no fork.
        """
        try:
            async with self._turn("beside"):
                await self._begin()
                await self._values(0)
            async with AsyncExitStack() as had:
                kept = False
                for cell in self._plan.cells:
                    if not kept:
                        turn = await had.enter_async_context(self._turn(*self._alone.use(cell)))
                    if not cell.skip and cell.source.strip():
                        await self._cell(cell, turn)
                    await self._values(cell.number)
                    self._likeness.check(cell.number)
                    kept = self._alone.holds(cell)
                    if not kept:
                        await had.aclose()
        except PageAborted as stop:
            self._likeness.check(self.cells[-1].number if self.cells else 0)
            self.problems.append(stop.problem)
        finally:
            self._settle()
        if self._kernel.manager.ipykernel and not self._plan.reproducible and self._kernel.exit_reason() == "alive":
            with suppress(PageAborted):
                told = await self._inquiry.value(TRACES)
                self.traces = Traces.told(*told) if told else self.traces

    def _settle(self) -> None:
        """Take the outputs as they are in the end: what a cell displayed, a later one may have updated."""
        kept, self.cells = self.cells, []
        for record in kept:
            outputs = merged(self._notebook.cells[record.number - 1].outputs, self._undecoded)
            if problem := problems.wrong_text(self._plan.cells[record.number - 1], outputs):
                self.problems.append(problem)
            else:
                self.cells.append(replace(record, outputs=outputs))

    @asynccontextmanager
    async def _turn(self, use: Use, holds_up: int = 0) -> AsyncIterator[Turn]:
        """Wait for the machine; no budget is for that."""
        async with self._scheduler.use(self._plan.page, use, holds_up) as turn:
            self.left.waited += turn.waited
            yield turn

    async def _begin(self) -> None:
        if self._kernel.manager.ipykernel:
            noting = f"{NOTING}\n_witness_noting({self._awaited!r})\ndel _witness_noting\n"
            code = PREAMBLE + (FIGURES if self._plan.reproducible else noting) + self._alone.question
            code += f"get_ipython()._witness.look({BACKGROUND.name!r})\n"
            found = await self._inquiry.value(INTERPRETER, code)
            self.interpreter = Interpreter(*found) if found else None
        else:
            self.language_info = await self._inquiry.language()

    async def _cell(self, cell: Cell, turn: Turn) -> None:
        node = self._notebook.cells[cell.number - 1]
        if cell.watched and self._kernel.manager.ipykernel:
            await self._inquiry.ask(f"get_ipython()._witness.look({cell.watched!r})", {})
        budget = self.left.next
        self._watch(cell.number, "")
        self._client.start(budget)
        began = time.perf_counter()
        try:
            await self._client.async_execute_cell(node, cell.number - 1)
        except Exception as error:
            if (task := asyncio.current_task()) and task.cancelling():
                raise asyncio.CancelledError from error  # nbclient takes a cancelled page for a dead kernel
            self._keep(cell, node, turn, time.perf_counter() - began, None)
            stack = await self._kernel.stack() if problems.out_of_time(error) and not self._client.overflow else []
            line = cell_line(cell, reversed(stack), self._plan)
            raise PageAborted(replace(self._ended(cell, error, budget), line=cell.place(line))) from error
        seconds = time.perf_counter() - began
        if problem := problems.wrong_text(cell, merged(node.outputs, self._undecoded)):
            raise PageAborted(problem)
        ended, errors = self._client.reply.get("status") == "error", ERRORS.of(self._client.captured)
        if not ended and not errors:
            self._keep(cell, node, turn, seconds, None)
            if cell.raises:
                self.problems.append(problems.problem(cell, "did-not-raise", cell.raises, "no error"))
            return
        raised = await self._inquiry.raised(cell, self._client.reply, errors)
        self._keep(cell, node, turn, seconds, raised[-1][0])
        frames = [error.frames for error in errors] or [[]] * len(raised)
        calls = [[(frame.file, frame.line) for frame in those] for those in frames]
        faults = [
            problems.wrong_error(cell, error, same, node, cell_line(cell, those, self._plan), ended=ended)
            for (error, same), those in zip(raised, calls, strict=True)
        ]
        self.problems += [fault for fault in faults if fault][:1]

    def _keep(self, cell: Cell, node: NotebookNode, turn: Turn, seconds: float, raised: CellError | None) -> None:
        captured = self._client.captured
        for file in captured.pop(FILES.name, ()):
            self.files.setdefault(file, cell_name(cell))  # what `%%capture` kept of a cell, another may show
        self._inquiry.after = CellRecord(
            number=cell.number,
            line=cell.line,
            source=cell.source,
            seconds=seconds,
            execution_count=node.execution_count,
            outputs=[],  # until the page ends
            raised=raised,
            captured=self._alone.told(cell, turn, captured, node.outputs),
        )
        self.cells.append(self._inquiry.after)

    def _ended(self, cell: Cell, error: Exception, budget: float | None) -> Problem:
        """Name the fault behind an exception of the client."""
        if self._client.overflow:
            return problems.too_large(cell, self._plan.budget.output)
        if not problems.out_of_time(error):
            return problems.fault_of(cell, error, self._kernel.exit_reason())
        self._kernel.kill()
        return problems.over_budget(cell, self._plan.budget.page if self.left.over else budget, page=self.left.over)

    async def _values(self, after: int) -> None:
        wanted = [live for live in self._plan.live if live.after == after]
        if not wanted:
            return
        for found in values(wanted, await self._inquiry.ask("", questions(wanted))):
            if isinstance(found, Problem):
                self.problems.append(found)
            else:
                self.live.append(found)
