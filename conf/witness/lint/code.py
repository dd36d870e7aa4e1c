"""The code of a cell: its comments, its strings and its asserts, with their lines."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from witness.python.cell import CellCode, parse

STRINGS = {tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}


@dataclass(frozen=True)
class Remark:
    """A piece of a cell that Python does not compute with: a comment or a string."""

    kind: Literal["comment", "string"]
    text: str
    """Without the ``#`` of a comment."""
    line: int
    """Line on the page, from 1."""
    column: int
    """From 1."""

    def place(self, offset: int) -> tuple[int, int | None]:
        """Return line and column on the page, from 1, of an offset in the text; the column on the first line only."""
        above = self.text.count("\n", 0, offset)
        return self.line + above, None if above else self.column + offset + (self.kind == "comment")


@dataclass(frozen=True)
class Code:
    """Source text that begins on a known line of a page."""

    source: str
    line: int
    """Line of the first line of code, from 1."""

    @property
    def lines(self) -> list[str]:
        """The lines of code, without blank ones at the end."""
        return self.source.rstrip().splitlines()

    @cached_property
    def cell(self) -> CellCode:
        """The code, parsed."""
        return parse(self.source)

    @property
    def tree(self) -> ast.Module | None:
        """The code, with IPython's own lines as calls; None where it is no Python."""
        return self.cell.tree if self.cell.is_python else None

    @cached_property
    def remarks(self) -> tuple[Remark, ...]:
        """Comments and strings, as far as the code can be read.

        What an ``assert`` compares with is left out: the build proves it.
        """
        return tuple(self._remarks()) if self.cell.is_python else ()

    def _remarks(self) -> Iterator[Remark]:
        checked = self._checked()
        try:
            for token in tokenize.generate_tokens(io.StringIO(self.cell.text).readline):
                row, column = token.start
                if row in self.cell.own:
                    continue
                if token.type == tokenize.COMMENT:
                    yield Remark("comment", token.string[1:], self.line + row - 1, column + 1)
                elif token.type in STRINGS and not any(start <= token.start < end for start, end in checked):
                    yield Remark("string", token.string, self.line + row - 1, column + 1)
        except (tokenize.TokenError, SyntaxError):
            return  # the kernel will name the place better

    def _checked(self) -> list[tuple[tuple[int, int], tuple[int, int]]]:
        """Return the places, from line 1 of the code and column 0, of what is asserted."""
        tests = [node.test for node in ast.walk(self.tree) if isinstance(node, ast.Assert)] if self.tree else []
        return [((t.lineno, t.col_offset), (t.end_lineno or t.lineno, t.end_col_offset or 0)) for t in tests]

    def asserts(self) -> list[str]:
        """Return the source of each ``assert``, or of each line that begins with one where the cell is no Python."""
        if not self.tree:
            return [line for line in self.cell.text.splitlines() if re.match(r"\s*assert\b", line)]
        return [ast.unparse(node) for node in ast.walk(self.tree) if _asserts(node)]


def _asserts(node: ast.AST) -> bool:
    """Return whether a node is an ``assert``, or a call of a testing library's ``assert_…``."""
    if isinstance(node, ast.Assert):
        return True
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr.startswith(("assert_", "check_"))
    )
