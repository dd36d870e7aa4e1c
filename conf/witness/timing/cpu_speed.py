"""How fast the machine lets this process go, by a short loop of plain Python that is timed now and again.

Neighbours on a shared machine, heat and thrift slow a core without being seen in any count that the system keeps; the
same loop, timed over and over, shows them.
"""

from __future__ import annotations

import math
import statistics
from time import perf_counter  # as it was before a page put anything in its place

TURNS = 2_000
"""Turns of the loop: some 30 microseconds."""

OFTEN = 0.01
"""Seconds between two looks while a statement is sampled: so they take less than a hundredth of the time."""

FEWEST = 3
"""Looks that it takes to say something."""

SLOW = 1.25
"""How many times as long as at its quickest the loop takes where the machine is called slow."""


class CpuSpeed:
    """The pace of this process, and the quickest that it has shown."""

    def __init__(self) -> None:
        self._quickest = math.inf
        self._last = -math.inf

    def look(self) -> float:
        """Return the seconds of the loop; of two goes the quicker counts, for an interrupt seldom meets both."""
        seconds = min(loop(), loop())
        self._quickest = min(self._quickest, seconds)
        self._last = perf_counter()
        return seconds

    def looks(self) -> float:
        """Return the median of as many looks as it takes."""
        return statistics.median(self.look() for _ in range(FEWEST))

    def due(self) -> bool:
        """Return whether the last look was a while ago."""
        return perf_counter() - self._last > OFTEN

    def told(self, seconds: float) -> list[str]:
        """Return that the machine was slow, if so many seconds of the loop say so."""
        slower = seconds / self._quickest
        return [f"a slow machine: plain Python took {slower:.1f} times as long as at its quickest"] * (slower > SLOW)


def loop() -> float:
    """Return the seconds that a short loop of plain Python took."""
    began = perf_counter()
    for _ in range(TURNS):
        pass
    return perf_counter() - began
