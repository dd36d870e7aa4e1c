"""Rules on names that a loop takes over."""

from __future__ import annotations

from collections.abc import Iterator

from witness.lint.cell import LintedCell
from witness.lint.page import Page
from witness.lint.passage import InlineSpan
from witness.lint.rule import Finding, Rule
from witness.python.loop_names import LoopName, LoopNames


def in_prose(page: Page) -> Iterator[Finding]:
    """Live values of what a loop left."""
    for part, found in _read(page):
        if isinstance(part, InlineSpan):
            yield Finding(part.line, _fault(found), part.column)


def in_code(page: Page) -> Iterator[Finding]:
    """Cells that read what a loop left."""
    for part, found in _read(page):
        if isinstance(part, LintedCell):
            yield Finding(found.read, _fault(found))


def _read(page: Page) -> Iterator[tuple[LintedCell | InlineSpan, LoopName]]:
    """Yield what is read of what loops left, once for each cell or live value and name."""
    names = LoopNames()
    parts: list[LintedCell | InlineSpan] = [*page.cells, *page.lives]
    for part in sorted(parts, key=lambda part: part.line):
        tree = part.code.cell.executed if isinstance(part, LintedCell) else part.tree
        line = part.code.line if isinstance(part, LintedCell) else part.line
        if tree:
            found = {it.name: it for it in reversed(names.run(tree, line))}
            yield from ((part, it) for it in found.values())


def _fault(found: LoopName) -> str:
    return f"`{found.name}` is what the loop on line {found.loop} left of it, not what line {found.value} made it"


MEND = "give the names in the loop's head others, or bind the value below the loop"

RULES = (
    Rule(
        "live-after-loop",
        "A live value shows no name that a loop took over from a value.",
        MEND,
        in_prose,
        strict=False,
    ),
    Rule("read-after-loop", "A cell reads no name that a loop above took over from a value.", MEND, in_code),
)
