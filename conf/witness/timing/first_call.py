"""The first call of a timed statement, watched for what it waits for, in a loop of its own before the stock one.

It is one of the calls that the page asks for, and so costs none of its side effects twice.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Mapping
from typing import Any

from witness.records.timing import Kind
from witness.timing.compile_count import Compiles
from witness.timing.sync_watch import SyncWatch

TEMPLATE = """\
def inner(_it, _timer):
    setup
    _timer.begin()
    for _i in _timer.once:
        noted
    _timer = _timer.end(_timer.locals())
    _t0 = _timer()
    for _i in _it:
        stmt
    _t1 = _timer()
    return _t1 - _t0
"""
"""The stock magic's function, with one call before its loop: in place of a clock, it is given what watches."""


class First:
    """What watches the first call; then the clock is the stock one again."""

    once = (None,)
    locals = staticmethod(locals)
    """As built in, whatever a page may call so."""

    def __init__(self, clock: Callable[[], float], compiles: Compiles) -> None:
        self.seconds = 0.0
        """Of the call, watched as it was."""
        self.compiles = 0
        """Programs that JAX had compiled when the call had ended, since its count began."""
        self._clock = clock
        self._compiles = compiles
        self._awaiting = SyncWatch()
        self._began = 0.0

    def begin(self) -> None:
        """Begin to watch, and start the clock last."""
        self._awaiting.begin()
        self._began = self._clock()

    def end(self, names: Mapping[str, Any]) -> Callable[[], float]:
        """Stop the clock and then the watching, and return the clock; ``names`` are those that the call has bound."""
        self.seconds = self._clock() - self._began
        self._awaiting.names(names)
        self.close()
        self.compiles = self._compiles.count
        return self._clock

    def close(self) -> None:
        """Put everything back, after an error too."""
        self._awaiting.end()

    def value(self, value: Any) -> None:
        """Take in what an expression gave."""
        self._awaiting.value(value)

    def kind(self) -> Kind:
        """Return what a clock would have seen."""
        return self._awaiting.kind()


def inner(setup: ast.Module, statement: ast.Module) -> ast.Module:
    """Return the code that defines the function for the first sample."""
    tree = ast.parse(TEMPLATE)
    function: Any = tree.body[0]
    first, rest = (node for node in function.body if isinstance(node, ast.For))
    first.body = Noted().visit(copy.deepcopy(statement)).body
    rest.body = Undeclared().visit(statement).body
    function.body[:1] = setup.body
    return ast.fix_missing_locations(tree)


class _Statement(ast.NodeTransformer):
    """Changes what stands in a statement, and leaves the definitions in it alone."""

    def _leave(self, node: ast.AST) -> ast.AST:
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = visit_Lambda = _leave  # noqa: N815  # the names ast asks for


class Noted(_Statement):
    """Has the value of each expression noted that stands alone, where a notebook would show it."""

    def visit_Expr(self, node: ast.Expr) -> ast.Expr:
        """Note the value of an expression."""
        note = ast.parse("_timer.value(_)", mode="eval").body
        assert isinstance(note, ast.Call)
        note.args = [node.value]
        return ast.copy_location(ast.Expr(ast.copy_location(note, node.value)), node)


class Undeclared(_Statement):
    """Drops what the first call has declared for the whole function: Python takes ``global`` before a use alone."""

    def visit_Global(self, node: ast.Global) -> ast.Pass:
        """Return nothing to do in its place."""
        return ast.copy_location(ast.Pass(), node)
