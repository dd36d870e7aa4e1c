"""A code cell as it stands on the page: options with their lines, and code with its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from myst_parser.parsers.directives import parse_directive_text

from witness.lint.block import Fence
from witness.lint.code import Code
from witness.reading.cell_options import OPTION, AnyOptions
from witness.reading.notebook import unreadable_options


@dataclass(frozen=True)
class LintedCell:
    """One executed code cell."""

    line: int
    """Line of its fence, from 1."""
    end: int
    """Last line of its fence."""
    options: Mapping[str, Any]
    option_lines: Mapping[str, int]
    code: Code
    problem: tuple[int, str] | None = None
    """Line and text of what made the options unreadable."""

    @property
    def tags(self) -> list[str]:
        """The tags, whatever shape they were given in."""
        tags = self.options.get("tags") or []
        return [str(tag) for tag in tags] if isinstance(tags, list) else str(tags).split()

    def option_line(self, option: str) -> int:
        """Return the line of an option."""
        return self.option_lines.get(option, self.line)

    def loads(self, page: Path) -> Path | None:
        """Return the file the cell shows and runs in place of a body."""
        name = self.options.get("load")
        return page.parent / name if isinstance(name, str) and name else None


def read_cell(fence: Fence) -> LintedCell:
    """Return the cell in a top-level ``{code-cell}`` fence, read as MyST-NB reads it."""
    result = parse_directive_text(AnyOptions, "", fence.content, line=fence.line, validate_options=False)
    body = fence.line + 1 + max(result.body_offset, 0)
    content = fence.content.splitlines()
    lines: dict[str, int] = {}
    for offset, text in enumerate(content[: max(result.body_offset, 0)]):
        found = OPTION.match(text)
        if found:
            lines.setdefault(found["key"].strip(" \"'"), fence.line + 1 + offset)
    problem = None
    if result.warnings:
        warning = result.warnings[0]
        said = warning.lineno or fence.line + 1, warning.msg
        problem = unreadable_options(content, fence.line) or said
    return LintedCell(
        line=fence.line,
        end=fence.end,
        options={str(key): value for key, value in result.options.items()},
        option_lines=lines,
        code=Code("\n".join(result.body), body),
        problem=problem,
    )
