"""Which statements, and which parts of conditional expressions, a run of some functions came to.

Python says of each instruction which part of the source it is of. A statement with instructions of which none was
executed was never reached, and so was a branch of ``a if b else c`` or an operand of ``and``.
"""

from __future__ import annotations

import ast
import linecache
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import cached_property
from types import CodeType

from witness.records.ir import Place
from witness.stages.places import in_characters

Position = tuple[int, int, int, int]
"""Line, column, last line, column after the last; columns in bytes."""

FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class File:
    """A file of the reader's, with what ran of it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._codes: set[CodeType] = set()
        self._executed: set[Position] = set()
        self._found: dict[tuple[CodeType, int], Place] = {}

    def run(self, code: CodeType, instructions: Iterable[int]) -> None:
        """Note which instructions of some code were executed, by their offsets."""
        self._codes.add(code)
        positions = list(_positions(code))
        self._executed.update(at for it in instructions if (at := positions[it // 2]))

    def statement(self, code: CodeType, instruction: int) -> Place:
        """Return the statement that an instruction is part of; of a compound one its head."""
        if (code, instruction) not in self._found:
            line, *rest = list(code.co_positions())[instruction // 2]
            line, column = line or code.co_firstlineno, rest[1] or 0
            holding = [span for span in self._statements if span[:2] <= (line, column) and line <= span[2]]
            found = max(holding, default=(line, 0, line, 0))
            end = min(found[3], len(linecache.getline(self.name, found[2]).rstrip().encode()))
            self._found[code, instruction] = in_characters(Place(self.name, *found[:3], end, code.co_qualname))
        return self._found[code, instruction]

    @cached_property
    def _tree(self) -> ast.Module | None:
        try:
            return ast.parse("".join(linecache.getlines(self.name)))
        except (SyntaxError, ValueError):
            return None

    @cached_property
    def _statements(self) -> list[Position]:
        nodes = ast.walk(self._tree) if self._tree else ()
        return sorted(_head(node) for node in nodes if isinstance(node, ast.stmt))

    def never(self) -> list[Place]:
        """Return what was never reached in the functions that ran, each part once."""
        have = Positions({at for code in self._codes for at in _every(code)})
        executed = Positions(self._executed)
        lines = {code.co_firstlineno for code in self._codes}
        found: dict[Position, None] = {}
        for node in ast.walk(self._tree) if self._tree else ():
            if isinstance(node, FUNCTIONS) and _first(node) in lines:
                held = node.body if isinstance(node.body, list) else [node.body]
                if any(_span(it) in executed for it in held):
                    found.update(dict.fromkeys(_unreached(held, have, executed)))
        return [in_characters(Place(self.name, *span, "")) for span in sorted(found)]


class Positions:
    """Parts of a file; asks whether any is within a span."""

    def __init__(self, positions: Iterable[Position]) -> None:
        self._sorted = sorted(positions)

    def __contains__(self, span: Position) -> bool:
        for at in self._sorted[bisect_left(self._sorted, span[:2]) :]:
            if at[:2] >= span[2:]:
                return False
            if at[2:] <= span[2:]:
                return True
        return False


def _unreached(nodes: Iterable[ast.AST], have: Positions, executed: Positions) -> Iterator[Position]:
    for node in nodes:
        if isinstance(node, ast.stmt | ast.expr) and (span := _span(node)) in have and span not in executed:
            yield span
        else:
            yield from _unreached(_parts(node), have, executed)


def _parts(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what a node holds that may be left out while the node itself runs, or holds such."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        yield from node.body
    elif isinstance(node, ast.Lambda):
        yield node.body
    elif isinstance(node, ast.IfExp):
        yield from (node.test, node.body, node.orelse)
    elif isinstance(node, ast.BoolOp):
        yield from node.values
    else:
        yield from (it for it in ast.iter_child_nodes(node) if not isinstance(it, ast.expr_context | ast.operator))


def _positions(code: CodeType) -> Iterator[Position | None]:
    for line, last, column, end in code.co_positions():
        if line is None or last is None or column is None or end is None or (column, end) == (0, 0):
            yield None  # what begins a function has no place of its own
        else:
            yield line, column, last, end


def _every(code: CodeType) -> Iterator[Position]:
    yield from filter(None, _positions(code))
    for it in code.co_consts:
        if isinstance(it, CodeType):
            yield from _every(it)


def _span(node: ast.AST) -> Position:
    line, column = getattr(node, "lineno", 0), getattr(node, "col_offset", 0)
    return line, column, getattr(node, "end_lineno", line) or line, getattr(node, "end_col_offset", column) or column


def _head(node: ast.stmt) -> Position:
    """Return where a statement is; of a compound one what stands before its body."""
    line, column, last, end = _span(node)
    body = getattr(node, "body", None)
    if isinstance(body, list) and body:
        first = body[0]
        line = min([line, *(it.lineno for it in getattr(node, "decorator_list", ()))])
        if first.lineno > line:
            return line, column, first.lineno - 1, 10_000
        return line, column, first.lineno, first.col_offset
    return line, column, last, end


def _first(node: FUNCTIONS) -> int:
    return min([node.lineno, *(int(it.lineno) for it in getattr(node, "decorator_list", ()))])
