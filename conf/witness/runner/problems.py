"""What is wrong with what a cell did, if anything: each fault by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from witness.reading.plan import Cell
from witness.records.page_record import CellError, Problem
from witness.records.scrub import without_colour
from witness.runner.client import PICTURES
from witness.runner.streams import LONE

SYNTAX = ("SyntaxError", "IndentationError", "TabError", "IncompleteInputError")


class PageAborted(Exception):
    """The page cannot go on; ``problem`` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.got)
        self.problem = problem


def problem(cell: Cell, rule: str, expected: str, got: str, detail: str = "") -> Problem:
    """Return a fault of a cell."""
    return Problem(rule, cell.line, cell.number, expected, got, detail)


def changed(problem: Problem, change: Callable[[str], str]) -> Problem:
    """Return a problem with its texts changed: scrubbed, say."""
    return replace(problem, expected=change(problem.expected), got=change(problem.got), detail=change(problem.detail))


def wrong_error(
    cell: Cell, raised: CellError, same: bool, node: NotebookNode, line: int, *, ended: bool
) -> Problem | None:
    """Return what is wrong with an error of a cell; ``same``: it is of exactly the class that the cell names.

    It ended the cell, or it was shown and the cell went on; ``line`` is that of the cell's code which raised it. Raises
    PageAborted where the cell was to raise none.
    """
    if same or cell.may_raise:
        return None
    got = f"{raised.name.removeprefix('builtins.')}: {first_line(raised.message)}"
    if not ended:
        got += " (it was shown, and the cell went on)"
    detail = without_colour("\n".join(line for output in node.outputs for line in output.get("traceback", [])[-3:]))
    if cell.raises is None:
        raise PageAborted(replace(problem(cell, "unexpected-error", "no error", got, detail), line=cell.place(line)))
    syntax = raised.name.rpartition(".")[2].lstrip("_") in SYNTAX
    rule = "does-not-parse" if syntax else "wrong-class"
    return replace(problem(cell, rule, cell.raises, got, detail), line=cell.place(line))


def wrong_text(cell: Cell, outputs: Iterable[Mapping[str, Any]]) -> Problem | None:
    """Return where a cell's output is no text: a lone surrogate, or bytes that were not UTF-8."""
    for output in outputs:
        for part in texts(output):
            if LONE.search(part):
                line = next(line for line in part.splitlines() if LONE.search(line))
                return problem(cell, "invalid-text", "output in UTF-8", f"text that is not: {line[:80]!a}")
    return None


def out_of_time(error: Exception) -> bool:
    """Return whether a cell took longer than its budget: not that its output did not come."""
    return isinstance(error, CellTimeoutError) and "IOPub" not in str(error)


def over_budget(cell: Cell, limit: float | None, *, page: bool) -> Problem:
    """Return that a cell was stopped, for its budget of so many seconds or that of its page had run out."""
    what, where = ("page", " in this cell") if page else ("cell", "")
    return problem(
        cell, f"{what}-budget", f"the {what} to end within {limit:g} s", f"it did not; it was stopped{where}"
    )


def fault_of(cell: Cell, error: Exception, exit_reason: str) -> Problem:
    """Return the fault behind an exception of the client that is about no budget; the kernel had this exit_reason."""
    if isinstance(error, DeadKernelError):
        return problem(cell, "kernel-died", "a living kernel", f"a dead one: {exit_reason}")
    if isinstance(error, UnicodeError):
        return problem(cell, "invalid-text", "output in UTF-8", f"text that is not ({error})")
    return problem(cell, "no-answer", "an answer of the kernel", f"{type(error).__name__}: {error}")


def too_large(cell: Cell, limit: float) -> Problem:
    """Return that a cell's output was over the limit: so many MB."""
    expected = f"at most {limit:g} MB of output ({PICTURES * limit:g} MB of pictures)"
    more = f"`witness_output_limit = {10 * limit:g}` in conf.py, or `witness: {{output_limit: {10 * limit:g}}}` in the"
    allowed = f"{more} head of the page, allows ten times as much"
    return problem(cell, "output-too-large", expected, "more; the cell was stopped", allowed)


def texts(output: Any) -> list[str]:
    """Return every text within an output."""
    if isinstance(output, str):
        return [output]
    parts = output.values() if isinstance(output, dict) else output if isinstance(output, list) else []
    return [text for part in parts for text in texts(part)]


def first_line(message: str) -> str:
    """Return the first line of a message, or an empty text."""
    return message.strip().split("\n", 1)[0]
