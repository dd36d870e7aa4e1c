"""One figure in two environments that took turns: how many times as much it became, and whether that is news."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from witness.records.digits import significant

LEVEL = 0.005
"""How often a figure is said to have changed that has not: half of what is promised, for no noise is quite normal."""

T = (127.321, 14.089, 7.453, 5.598, 4.773, 4.317, 4.029, 3.833, 3.690, 3.581, 3.497, 3.428, 3.372, 3.326, 3.286)
"""The point that Student's t exceeds, on either side, with the chance `LEVEL`, by degrees of freedom from 1."""

LEAST = 1.1
"""The factor below which a change is of no account. Where a program lies in memory alone can make a few per cent
(T. Mytkowicz, A. Diwan, M. Hauswirth and P. F. Sweeney, Producing Wrong Data Without Doing Anything Obviously Wrong,
ASPLOS 2009), and two environments differ in that even where they hold the same packages."""

FEWEST = 3
"""Rounds below which nothing is said of a figure."""


@dataclass(frozen=True)
class Ratio:
    """What a figure was before and after, in each round: pairs of processes that ran one after the other."""

    pairs: tuple[tuple[float, float], ...]
    """All above zero."""

    @property
    def figure(self) -> float:
        """The median of the ratios."""
        return math.exp(statistics.median(self._logarithms))

    @property
    def interval(self) -> tuple[float, float]:
        """Where the ratio lies, 995 times in 1000.

        The environments take turns, and each round gives one ratio, so that what happens to the machine for longer than
        a round happens to both (A. Abedi and T. Brecht, Conducting Repeatable Experiments in Highly Variable Cloud
        Computing Environments, ICPE 2017). A process counts once, whatever it sampled: what varies between processes no
        sample within one tells (T. Kalibera and R. Jones, Rigorous Benchmarking in Reasonable Time, ISMM 2013). It is
        Student's interval for the mean of the logarithms (Biometrika 6, 1908, 1–25), for times differ by factors. If
        nothing changed, a ratio is as often above one as below, whatever a time is distributed like; for such draws
        with long tails the interval is wider than it need be (N. Cressie, Australian Journal of Statistics 22, 1980,
        143–153): a bad moment hides a change, and makes none.

        Decided by simulation of five rounds, with a machine's pace that varies from round to round, processes that vary
        beside that or have one of two paces 30% apart, and now and then one that has a bad moment. Of equal figures at
        most 3 in 1000 are said to have changed, and 5 where nothing but a process's own 30% is there. Of those that
        became 1.5 times as long 94% are found on a quiet machine, 80% where the pace varies by 15%, and a fifth where a
        tenth of all processes have a bad moment. By ranks and without pairs (Mann and Whitney) it is 97, 55 and 17%.

        The level is that of a figure. So of any number of figures no larger part is falsely said to have changed,
        however they depend on each other, and `expected` is how many that makes: to be told beside how many were found.
        """
        logarithms = self._logarithms
        freedom = len(logarithms) - 1
        t = T[freedom - 1] if freedom <= len(T) else T[-1]
        half = t * statistics.stdev(logarithms) / math.sqrt(len(logarithms))
        mean = statistics.mean(logarithms)
        return math.exp(mean - half), math.exp(mean + half)

    @property
    def changed(self) -> bool:
        """Whether the figure is another beyond chance, and by more than is of no account."""
        low, high = self.interval
        return (low > 1 or high < 1) and self._matters

    @property
    def text(self) -> str:
        """The ratio and its interval in words."""
        low, high = self.interval
        return f"{significant(self.figure)}× ({significant(low)} to {significant(high)})"

    def may_change(self, rounds: int) -> bool:
        """Return whether it can still be found to have changed, once there are so many rounds.

        A ratio on the other side of one stays there, whatever comes: to give up a figure that has too many of them
        costs nothing, and to give up one that looks as if it mattered little only makes false alarms rarer.
        """
        rising = sum(it > 0 for it in self._logarithms)
        falling = sum(it < 0 for it in self._logarithms)
        return len(self.pairs) - max(rising, falling) <= spare(rounds) and self._matters

    @property
    def _logarithms(self) -> list[float]:
        return [math.log(after / before) for before, after in self.pairs]

    @property
    def _matters(self) -> bool:
        return not 1 / LEAST < self.figure < LEAST


def resolution(ratios: Sequence[Ratio]) -> float | None:
    """Return the factor, either way, that half of the intervals reach at most: a lesser change may well be missed.

    None where no ratio varies at all.
    """
    found = [math.sqrt(high / low) for low, high in (it.interval for it in ratios) if high > low]
    return statistics.median(found) if found else None


def expected(figures: int) -> int:
    """Return how many of so many figures may be said to have changed by chance alone."""
    return math.ceil(LEVEL * figures)


def spare(rounds: int) -> int:
    """Return how many ratios of so many may be on the other side of one when a figure is found to have changed.

    Of numbers of which ``k`` are not above zero Student's t is largest where these are zero, and the others equal.

    >>> spare(5), spare(6), spare(9)
    (0, 1, 3)
    """
    t = T[min(rounds - 1, len(T)) - 1]
    few = [k for k in range(1, rounds) if math.sqrt((rounds - k) * (rounds - 1) / k) > t]
    return max(few, default=0)
