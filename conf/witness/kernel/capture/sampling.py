"""How many samples of a statement are taken, and how many calls make one."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from witness.records.median import interval
from witness.records.timing import NARROW, Stopped

TICK = 0.002
"""Seconds that a sample lasts at least: far more than it takes to read the clock."""

BUDGET = 1.2
"""Seconds that all samples of a slow statement may take together."""

STEADY = 0.3
"""Seconds that suffice where each sample tells something of its own."""

PILOT = 24
"""Samples from which the number of samples is decided."""

LEAST = 80
"""Samples that are taken where there is time, however narrow the pilot's interval."""

ENOUGH = 12
"""Samples that are taken where a few longer ones fit in."""

MARGIN = 0.7
"""Part of the wanted width that is aimed at: the width a pilot foretells is itself uncertain, by a fifth or so."""

LONG = STEADY / LEAST
"""Seconds of a sample from which there is no time for the least, so that a pilot has nothing to decide."""


@dataclass(frozen=True)
class Sample:
    """The clock around some calls of a statement."""

    seconds: float
    compiles: int = 0
    """Programs that JAX compiled meanwhile."""


@dataclass(frozen=True)
class Samples:
    """All samples of one statement."""

    loops: int
    taken: list[Sample]
    pilot: list[Sample]
    stopped: Stopped


Take = Callable[[int], Sample]
"""Runs a statement so many times."""


def samples(take: Take, loops: int | None = None, repeat: int | None = None) -> Samples:
    """Return the samples of a statement; loops and repeat, where given, are obeyed.

    Otherwise the samples are as many as make the 95% interval of the median `NARROW`, or as there is time for. A pilot
    foretells how many these are, and takes no part in the result: their number, fixed before the first of them is
    taken, depends on none of them, so that the interval holds the median as often as it says, whatever the samples are
    distributed like. (To look at an interval again and again, and to stop when it pleases, does not: F. J. Anscombe,
    Biometrics 10, 1954, 89–100. A number from a first sample: C. Stein, Annals of Mathematical Statistics 16, 1945,
    243–258.) Where there is no time for `LEAST` samples there is nothing to foretell: all samples are taken, and kept.
    """
    if loops and repeat:
        return Samples(loops, [take(loops) for _ in range(repeat)], [], "by hand")
    loops, first = (loops, take(loops)) if loops else enough_loops(take, BUDGET / repeat if repeat else TICK)
    if repeat:
        return Samples(loops, [take(loops) for _ in range(repeat)], [first], "by hand")
    slow = BUDGET / ENOUGH
    pilot = [first, take(loops)] if LONG < first.seconds <= BUDGET / 2 else [first]  # the first was perhaps held up
    quickest = min(sample.seconds for sample in pilot)
    if quickest > slow:
        more = max(1, int(BUDGET / quickest)) - len(pilot)
        return Samples(loops, pilot + [take(loops) for _ in range(more)], [], "slow")
    if quickest > LONG:
        more = max(ENOUGH, int(STEADY / quickest)) - len(pilot)
        taken = pilot + [take(loops) for _ in range(more)]
        return Samples(
            loops, taken, [], "narrow" if width([sample.seconds for sample in taken]) <= NARROW else "budget"
        )
    pilot = [take(loops) for _ in range(PILOT)]
    wanted, there_is = foretold([sample.seconds for sample in pilot])
    count = min(wanted, there_is)
    stopped: Stopped = "narrow" if wanted <= there_is else "budget"
    return Samples(loops, [take(loops) for _ in range(count)], pilot, stopped)


def enough_loops(take: Take, seconds: float) -> tuple[int, Sample]:
    """Return how many calls last so many seconds, as 1, 2 or 5 times a power of ten, and the last sample tried."""
    loops = 1
    while (sample := take(loops)).seconds < 0.7 * seconds:
        wanted = loops * seconds / max(sample.seconds, seconds / 20)
        power = 10.0 ** math.floor(math.log10(wanted))
        loops = max(loops + 1, int(next(power * step for step in (1, 2, 5, 10) if power * step >= 0.99 * wanted)))
    return loops, sample


def width(samples: Sequence[float]) -> float:
    """Return the width of the interval of a median, over the median."""
    low, high = interval(samples)
    return (high - low) / statistics.median(samples)


def foretold(pilot: Sequence[float]) -> tuple[int, int]:
    """Return how many samples make the interval narrow, and how many there is time for."""
    median = statistics.median(pilot)
    if median <= 0:  # a clock too coarse to see them
        return LEAST, LEAST
    wanted = len(pilot) * (width(pilot) / (MARGIN * NARROW)) ** 2
    there_is = max(ENOUGH, int(STEADY / median))
    return max(min(LEAST, there_is), math.ceil(wanted)), there_is
