"""How fast the machine lets this process go, by a short loop of plain Python that is timed now and again.

Neighbours on a shared machine, heat and thrift slow a core without being seen in any count that the system keeps; the
same loop, timed over and over, shows them.
"""

from __future__ import annotations

import math
import statistics
import time
from typing import Any

TURNS = 2_000
"""Turns of the loop: some 30 microseconds."""

OFTEN = 0.01
"""Seconds between two looks while a statement is sampled: so they take less than a hundredth of the time."""

FEWEST = 3
"""Looks below which nothing is said."""

SLOW = 1.25
"""How many times as long as at its quickest the loop takes where the machine is called slow."""


class Pace:
    """The pace of this process. Looks before and after each cell tell how quick it can be."""

    def __init__(self) -> None:
        self._quickest = math.inf
        self._seen: list[float] = []
        self._last = 0.0

    def look(self) -> None:
        """Time the loop; of two goes the quicker counts, for an interrupt seldom meets both."""
        self._seen.append(min(loop(), loop()))
        self._quickest = min(self._quickest, self._seen[-1])
        self._last = time.perf_counter()

    def before(self) -> None:
        """Begin a cell."""
        self._seen = []
        self.look()

    def after(self, _: Any) -> None:
        """End a cell."""
        self.look()

    def text(self, _: Any) -> str:
        """Say nothing: what a timing must say of the pace, it says itself."""
        return ""

    def begin(self) -> None:
        """Begin to sample a statement."""
        self._seen = []

    def between(self) -> None:
        """Look again, between two samples, if the last look was a while ago."""
        if time.perf_counter() - self._last > OFTEN:
            self.look()

    def told(self) -> list[str]:
        """Return that the machine was slow while the statement was sampled, if it was."""
        if len(self._seen) < FEWEST:
            return []
        slower = statistics.median(self._seen) / self._quickest
        return [f"a slow machine: plain Python took {slower:.1f} times as long as at its quickest"] * (slower > SLOW)


def loop() -> float:
    """Return the seconds that a short loop of plain Python took."""
    began = time.perf_counter()
    for _ in range(TURNS):
        pass
    return time.perf_counter() - began
