"""The execution of one page: its cells in order, in one kernel, within its budgets."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import nbformat
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from witness.reading.plan import EVAL, Cell, Live, Plan
from witness.records.page import CellRecord, LiveValue, Problem, Raised
from witness.records.scrub import without_colour
from witness.records.values import NoLiveValue, text
from witness.runner.client import OUTPUT_CAP, PICTURE_CAP, Client, Watch
from witness.runner.expressions import RAISED, SAME, SCALAR, loads
from witness.runner.kernels import Kernel

KERNEL = Path(__file__).parent.parent / "kernel"
PREAMBLE = (KERNEL / "preamble.py").read_text("utf-8").replace('"{witness}"', repr(str(KERNEL.parents[1])))
FIGURES = (KERNEL / "figures.py").read_text("utf-8")

NO_ANSWER = {"status": "error", "ename": "no answer", "evalue": "the kernel evaluates no expressions"}
"""What stands for the answer of a kernel that is no Python."""


class Stop(Exception):
    """The page cannot go on; ``problem`` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.got)
        self.problem = problem


class Execution:
    """Runs a plan's cells in a kernel and keeps what they did."""

    def __init__(self, plan: Plan, kernel: Kernel, watch: Watch) -> None:
        self.cells: list[CellRecord] = []
        self.live: list[LiveValue] = []
        self.problems: list[Problem] = []
        self.language_info: dict[str, Any] = {}
        """What the kernel says of its language; Python is not asked."""
        self._plan = plan
        self._kernel = kernel
        self._watch = watch
        self._deadline = time.monotonic() + plan.budget.page if plan.budget.page else None
        self._notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source=cell.source) for cell in plan.cells]
        )
        self._client = Client(self._notebook, kernel, watch)

    @property
    def widgets(self) -> dict[str, Any]:
        """Return the widget state that outputs refer to."""
        self._client.set_widgets_metadata()
        return cast("dict[str, Any]", self._notebook.metadata.get("widgets", {}))

    async def run(self) -> None:
        """Run every cell and evaluate every live value, up to the first fault that ends the page."""
        try:
            if self._kernel.manager.ipykernel:
                await self._ask(PREAMBLE + (FIGURES if self._plan.strict else ""), {})
            else:
                self.language_info = await self._language()
            await self._values(0)
            for cell in self._plan.cells:
                if not cell.skip and cell.source.strip():
                    await self._cell(cell)
                await self._values(cell.number)
        except Stop as stop:
            self.problems.append(stop.problem)

    async def _language(self) -> dict[str, Any]:
        reply = await cast("Any", self._kernel.client.kernel_info(reply=True, timeout=self._budget()))
        return dict(reply["content"].get("language_info", {}))

    async def _cell(self, cell: Cell) -> None:
        node = self._notebook.cells[cell.number - 1]
        budget = self._budget()
        self._watch(cell.number, "")
        self._client.start(budget)
        began = time.perf_counter()
        try:
            await self._client.async_execute_cell(node, cell.number - 1)
        except Exception as error:
            if (task := asyncio.current_task()) and task.cancelling():
                raise asyncio.CancelledError from error  # nbclient takes a cancelled page for a dead kernel
            self._keep(cell, node, time.perf_counter() - began, None)
            raise Stop(self._ended(cell, error, budget)) from error
        seconds = time.perf_counter() - began
        self._check_text(cell, node)
        if self._client.reply.get("status") != "error":
            self._keep(cell, node, seconds, None)
            if cell.raises:
                self.problems.append(self._problem(cell, "did-not-raise", cell.raises, "no error"))
            return
        raised, same = await self._raised(cell)
        self._keep(cell, node, seconds, raised)
        self._judge(cell, raised, same, node)

    def _judge(self, cell: Cell, raised: Raised, same: bool, node: NotebookNode) -> None:
        """Decide whether an error is what the page says it is."""
        if same or cell.may_raise:
            return
        got = f"{raised.name.removeprefix('builtins.')}: {first_line(raised.message)}"
        detail = without_colour("\n".join(line for output in node.outputs for line in output.get("traceback", [])[-3:]))
        if cell.raises is None:
            raise Stop(self._problem(cell, "unexpected-error", "no error", got, detail))
        syntax = raised.name.rpartition(".")[2].lstrip("_") in (
            "SyntaxError",
            "IndentationError",
            "TabError",
            "IncompleteInputError",
        )
        rule = "does-not-parse" if syntax else "wrong-class"
        self.problems.append(self._problem(cell, rule, cell.raises, got, detail))

    async def _raised(self, cell: Cell) -> tuple[Raised, bool]:
        """Return the class and message of the error that ended a cell, and whether it is exactly the one it names."""
        wanted = cell.raises or "builtins.None"
        wanted = wanted if "." in wanted else f"builtins.{wanted}"
        answers = await self._ask("", {"class": RAISED, "same": SAME.format(wanted)})
        answers = {"class": NO_ANSWER, "same": NO_ANSWER, **answers}
        name = loads(answers["class"]) or str(self._client.reply["ename"])
        if cell.raises and answers["same"]["status"] == "error" and name != wanted:
            name = f"{name} (and {cell.raises} cannot be found)"
        message = str(self._client.reply.get("evalue", ""))
        return Raised(str(name), message), bool(cell.raises) and (loads(answers["same"]) is True or name == wanted)

    def _keep(self, cell: Cell, node: NotebookNode, seconds: float, raised: Raised | None) -> None:
        self.cells.append(
            CellRecord(
                number=cell.number,
                line=cell.line,
                source=cell.source,
                seconds=seconds,
                execution_count=node.execution_count,
                outputs=[json.loads(json.dumps(output)) for output in node.outputs],
                raised=raised,
                captured=self._client.captured,
            )
        )

    def _check_text(self, cell: Cell, node: NotebookNode) -> None:
        """Stop at output that is no text: a lone surrogate, or bytes that were not UTF-8."""
        for output in node.outputs:
            for part in texts(output):
                lost = output.output_type == "stream" and "\N{REPLACEMENT CHARACTER}" in part
                if lost or any("\ud800" <= character <= "\udfff" for character in part):
                    line = next(line for line in part.splitlines() if not line.isascii())
                    got = f"text that is not: {line[:80]!a}"
                    raise Stop(self._problem(cell, "invalid-text", "output in UTF-8", got))

    def _ended(self, cell: Cell, error: Exception, budget: float | None) -> Problem:
        """Name the fault behind an exception of the client."""
        if self._client.overflow is not None:
            expected = f"at most {OUTPUT_CAP // 1_000_000} MB of output ({PICTURE_CAP // 1_000_000} MB of pictures)"
            return self._problem(cell, "output-too-large", expected, "more; the cell was stopped")
        if isinstance(error, CellTimeoutError) and "IOPub" not in str(error):
            self._kernel.kill()
            page = self._plan.budget.page
            if self._deadline is not None and time.monotonic() >= self._deadline - 0.05:
                return self._problem(
                    cell, "page-budget", f"the page to end within {page:g} s", "it did not; it was stopped in this cell"
                )
            return self._problem(
                cell, "cell-budget", f"the cell to end within {budget:g} s", "it did not; it was stopped"
            )
        if isinstance(error, DeadKernelError):
            return self._problem(cell, "kernel-died", "a living kernel", f"a dead one: {self._kernel.fate()}")
        if isinstance(error, UnicodeError):
            return self._problem(cell, "invalid-text", "output in UTF-8", f"text that is not ({error})")
        return self._problem(cell, "no-answer", "an answer of the kernel", f"{type(error).__name__}: {error}")

    async def _values(self, after: int) -> None:
        wanted = [live for live in self._plan.live if live.after == after]
        if not wanted:
            return
        asked = {
            str(i): live.expression if live.format == EVAL else SCALAR.format(live.expression)
            for i, live in enumerate(wanted)
        }
        answers = await self._ask("", asked)
        for i, live in enumerate(wanted):
            self._value(live, answers.get(str(i), NO_ANSWER))

    def _value(self, live: Live, answer: dict[str, Any]) -> None:
        try:
            if answer["status"] == "error":
                raise NoLiveValue(f"{answer['ename']}: {first_line(answer['evalue'])}")
            if live.format == EVAL:
                self.live.append(
                    LiveValue(
                        live.expression,
                        EVAL,
                        live.line,
                        "",
                        live.after,
                        data=answer["data"],
                        metadata=answer.get("metadata", {}),
                    )
                )
                return
            kind, value = loads(answer)
            shown = text(value, kind, live.format)
        except NoLiveValue as error:
            role = EVAL if live.format == EVAL else "{live}"
            expected = f"a value for {role}`{live.expression}`"
            self.problems.append(Problem("live-value", live.line, None, expected, str(error)))
            return
        kind = "truth" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"
        self.live.append(LiveValue(live.expression, live.format, live.line, shown, live.after, kind))

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
                if self._kernel.fate() != "alive":
                    raise Stop(
                        Problem("kernel-died", line, alone, "a living kernel", f"a dead one: {self._kernel.fate()}")
                    )
            return cast("dict[str, Any]", reply.result()["content"].get("user_expressions", {}))
        except TimeoutError as error:
            self._kernel.kill()
            raise Stop(Problem("cell-budget", line, alone, wanted, "none; the kernel was stopped")) from error
        finally:
            reply.cancel()

    def _budget(self) -> float | None:
        """Return how long the next cell may take: its own budget or what is left of the page's."""
        left = None if self._deadline is None else max(0.05, self._deadline - time.monotonic())
        cell = self._plan.budget.cell
        return min((limit for limit in (left, cell) if limit is not None), default=None)

    def _problem(self, cell: Cell, rule: str, expected: str, got: str, detail: str = "") -> Problem:
        return Problem(rule, cell.line, cell.number, expected, got, detail)


def changed(problem: Problem, change: Callable[[str], str]) -> Problem:
    """Return a problem with its texts changed: scrubbed, say."""
    return replace(problem, expected=change(problem.expected), got=change(problem.got), detail=change(problem.detail))


def texts(output: Any) -> list[str]:
    """Return every text within an output."""
    if isinstance(output, str):
        return [output]
    parts = output.values() if isinstance(output, dict) else output if isinstance(output, list) else []
    return [text for part in parts for text in texts(part)]


def first_line(message: str) -> str:
    """Return the first line of a message, or an empty text."""
    return message.strip().split("\n", 1)[0]
