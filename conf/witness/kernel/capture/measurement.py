"""The measurement of one statement, in the loop that the stock ``%timeit`` builds for it."""

from __future__ import annotations

import ast
import math
import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from witness.kernel.capture.awaiting import Awaiting
from witness.kernel.capture.compiles import Compiles
from witness.kernel.capture.conditions import Load, flags
from witness.kernel.capture.pace import FEWEST, Pace
from witness.kernel.capture.sampling import Sample, Samples, samples
from witness.records.timing import Kind, Timing

STOCK: Any = import_module("IPython.core.magics.execution")
Timer: Any = STOCK.Timer

TEMPLATE = """\
def inner(_it, _timer):
    setup
    _timer.begin()
    for _i in _it:
        stmt
    _timer.names(_timer.locals())
"""
"""The stock magic's loop, for the run of which no time is taken: in place of a clock, it is given what watches."""


class Measurement:
    """One statement, its setup, and how often it is to run: a number of loops, of repeats, or as it turns out."""

    def __init__(
        self, shell: Any, pace: Pace, setup: str, statement: str, loops: int | None, repeat: int | None
    ) -> None:
        self._shell = shell
        self._pace = pace
        self._source = (setup, statement)
        self._loops = loops
        self._repeat = repeat
        self._kind: Kind = "none"
        self._conditions: list[str] = []
        self._samples: Samples | None = None

    @contextmanager
    def within_stock(self) -> Iterator[None]:
        """Have the stock magic, in this context, hand the loop that it builds to this measurement."""
        measurement = self

        class Ours(Timer):  # type: ignore[misc]  # IPython has no types
            def timeit(self, number: int = 1) -> float:
                return math.inf  # long enough for the stock magic, which seeks a number of loops

            def repeat(self, repeat: int = 1, number: int = 1) -> list[float]:
                measurement.run(self)
                return [math.inf]

        STOCK.Timer = Ours
        try:
            yield
        finally:
            STOCK.Timer = Timer

    def run(self, timer: Any) -> None:
        """Run the statement: once to see what it waits for, then for the clock."""
        self._kind = self._watched()
        self._conditions = flags()
        compiles, load = Compiles(), Load()
        paces: list[float] = []

        def take(loops: int) -> Sample:
            if self._pace.due():
                paces.append(self._pace.look())
            before = compiles.count
            seconds = Timer.timeit(timer, loops)
            return Sample(seconds, compiles.count - before)

        compiles.begin()
        try:
            self._samples = samples(take, self._loops, self._repeat)
        finally:
            compiles.end()
        self._conditions += load.told()
        # What nobody awaited goes on between samples, and slows the loop itself.
        if self._kind in ("execution", "none") and len(paces) >= FEWEST:
            self._conditions += self._pace.told(statistics.median(paces))

    def timing(self, *, quiet: bool) -> Timing:
        """Return what was measured."""
        assert self._samples is not None
        loops = self._samples.loops
        return Timing(
            statement=self._source[1].strip(),
            loops=loops,
            samples=[sample.seconds / loops for sample in self._samples.taken],
            pilot=[sample.seconds / loops for sample in self._samples.pilot],
            kind=self._kind,
            stopped=self._samples.stopped,
            by_hand=[f"-{name} {count}" for name, count in (("n", self._loops), ("r", self._repeat)) if count],
            compiles=sum(sample.compiles for sample in self._samples.taken),
            conditions=self._conditions,
            quiet=quiet,
        )

    def _watched(self) -> Kind:
        """Run the statement once, for no clock, and return what a clock would see.

        Where there is no JAX there is nothing to see. Where the page asks for a single run, it may bear no second one:
        it may give its arrays away.
        """
        if "jax" not in sys.modules:
            return "none"
        if self._loops == self._repeat == 1:
            return "unknown"
        inner, awaiting = self._inner(), Awaiting()
        try:
            inner([None], awaiting)
        finally:
            awaiting.end()
        return awaiting.kind()

    def _inner(self) -> Any:
        setup, statement = (
            self._shell.transform_ast(self._shell.compile.ast_parse(self._shell.transform_cell(source)))
            for source in self._source
        )
        tree = ast.parse(TEMPLATE)
        inner: Any = tree.body[0]
        loop = next(node for node in inner.body if isinstance(node, ast.For))
        loop.body = Noted().visit(statement).body
        inner.body[:1] = setup.body
        names: dict[str, Any] = {}
        exec(self._shell.compile(ast.fix_missing_locations(tree), "<magic-timeit>", "exec"), self._shell.user_ns, names)
        return names["inner"]


class Noted(ast.NodeTransformer):
    """Has the value of each expression noted that stands alone, where a notebook would show it."""

    def visit_Expr(self, node: ast.Expr) -> ast.Expr:
        """Note the value of an expression."""
        note = ast.parse("_timer.value(_)", mode="eval").body
        assert isinstance(note, ast.Call)
        note.args = [node.value]
        return ast.copy_location(ast.Expr(ast.copy_location(note, node.value)), node)

    def _leave(self, node: ast.AST) -> ast.AST:
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = visit_Lambda = _leave  # noqa: N815  # the names ast asks for
