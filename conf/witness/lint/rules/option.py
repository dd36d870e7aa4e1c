"""Rules on the options of cells."""

from __future__ import annotations

import re
from collections.abc import Iterator

from witness.lint.page import Page
from witness.lint.rule import Finding, Rule
from witness.reading.cell_options import wanted
from witness.reading.known_names import CELL_SETTINGS, OURS, STOCK, instead, near

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
            if want := wanted(option, value):
                yield Finding(cell.option_line(option), f"`:{option}:` is {value!r}", mend=f"write {want}")


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
