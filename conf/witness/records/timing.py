"""The result of one ``%timeit``: every sample, what they say, and under which conditions they were taken."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from witness.records.digits import duration, earned, span
from witness.records.drift import drifts
from witness.records.median import interval

Kind = Literal["execution", "dispatch", "unknown", "none"]
"""What the clock saw of JAX: results that were awaited; results that were not; it cannot be told; or nothing of JAX."""

Stopped = Literal["narrow", "budget", "by hand", "slow"]
"""Why there are so many samples: so many make the interval narrow; more would take too long; ``-r`` says so; or one
call takes so long that there are but a few."""

FEWEST = 6
"""Below so many samples no interval holds the median in 95 of 100 cases: the range is shown instead."""

NARROW = 0.02
"""The width of the interval, over the median, that sampling aims at: from its lower end to its upper, 2%."""


WHY: dict[Stopped, str] = {
    "narrow": "",
    "budget": "no time for more",
    "by hand": "",
    "slow": "a sample takes too long for more",
}
"""What a reader is told of why there are no more samples."""


@dataclass(frozen=True)
class Timing:
    """One ``%timeit``."""

    statement: str
    loops: int
    """Calls of the statement in each sample."""
    samples: list[float]
    """Seconds a call, in the order in which they were taken: all of them."""
    pilot: list[float]
    """Seconds a call of those taken before, from which the number of samples was decided. The figures do without them:
    an interval that decided by itself when it is narrow enough would promise more than it holds."""
    kind: Kind
    stopped: Stopped
    by_hand: list[str] = field(default_factory=list)
    """``-n`` and ``-r``, where the page gives them."""
    watched: bool = False
    """Whether the first of the page's own calls was watched, to see if its results are awaited. The first sample is the
    mean of its other calls; where it has none, of that call, and the watching is in its time."""
    compiles: int = 0
    """Programs that JAX compiled while the clock ran."""
    conditions: list[str] = field(default_factory=list)
    """What falsifies the figure, each in a few words: a busy or a slow machine, a debug flag, a compilation cache."""
    quiet: bool = False
    """Whether the page asked to print nothing: ``-q``."""
    median: float = field(init=False)
    quartiles: tuple[float, float] = field(init=False)
    range: tuple[float, float] = field(init=False)
    drifts: bool = field(init=False)
    """Whether later samples differ from earlier ones more than chance explains; then there is no interval."""
    interval: tuple[float, float] | None = field(init=False)
    """95% interval of the median within this process, or None: too few samples, or they drift."""

    def __post_init__(self) -> None:
        drifting = drifts(self.samples)
        found = {
            "median": statistics.median(self.samples),
            "quartiles": quartiles(self.samples),
            "range": (min(self.samples), max(self.samples)),
            "drifts": drifting,
            "interval": None if drifting or len(self.samples) < FEWEST else interval(self.samples),
        }
        for name, value in found.items():
            object.__setattr__(self, name, value)

    @property
    def marks(self) -> list[str]:
        """What a reader must know before believing the figure, in a few words each; an empty list is the good case."""
        marks = []
        if self.kind == "dispatch":
            marks.append("dispatch only: the result was not awaited")
        if self.kind == "unknown" and self.loops == len(self.samples) == 1:
            marks.append("a single run, by which it cannot be told whether results were awaited")
        elif self.kind == "unknown":
            marks.append("it cannot be told whether all results were awaited")
        if self.compiles:
            marks.append(f"{self.compiles} compiled while the clock ran")
        if self.drifts:
            marks.append("drifting: later samples differ from earlier ones")
        return marks + self.conditions

    @property
    def digits(self) -> int:
        """How many digits the median has earned, as far as this process tells."""
        return earned(self.median, *self.interval) if self.interval else 2

    @property
    def figure(self) -> str:
        """The median in words."""
        return f"{duration(self.median, self.digits)} a call"

    @property
    def line(self) -> str:
        """The result in one line of text: it is about this process, and says so."""
        return "; ".join([f"{self.figure} ({self.spread})", *self.marks])

    @property
    def spread(self) -> str:
        """How far this process can tell, of how many samples."""
        count = len(self.samples)
        if count == 1:
            told = ["a single sample"]
        else:
            between = span([self.median, *(self.interval or self.range)], self.digits)
            what = "95% interval" if self.interval else "range"
            wide = self.quartiles[1] - self.quartiles[0]
            told = [f"median of this process; {what} within it {between}", f"middle half {duration(wide)} wide"]
        loops = f" of {self.loops:,} loops" if self.loops > 1 else ""
        taken = f"{count:,} sample{'s' if count > 1 else ''}{loops}" if count > 1 or loops else ""
        taken += ", the first watched" if self.watched and self.loops == 1 else ""
        hand = ", ".join(self.by_hand) + " by hand" if self.by_hand else ""
        return "; ".join(part for part in (*told, taken, hand, WHY[self.stopped]) if part)


def quartiles(samples: Sequence[float]) -> tuple[float, float]:
    """Return the lower and the upper quartile; of a single sample, itself twice."""
    if len(samples) == 1:
        return (samples[0], samples[0])
    low, _, high = statistics.quantiles(samples, n=4, method="inclusive")
    return (low, high)
