"""The measurement of one statement, in the loop that the stock ``%timeit`` builds for it."""

from __future__ import annotations

import math
import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from witness.records.timing import Kind, Timing
from witness.timing.compile_count import Compiles
from witness.timing.conditions import Load, flags
from witness.timing.cpu_speed import FEWEST, CpuSpeed
from witness.timing.first_call import First, inner
from witness.timing.sampling import Sample, Samples, samples

STOCK: Any = import_module("IPython.core.magics.execution")
Timer: Any = STOCK.Timer


class Measurement:
    """One statement and its setup, run a number of loops in a number of repeats, where given, or as it turns out."""

    def __init__(
        self, shell: Any, pace: CpuSpeed, setup: str, statement: str, loops: int | None, repeat: int | None
    ) -> None:
        self._shell = shell
        self._pace = pace
        self._source = (setup, statement)
        self._loops = loops
        self._repeat = repeat
        # Where there is no JAX there is nothing to see; and a single call that is watched would leave no time.
        self._watch = "jax" in sys.modules and not loops == repeat == 1
        self._kind: Kind = "none" if "jax" not in sys.modules else "unknown"
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
        """Run the statement for the clock; its first call is watched, to see what it waits for.

        Where the page says how many calls there are to be, that call is one of them. Elsewhere it comes before all
        samples, as those do by which the stock magic seeks a number of calls.
        """
        compiles = Compiles()
        paces: list[float] = []
        watch = self._watch

        def take(loops: int) -> Sample:
            nonlocal watch
            if self._pace.due():
                paces.append(self._pace.look())
            if watch:
                watch = False
                return self._first(timer, loops, compiles)
            before = compiles.count
            seconds = Timer.timeit(timer, loops)
            return Sample(seconds, compiles.count - before)

        compiles.begin()
        try:
            if watch and not self._loops:
                take(1)
            load = Load()
            self._samples = samples(take, self._loops, self._repeat)
        finally:
            compiles.end()
        self._conditions = flags() + load.told()
        # What nobody awaited goes on between samples, and slows the loop itself.
        if self._kind in ("execution", "none") and len(paces) >= FEWEST:
            self._conditions += self._pace.told(statistics.median(paces))

    def timing(self, *, by_hand: list[str], quiet: bool) -> Timing:
        """Return what was measured; ``by_hand`` are the options by which the page says how often."""
        assert self._samples is not None
        loops = self._samples.loops
        return Timing(
            statement=self._source[1].strip(),
            loops=loops,
            samples=[sample.seconds / loops for sample in self._samples.taken],
            pilot=[sample.seconds / loops for sample in self._samples.pilot],
            kind=self._kind,
            stopped=self._samples.stopped,
            by_hand=by_hand,
            watched=self._watch and bool(self._loops),
            compiles=sum(sample.compiles for sample in self._samples.taken),
            conditions=self._conditions,
            quiet=quiet,
        )

    def _first(self, timer: Any, loops: int, compiles: Compiles) -> Sample:
        """Return a sample whose first call is watched: of the time of the others, where there are any."""
        before, stock = compiles.count, (timer.inner, timer.timer)
        first = First(timer.timer, compiles)
        timer.inner, timer.timer = self._inner(), first
        try:
            seconds = Timer.timeit(timer, loops - 1)
        finally:
            timer.inner, timer.timer = stock
            first.close()
        self._kind = first.kind()
        if loops == 1:
            return Sample(first.seconds, first.compiles - before)
        return Sample(seconds * loops / (loops - 1), compiles.count - first.compiles)

    def _inner(self) -> Any:
        setup, statement = (
            self._shell.transform_ast(self._shell.compile.ast_parse(self._shell.transform_cell(source)))
            for source in self._source
        )
        names: dict[str, Any] = {}
        exec(self._shell.compile(inner(setup, statement), "<magic-timeit>", "exec"), self._shell.user_ns, names)
        return names["inner"]
