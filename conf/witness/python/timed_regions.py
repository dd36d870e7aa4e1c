"""The clock in a body of code: where it is read, what it times, and what is awaited before it is read again."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import cast

from witness.python.cell import CellCode, magic
from witness.python.clocks import CLOCKS
from witness.python.jax_calls import Function, parts
from witness.python.words import words

ASKED = frozenset(words("is_ready shape dtype ndim size aval weak_type sharding"))
"""What an array answers at once, whether it is there or not."""

Position = tuple[int, int]
"""Line, from 1, and column in the code of a cell."""


@dataclass(frozen=True)
class Body:
    """Code that runs in one go: that of a cell, or that of a function; what stands in functions inside is not."""

    statements: tuple[ast.stmt, ...]
    parameters: frozenset[str] = frozenset()
    magics: tuple[Position, ...] = ()
    """Where ``%timeit`` times a statement."""

    @cached_property
    def nodes(self) -> list[ast.expr | ast.stmt]:
        """All that is executed, in the order of the text."""
        return sorted((it for it in parts(self.statements) if isinstance(it, ast.expr | ast.stmt)), key=place)

    @cached_property
    def given(self) -> set[str]:
        """Names whose values come from elsewhere: parameters, and the variables of loops."""
        targets = [it.target for it in self.nodes if isinstance(it, ast.For)]
        return {*self.parameters, *(name for target in targets for name in names(target))}

    @cached_property
    def _readings(self) -> list[tuple[Position, bool]]:
        """Where the clock is read, and whether that ends a measurement: something is subtracted from it."""
        ends = {id(it.left) for it in self.nodes if isinstance(it, ast.BinOp) and isinstance(it.op, ast.Sub)}
        return [(place(it), id(it) in ends) for it in self.nodes if reads(it)]

    @cached_property
    def moments(self) -> set[str]:
        """Names of what a clock said."""
        assigned = [it for it in self.nodes if isinstance(it, ast.Assign) and reads(it.value)]
        return {name for it in assigned for target in it.targets for name in names(target)}

    @property
    def starts(self) -> list[Position]:
        """Where a measurement begins."""
        return [*(where for where, ends in self._readings if not ends), *self.magics]

    def calls(self, functions: Collection[str]) -> list[Position]:
        """Return where some functions are called by their names."""
        found = [it for it in self.nodes if isinstance(it, ast.Call) and isinstance(it.func, ast.Name)]
        return [place(it) for it in found if cast("ast.Name", it.func).id in functions]

    def times(self, node: ast.stmt) -> bool:
        """Return whether a clock runs while a statement is executed."""
        before = [ends for where, ends in self._readings if where < place(node)]
        after = [ends for where, ends in self._readings if where > place(node)]
        return bool(before and after) and (after[0] or not before[-1])

    def _last_reading(self, since: ast.stmt) -> Position:
        """Return where the clock is read last in the innermost loop around a statement, or in all where it is not."""
        loops = [it for it in self.nodes if isinstance(it, ast.For | ast.While)]
        around = [{id(part) for part in ast.walk(it)} for it in loops]
        inner = min((it for it in around if id(since) in it), key=len, default=set())
        inside = [place(it) for it in self.nodes if reads(it) and id(it) in inner and place(it) > place(since)]
        return max(inside) if inside else self._readings[-1][0]

    def uses(self, name: str, since: ast.stmt) -> bool:
        """Return whether what a statement gives a name is made use of before the clock is read for the last time.

        In a loop that reads the clock after the statement, a later use is one outside of the measurement.
        """
        idle = {id(it) for it in ast.walk(since)}
        tests: set[int] = set()
        for it in self.nodes:
            if isinstance(it, ast.Expr) or (isinstance(it, ast.Attribute) and it.attr in ASKED):
                idle.add(id(it.value))
            elif isinstance(it, ast.While):
                tests |= {id(part) for part in ast.walk(it.test)}
        last = self._last_reading(since)
        return any(
            id(it) in tests or place(since) < place(it) < last
            for it in self.nodes
            if isinstance(it, ast.Name) and it.id == name and isinstance(it.ctx, ast.Load) and id(it) not in idle
        )


def bodies(code: CellCode) -> Iterator[Body]:
    """Yield the bodies in the code of a cell: its own, then those of its functions; none where it is no Python."""
    if not code.tree:
        return
    calls = [node for node in ast.walk(code.tree) if isinstance(node, ast.Call)]
    magics = tuple(place(call) for call in calls if magic(call) == "timeit")
    yield Body(tuple(code.tree.body), magics=magics)
    for node in ast.walk(code.tree):
        if isinstance(node, Function) and not isinstance(node, ast.Lambda):
            arguments = node.args
            every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
            yield Body(tuple(node.body), frozenset(it.arg for it in every))


def timing_functions(trees: Iterable[ast.Module]) -> set[str]:
    """Return the names of functions that read a clock, or call one that does."""
    defined = [it for tree in trees for it in ast.walk(tree) if isinstance(it, ast.FunctionDef | ast.AsyncFunctionDef)]
    found: set[str] = set()
    size = -1
    while len(found) > size:
        size = len(found)
        for function in defined:
            called = {
                it.func.id for it in ast.walk(function) if isinstance(it, ast.Call) and isinstance(it.func, ast.Name)
            }
            if called & found or any(map(reads, ast.walk(function))):
                found.add(function.name)
    return found


def names(target: ast.expr) -> list[str]:
    """Return the names that a target of an assignment gives a value; none where it is a part of something."""
    match target:
        case ast.Name(id=name):
            return [name]
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return [name for part in parts for name in names(part)]
    return []


def place(node: ast.expr | ast.stmt) -> Position:
    """Return where a node begins."""
    return node.lineno, node.col_offset


def reads(node: ast.AST) -> bool:
    """Return whether a node asks a clock."""
    match node:
        case ast.Call(func=ast.Name(id=name)):
            return name in CLOCKS or name == "time"
        case ast.Call(func=ast.Attribute(value=ast.Name(id=module), attr=name)):
            return name in CLOCKS or (module, name) == ("time", "time")
    return False
