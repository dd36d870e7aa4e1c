"""What several processes say together: a figure, and the interval that another set of processes would fall into."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass

FEWEST = 3
"""Processes below which no interval is made: with two, it would be wider than anything that is seen."""

T = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131)
"""The 97.5% point of Student's t, by degrees of freedom from 1."""

MEDIAN = math.sqrt(math.pi / 2)
"""How many times as uncertain as a mean a median is, of draws that are normal."""

DRIFT = 1.2
"""What builds minutes apart differ by beyond what processes in a row tell, as a factor: see `Between.interval`."""

FAR = 2.0
"""How many times as much as the middle one, or as little, a process must have found to be named."""


@dataclass(frozen=True)
class Between:
    """What was found in each of several processes."""

    found: tuple[float, ...]
    """The figure of each, the first process first."""

    @property
    def figure(self) -> float:
        """The median: one process that had a bad day moves it little."""
        return statistics.median(self.found)

    @property
    def interval(self) -> tuple[float, float] | None:
        """Where the figure of as many other processes lies, 95 times in 100; None where too few tell.

        Student's interval for the difference of two figures of ``n`` draws each, ``t s √(2/n)``, about the median and
        of the logarithms where all are above zero, for times differ by factors (Student, Biometrika 6, 1908, 1-25; for
        another sample's mean G. J. Hahn and W. Q. Meeker, Statistical Intervals, 1991, section 4.6). What varies within
        a process is in it, for it is in what that process found (T. Kalibera and R. Jones, Rigorous Benchmarking in
        Reasonable Time, ISMM 2013). It is widened for a median's being less certain than a mean, and for drift.

        Decided by measurement: 15 figures, ten builds of five processes over 14 minutes on two shared cores, loads of
        2 to 7. Of all pairs of an interval and another build's figure so many agree, at so many times the width that
        would just hold nine in ten in hindsight: one process's own interval 30%; the range of five, or the bootstrap of
        their median, 64% (0.67); Student's as for means 81% (1.0), with `MEDIAN` 86% (1.3), and with `DRIFT` 90% (1.5).
        Student's about the mean, or about a process's least time or trimmed mean, holds fewer than about its median: a
        mean follows the one process that had a bad day, and a least time is the machine's best moment.
        """
        count = len(self.found)
        if count < FEWEST:
            return None
        if min(self.found) <= 0:
            half = statistics.stdev(self.found) * factor(count)
            return self.figure - half, self.figure + half
        times = math.exp(statistics.stdev(map(math.log, self.found)) * factor(count))
        return self.figure / times, self.figure * times

    @property
    def marks(self) -> list[str]:
        """What a reader must know before believing the figure: processes that found something quite different."""
        far = [found / self.figure for found in self.found if self.figure > 0 and found > 0]
        far = [ratio for ratio in far if not 1 / FAR < ratio < FAR]
        if not far:
            return []
        most = max(far, key=lambda ratio: abs(math.log(ratio)))
        one = "one process" if len(far) == 1 else f"{len(far)} processes"
        return [f"{one} of {len(self.found)} far off: {most:.2g} times the median"]


def factor(count: int) -> float:
    """Return how many standard deviations the interval reaches to each side."""
    t = T[count - 2] if count - 2 < len(T) else 1.96 + 2.5 / (count - 1)
    return t * math.sqrt(2 / count) * MEDIAN * DRIFT
