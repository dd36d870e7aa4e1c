"""Rules on the shape of a page: short cells, plain JAX, and the ending that a reader expects."""

from __future__ import annotations

import re
from collections.abc import Iterator

from witness.lint.page import Page
from witness.lint.rule import Finding, Rule

LONGEST_CELL = 20
"""Lines of code, blank ones counted."""
LONGEST_LINE = 88
"""Columns."""
WITNESS = re.compile(
    r"^\s*(?:from\s+witness\b|import\s+(?:[\w.]+(?:\s+as\s+\w+)?\s*,\s*)*witness\b|%(?:re)?load_ext\s+witness\b"
    r"|.*\b(?:import_module|__import__)\(\s*[\"']witness\b)"
)


def long_cells(page: Page) -> Iterator[Finding]:
    """Cells that hold more than one idea."""
    for cell in page.cells:
        count = len(cell.code.lines)
        if count > LONGEST_CELL and not cell.options.get("load"):
            yield Finding(cell.line, f"the cell has {count} lines, more than {LONGEST_CELL}")


def long_lines(page: Page) -> Iterator[Finding]:
    """Lines of code that need scrolling."""
    for cell in page.cells:
        for number, line in enumerate(cell.code.lines, start=cell.code.line):
            if len(line) > LONGEST_LINE:
                fault = f"the line of code has {len(line)} columns, more than {LONGEST_LINE}"
                yield Finding(number, fault, LONGEST_LINE + 1)


def imports(page: Page) -> Iterator[Finding]:
    """Cells that need this project to run."""
    for cell in page.cells:
        for number, line in enumerate(cell.code.lines, start=cell.code.line):
            if WITNESS.match(line):
                yield Finding(number, "the page imports `witness`, which no reader has")


def ending(page: Page) -> Iterator[Finding]:
    """Chapters without a takeaway, an exercise, or an executed solution."""
    if not page.cells or page.path.stem == "index":
        return
    starts = {name: _lines(page, name) for name in ("exercise-start", "exercise", "solution-start", "solution-end")}
    pairs = zip(starts["solution-start"], starts["solution-end"], strict=False)
    solved = any(start < cell.line < end for start, end in pairs for cell in page.cells)
    parts = {
        "a `## Takeaway`": any(h.level == 2 and h.text.strip() == "Takeaway" for h in page.headings),
        "an exercise": bool(starts["exercise-start"] or starts["exercise"]),
        "a solution with a code cell": solved,
    }
    for part, there in parts.items():
        if not there:
            yield Finding(_last(page), f"the page ends without {part}")


def _lines(page: Page, directive: str) -> list[int]:
    return [fence.line for fence in page.fences if fence.directive == directive]


def _last(page: Page) -> int:
    return max((number for number, line in enumerate(page.lines, start=1) if line.strip()), default=1)


RULES = (
    Rule("long-cell", f"A cell has {LONGEST_CELL} lines at most.", "divide it: one idea a cell", long_cells),
    Rule("long-line", f"A line of code has {LONGEST_LINE} columns at most.", "break it", long_lines),
    Rule("imports-witness", "No cell imports `witness`.", "write plain JAX", imports),
    Rule(
        "missing-ending",
        "A page with cells ends with a takeaway and an exercise with an executed solution.",
        "end it with an admonition `takeaway`, an `exercise` and its `solution`",
        ending,
    ),
)
