"""Rules on the options of cells."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from witness.lint.page import Page
from witness.lint.rule import Finding, Rule
from witness.reading.known_names import CELL_SETTINGS, LENSES, OURS, STOCK, instead, near

STRAY = re.compile(r"\s*:(?P<key>[A-Za-z][\w-]*):(\s|$)")


def unreadable(page: Page) -> Iterator[Finding]:
    """Options that YAML cannot read, or that stand where they are code."""
    for cell in page.cells:
        if cell.problem:
            yield Finding(cell.problem[0], f"the cell's options cannot be read: {cell.problem[1]}")
        for offset, line in enumerate(cell.code.lines):
            if STRAY.match(line):
                yield Finding(cell.code.line + offset, f"`{line.strip()}` is read as code")
            elif line.strip():
                break


def unknown_options(page: Page) -> Iterator[Finding]:
    """Options nobody reads."""
    for cell in page.cells:
        for option in cell.options:
            if option not in OURS | STOCK:
                mend = instead(option, OURS | {"mystnb"})
                if near(option, CELL_SETTINGS, 0.9):
                    mend = f"write `:mystnb: {{{near(option, CELL_SETTINGS)}: …}}`"
                yield Finding(cell.option_line(option), f"unknown cell option `{option}`", mend=mend)
        settings = cell.options.get("mystnb")
        for key in settings if isinstance(settings, dict) else ():
            if key not in CELL_SETTINGS:
                fault = f"`mystnb` has no cell setting `{key}`"
                yield Finding(cell.option_line("mystnb"), fault, mend=instead(str(key), CELL_SETTINGS))


def values(page: Page) -> Iterator[Finding]:
    """Values of the wrong type."""
    for cell in page.cells:
        for option, value in cell.options.items():
            wanted = _wanted(option, value)
            if wanted:
                yield Finding(cell.option_line(option), f"`:{option}:` is {value!r}", mend=f"write {wanted}")


def _wanted(option: str, value: Any) -> str | None:
    """Return what an option's value should be, or None where it is that."""
    text = isinstance(value, str) and bool(value.strip())
    number = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1
    wanted = {
        "tags": ("a list, such as [hide-input]", isinstance(value, list) and all(isinstance(t, str) for t in value)),
        "load": ("the path of a file, from the page's folder", text),
        "raises": ("the qualified name of one class", text),
        "reason": ("a sentence", text),
        "check": ("`runs`, the only other kind of check there is", value == "runs"),
        "clock": ("`dispatch`, the only other thing to time there is", value == "dispatch"),
        "lens": (f"one of {', '.join(LENSES)}", value in LENSES),
        "rtol": ("a relative tolerance between 0 and 1, such as 1e-6", number or _is_tolerance(value)),
        "mystnb": ("settings, such as {number_source_lines: true}", isinstance(value, dict)),
    }
    want, right = wanted.get(option, ("", True))
    return None if right else want


def _is_tolerance(value: Any) -> bool:
    """YAML reads ``1e-6``, which has no point, as text."""
    return isinstance(value, str) and bool(re.fullmatch(r"\d+(\.\d*)?e-\d+", value)) and 0 < float(value) < 1


def loads(page: Page) -> Iterator[Finding]:
    """Files that a cell shows and runs."""
    for cell in page.cells:
        file = cell.loads(page.path)
        if file is None:
            continue
        name, line = cell.options["load"], cell.option_line("load")
        if not file.is_file():
            yield Finding(line, f"there is no file `{name}`", mend="write its path as seen from the page's folder")
        if "\n".join(cell.code.lines).strip():
            yield Finding(
                cell.code.line, f"this code is dropped: the cell shows and runs `{name}`", mend="empty the cell"
            )


RULES = (
    Rule(
        "cell-options",
        "A cell's options can be read, and follow its first line directly.",
        "write `:option: value` lines right below ```{code-cell}",
        unreadable,
        strict=False,
    ),
    Rule("unknown-option", "Every cell option is known.", "remove it", unknown_options, strict=False),
    Rule("option-value", "Every cell option has a value of its type.", "correct the value", values, strict=False),
    Rule(
        "load-file",
        "`:load:` names a file that exists, in a cell that is otherwise empty.",
        "correct the path",
        loads,
        strict=False,
    ),
)
