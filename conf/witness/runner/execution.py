"""The execution of one page: its cells in order, in one kernel, within its budgets."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import nbformat
from nbformat import NotebookNode

from witness.kernels.manager import Kernel
from witness.reading.plan import Cell, Plan
from witness.records.captured import FILES
from witness.records.page_record import CellError, CellRecord, LiveValue, Problem
from witness.runner import problems
from witness.runner.alone import Alone
from witness.runner.answers import NO_ANSWER, questions, values
from witness.runner.client import Client, Watch
from witness.runner.expressions import INTERPRETER, RAISED, SAME, TRACES, loads
from witness.runner.likeness import Likeness
from witness.runner.machine_names import Interpreter, cell_hash, cell_name
from witness.runner.problems import PageAborted
from witness.runner.scheduler import Scheduler, Turn, Use
from witness.runner.streams import merged
from witness.runner.traces import Traces

CAPTURE = Path(__file__).parent.parent / "capture"
PREAMBLE = (CAPTURE / "preamble.py").read_text("utf-8").replace('"{witness}"', repr(str(CAPTURE.parents[1])))
FIGURES = (CAPTURE / "figures.py").read_text("utf-8")
NOTING = (CAPTURE / "file_access.py").read_text("utf-8").replace("{witness}", str(CAPTURE.parents[1]))


class Execution:
    """Runs a plan's cells in a kernel and keeps what they did."""

    def __init__(self, plan: Plan, kernel: Kernel, watch: Watch, scheduler: Scheduler, alone: Alone) -> None:
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
        self.waited = 0.0
        """Seconds for which other pages had the machine."""
        self._deadline = time.monotonic() + plan.budget.page if plan.budget.page else None
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
                told = loads((await self._ask("", {"files": TRACES})).get("files", NO_ANSWER))
                self.traces = Traces.told(*told) if told else self.traces

    def _settle(self) -> None:
        """Take the outputs as they are in the end: what a cell displayed, a later one may have updated."""
        kept, self.cells = self.cells, []
        for record in kept:
            outputs = merged(self._notebook.cells[record.number - 1].outputs)
            if problem := problems.wrong_text(self._plan.cells[record.number - 1], outputs):
                self.problems.append(problem)
            else:
                self.cells.append(replace(record, outputs=outputs))

    @asynccontextmanager
    async def _turn(self, use: Use, holds_up: int = 0) -> AsyncIterator[Turn]:
        """Wait for the machine; no budget is for that."""
        async with self._scheduler.use(self._plan.page, use, holds_up) as turn:
            self.waited += turn.waited
            if self._deadline is not None:
                self._deadline += turn.waited
            yield turn

    async def _begin(self) -> None:
        if self._kernel.manager.ipykernel:
            code = PREAMBLE + (FIGURES if self._plan.reproducible else NOTING) + self._alone.question
            answer = (await self._ask(code, {"interpreter": INTERPRETER})).get("interpreter", NO_ANSWER)
            self.interpreter = Interpreter(*found) if (found := loads(answer)) else None
        else:
            self.language_info = await self._language()

    async def _language(self) -> dict[str, Any]:
        reply = await cast("Any", self._kernel.client.kernel_info(reply=True, timeout=self._budget()))
        return dict(reply["content"].get("language_info", {}))

    async def _cell(self, cell: Cell, turn: Turn) -> None:
        node = self._notebook.cells[cell.number - 1]
        if cell.watched and self._kernel.manager.ipykernel:
            await self._ask(f"get_ipython()._witness.look({cell.watched!r})", {})
        budget = self._budget()
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
            fault = self._ended(cell, error, budget)
            raise PageAborted(replace(fault, line=cell.place(self._line(cell, reversed(stack))))) from error
        seconds = time.perf_counter() - began
        if problem := problems.wrong_text(cell, merged(node.outputs)):
            raise PageAborted(problem)
        ended = self._client.reply.get("status") == "error"
        if not ended and not self._client.captured.get("errors"):
            self._keep(cell, node, turn, seconds, None)
            if cell.raises:
                self.problems.append(problems.problem(cell, "did-not-raise", cell.raises, "no error"))
            return
        raised = await self._raised(cell)
        self._keep(cell, node, turn, seconds, raised[-1][0])
        lines = [self._line(cell, calls) for calls in self._raising(len(raised))]
        faults = [
            problems.wrong_error(cell, error, same, node, line, ended=ended)
            for (error, same), line in zip(raised, lines, strict=True)
        ]
        self.problems += [fault for fault in faults if fault][:1]

    async def _raised(self, cell: Cell) -> list[tuple[CellError, bool]]:
        """Return class and message of each error of a cell, and whether it is exactly the one that the cell names.

        The last one ended the cell; or all were shown, and the cell went on.
        """
        wanted = cell.raises or "builtins.None"
        wanted = wanted if "." in wanted else f"builtins.{wanted}"
        answers = await self._ask("", {"class": RAISED, "same": SAME.format(wanted)})
        answers = {"class": NO_ANSWER, "same": NO_ANSWER, **answers}
        reply, told = self._client.reply, [str(error["message"]) for error in self._client.captured.get("errors", [])]
        names = loads(answers["class"]) or [str(reply.get("ename"))]
        same = loads(answers["same"]) or [False] * len(names)
        if not told or names[-1].rpartition(".")[2] == reply.get("ename"):  # one without a text is known by another
            told = [*told[:-1], str(reply.get("evalue", ""))]
        if cell.raises and answers["same"]["status"] == "error" and names[-1] != wanted:
            names[-1] += f" (and {cell.raises} cannot be found)"
        return [
            (CellError(name, text), bool(cell.raises) and (one or name == wanted))
            for name, text, one in zip(names, told, same, strict=True)
        ]

    def _raising(self, count: int) -> list[list[tuple[str, int]]]:
        """Return the file and line of each call that ended in an error, the innermost last, for each error."""
        frames = [error.get("frames", []) for error in self._client.captured.get("errors", [])]
        return [[(frame["file"], frame["line"]) for frame in those] for those in frames] or [[]] * count

    def _line(self, cell: Cell, calls: Iterable[tuple[str, int]]) -> int:
        """Return the line of a cell's code, from 1, that the innermost of these calls in it is on; 1 without any."""
        twins = range(cell_hash(cell), cell_hash(cell) + len(self._plan.cells))  # equal code has the next number
        lines = [line for file, line in calls if (stem := Path(file).stem).isdecimal() and int(stem) in twins]
        return max(1, min(lines[-1], cell.source.count("\n") + 1)) if lines else 1

    def _keep(self, cell: Cell, node: NotebookNode, turn: Turn, seconds: float, raised: CellError | None) -> None:
        captured = self._client.captured
        for file in captured.pop(FILES, ()):
            self.files.setdefault(file, cell_name(cell))  # what `%%capture` kept of a cell, another may show
        self.cells.append(
            CellRecord(
                number=cell.number,
                line=cell.line,
                source=cell.source,
                seconds=seconds,
                execution_count=node.execution_count,
                outputs=[],  # until the page ends
                raised=raised,
                captured=self._alone.told(cell, turn, captured, node.outputs),
            )
        )

    def _ended(self, cell: Cell, error: Exception, budget: float | None) -> Problem:
        """Name the fault behind an exception of the client."""
        if self._client.overflow:
            return problems.too_large(cell, self._plan.budget.output)
        if not problems.out_of_time(error):
            return problems.fault_of(cell, error, self._kernel.exit_reason())
        self._kernel.kill()
        page = self._plan.budget.page
        if self._deadline is not None and time.monotonic() >= self._deadline - 0.05:
            stopped = "it did not; it was stopped in this cell"
            return problems.problem(cell, "page-budget", f"the page to end within {page:g} s", stopped)
        return problems.problem(
            cell, "cell-budget", f"the cell to end within {budget:g} s", "it did not; it was stopped"
        )

    async def _values(self, after: int) -> None:
        wanted = [live for live in self._plan.live if live.after == after]
        if not wanted:
            return
        for found in values(wanted, await self._ask("", questions(wanted))):
            if isinstance(found, Problem):
                self.problems.append(found)
            else:
                self.live.append(found)

    async def _ask(self, code: str, expressions: dict[str, str]) -> dict[str, Any]:
        """Execute code silently and return the answers to expressions, or stop the page."""
        budget = self._budget()
        wanted = f"an answer within {budget:g} s" if budget else "an answer"
        alone = self.cells[-1].number if self.cells else None
        line = self.cells[-1].line if self.cells else 1
        reply = asyncio.ensure_future(
            cast(
                "Any",
                self._kernel.client.execute(
                    code, silent=True, store_history=False, user_expressions=expressions, reply=True, timeout=budget
                ),
            )
        )
        try:
            while not (await asyncio.wait([reply], timeout=1.0))[0]:
                if (reason := self._kernel.exit_reason()) != "alive":
                    raise PageAborted(Problem("kernel-died", line, alone, "a living kernel", f"a dead one: {reason}"))
            return cast("dict[str, Any]", reply.result()["content"].get("user_expressions", {}))
        except TimeoutError as error:
            self._kernel.kill()
            raise PageAborted(Problem("cell-budget", line, alone, wanted, "none; the kernel was stopped")) from error
        finally:
            reply.cancel()

    def _budget(self) -> float | None:
        """Return how long the next cell may take: its own budget or what is left of the page's."""
        left = None if self._deadline is None else max(0.05, self._deadline - time.monotonic())
        cell = self._plan.budget.cell
        return min((limit for limit in (left, cell) if limit is not None), default=None)
