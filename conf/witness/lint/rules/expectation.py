"""Rules on what a cell is expected to do otherwise than run and be compared: raise, or be let off."""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Iterator

from witness.lint.page import Page
from witness.lint.rule import Finding, Rule
from witness.reading.known_names import near

BUILT_IN = {
    name for name, value in vars(builtins).items() if isinstance(value, type) and issubclass(value, BaseException)
}


def class_names(page: Page) -> Iterator[Finding]:
    """What ``:raises:`` names."""
    for cell in page.cells:
        name = cell.options.get("raises")
        if not isinstance(name, str) or not name.strip():
            continue
        parts = name.strip().split(".")
        if not all(part.isidentifier() and not keyword.iskeyword(part) for part in parts):
            yield Finding(cell.option_line("raises"), f"`{name}` is not the name of a class")
        elif len(parts) == 1 and name not in BUILT_IN:
            meant = near(name, BUILT_IN)
            mend = f"did you mean `{meant}`?" if meant else None
            yield Finding(cell.option_line("raises"), f"`{name}` is no built-in exception", mend=mend)


def unnamed_errors(page: Page) -> Iterator[Finding]:
    """Errors that are expected without a name."""
    for cell in page.cells:
        if "raises-exception" in cell.tags and "raises" not in cell.options:
            yield Finding(cell.option_line("tags"), "`raises-exception` expects an error and does not say which")


def reasons(page: Page) -> Iterator[Finding]:
    """Cells that opt out of something and do not say why."""
    for cell in page.cells:
        if "reason" in cell.options:
            continue
        if "check" in cell.options:
            yield Finding(cell.option_line("check"), f"`:check: {cell.options['check']}` leaves the output unchecked")
        if "clock" in cell.options:
            yield Finding(cell.option_line("clock"), f"`:clock: {cell.options['clock']}` times what is not awaited")
        if "skip-execution" in cell.tags:
            yield Finding(cell.option_line("tags"), "`skip-execution` leaves the cell without evidence")


def idle(page: Page) -> Iterator[Finding]:
    """Options that excuse or loosen a comparison that is not made otherwise either."""
    for cell in page.cells:
        excused = {"check", "clock"} & cell.options.keys() or "skip-execution" in cell.tags
        if "reason" in cell.options and not excused:
            mend = "remove it, or write `:check: runs` above it"
            yield Finding(cell.option_line("reason"), "`:reason:` excuses nothing: the cell is checked", mend=mend)
        if "rtol" in cell.options and cell.options.get("check") == "runs":
            yield Finding(cell.option_line("rtol"), "`:rtol:` loosens nothing: `:check: runs` compares no output")


RULES = (
    Rule(
        "raises-class",
        "`:raises:` holds a class's qualified name, or the bare name of a built-in exception.",
        "write a name such as `jax.errors.TracerBoolConversionError` or `ValueError`",
        class_names,
        strict=False,
    ),
    Rule(
        "unnamed-error",
        "An expected error is named.",
        "write `:raises: <class>` in its place",
        unnamed_errors,
    ),
    Rule(
        "missing-reason",
        "A cell that opts out of being checked or run says why.",
        "add `:reason:` and a sentence",
        reasons,
    ),
    Rule(
        "idle-option",
        "A cell's `:reason:` and `:rtol:` say something of how it is checked.",
        "remove it",
        idle,
    ),
)
