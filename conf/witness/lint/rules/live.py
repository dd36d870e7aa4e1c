"""Rules on live values in prose."""

from __future__ import annotations

import re
from collections.abc import Iterator

from witness.lint.page import Page
from witness.lint.passage import InlineSpan
from witness.lint.rule import Finding, Rule
from witness.reading.known_names import near
from witness.records.values import UNITS, NoLiveValue, known, split

LIKE_LIVE = re.compile(r"\{\s*live\s*\}", re.IGNORECASE)


def syntax(page: Page) -> Iterator[Finding]:
    """Roles that are no live value."""
    for passage in page.passages:
        for found in LIKE_LIVE.finditer(passage.no_code):
            line, column = passage.place(found.start())
            yield Finding(line, f"`{found[0]}` without an expression between backticks right after it", column)
    for live in page.lives:
        fault = _fault(live)
        if fault:
            yield Finding(live.line, fault, live.column)


def _fault(live: InlineSpan) -> str | None:
    if not live.text.strip():
        return "a live value without an expression"
    if live.ticks != 1 or "\n" in live.text:
        return "a live value stands on one line between single backticks"
    try:
        split(live.text)
    except NoLiveValue as error:
        return str(error)
    return None


def formats(page: Page) -> Iterator[Finding]:
    """Formats that no number and no text can be shown in."""
    for live in page.lives:
        if _fault(live):
            continue
        form = split(live.text)[1]
        if form and not known(form) and not any(_formats(value, form) for value in (1, 1.5, "text")):
            meant = near(form, UNITS, 0.6)
            mend = f"did you mean `{meant}`?" if meant else None
            yield Finding(live.line, f"unknown format `{form}`", live.column, mend)


def _formats(value: float | str, form: str) -> bool:
    try:
        format(value, form)
    except (ValueError, OverflowError, MemoryError):
        return False
    return True


def early(page: Page) -> Iterator[Finding]:
    """Values of names that no cell has bound yet."""
    first = page.cells[0].line if page.cells else len(page.lines) + 1
    later = [range(fence.line, fence.end + 1) for fence in page.fences if fence.directive == "predict"]
    for live in page.lives:
        if live.line < first and not any(live.line in lines for lines in later):
            yield Finding(live.line, f"no code cell stands above the live value `{live.text}`", live.column)


RULES = (
    Rule(
        "live-syntax",
        "A live value is a Python expression between single backticks.",
        "write {live}`expression` or {live}`expression:format`",
        syntax,
        strict=False,
    ),
    Rule(
        "live-format",
        "A live value's format is known.",
        f"write {', '.join(UNITS)} or a Python format such as `.2f`",
        formats,
        strict=False,
    ),
    Rule(
        "live-before-cell",
        "A live value stands below the first code cell.",
        "move the sentence below the cell that binds its names",
        early,
        strict=False,
    ),
)
