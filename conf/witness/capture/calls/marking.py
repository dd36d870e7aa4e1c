"""Marks the calls in a cell's code: what is called is asked for by a function of ours, which most often gives it back.

Names, values and the places of errors stay what they are; nothing but a call's own function is seen.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any

NAME = "_witness_called"
"""What the marked code calls; it is among Python's built-in names for as long as that code may run."""

TEXT = 80


@dataclass(frozen=True)
class Spot:
    """A call in the code of a cell, columns in bytes."""

    text: str
    line: int
    column: int
    end_line: int
    end_column: int


class Marking(ast.NodeTransformer):
    """Marks calls, and keeps a list of them."""

    def __init__(self) -> None:
        self.spots: list[Spot] = []

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Ask for what is called."""
        text = ast.unparse(node)
        end = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id in ("super", "locals", "vars", "dir", "eval", "exec"):
            return node  # these look at who calls them
        self.spots.append(
            Spot(text if len(text) <= TEXT else f"{text[: TEXT - 1]}…", node.lineno, node.col_offset, *end)
        )
        asked: Any = ast.Call(ast.Name(NAME, ast.Load()), [node.func, ast.Constant(len(self.spots) - 1)], [])
        for made in (asked, asked.func, asked.args[1]):
            ast.copy_location(made, node.func)
        node.func = asked
        return node
