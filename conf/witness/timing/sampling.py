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
"""Seconds that all samples of any other statement may take together."""

PILOT = 24
"""Samples from which the number of samples is decided."""

LEAST = 80
"""Samples that are taken where there is time, however narrow the pilot's interval."""

ENOUGH = 12
"""Samples that are taken where a few longer ones fit in."""

MARGIN = 0.7
"""Part of the wanted width that is aimed at: the width a pilot foretells is itself uncertain, by a fifth or so."""

PATIENCE = 2 * BUDGET
"""Seconds after which no sample follows, however many there were to be: calls came to take longer than they did."""

LONELY = 1.5 * BUDGET
"""Seconds of a sample that stays the only one, unless something was compiled in it."""

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
    """Return the samples of a statement; loops, which come with repeat, and repeat, where given, are obeyed.

    Otherwise the samples are as many as make the 95% interval of the median `NARROW`, or as there is time for. A pilot
    foretells how many these are, and takes no part in the result: their number, fixed before the first of them is
    taken, depends on none of them, so that the interval holds the median as often as it says, whatever the samples are
    distributed like. (To look at an interval again and again, and to stop when it pleases, does not: F. J. Anscombe,
    Biometrics 10, 1954, 89–100. A number from a first sample: C. Stein, Annals of Mathematical Statistics 16, 1945,
    243–258.) Where there is no time for `LEAST` samples there is nothing to foretell: all samples are taken, and kept.
    """
    if loops and repeat:
        return Samples(loops, [take(loops) for _ in range(repeat)], [], "by hand")
    loops, first = enough_loops(take, BUDGET / 2 / repeat if repeat else TICK)
    if repeat:
        taken = first[-repeat:] + [take(loops) for _ in range(repeat - len(first))]
        return Samples(loops, taken, first[:-repeat], "by hand")
    quickest = min(sample.seconds for sample in first)
    if quickest > BUDGET / ENOUGH:
        return Samples(loops, in_time(take, loops, int(BUDGET / quickest), first), [], "slow")
    if quickest > LONG:
        count = max(ENOUGH, int(STEADY / quickest))
        taken = in_time(take, loops, count, first)
        narrow = len(taken) == count and width(taken) <= NARROW
        return Samples(loops, taken, [], "narrow" if narrow else "budget")
    pilot = in_time(take, loops, PILOT)
    if len(pilot) < PILOT:
        return Samples(loops, pilot, [], "budget")
    wanted, there_is = foretold(pilot)
    taken = in_time(take, loops, min(wanted, there_is))
    return Samples(loops, taken, pilot, "narrow" if len(taken) == wanted else "budget")


def in_time(take: Take, loops: int, count: int, begun: Sequence[Sample] = ()) -> list[Sample]:
    """Return so many samples, those ``begun`` with among them; fewer where they come to take far too long."""
    taken = [*begun]
    spent = sum(sample.seconds for sample in taken)
    while len(taken) < count and spent < PATIENCE:
        taken.append(take(loops))
        spent += taken[-1].seconds
    return taken


def enough_loops(take: Take, seconds: float) -> tuple[int, list[Sample]]:
    """Return how many calls last so many seconds, as 1, 2 or 5 times a power of ten, and samples of so many."""
    loops = 1
    while True:
        first = take(loops)
        sampled = confirmed(take, loops, first) if first.seconds >= 0.7 * seconds else [first]
        quickest = min(sample.seconds for sample in sampled)
        if quickest >= 0.7 * seconds:
            return loops, sampled
        wanted = loops * seconds / max(quickest, seconds / 20)
        power = 10.0 ** math.floor(math.log10(wanted))
        loops = max(loops + 1, int(next(power * step for step in (1, 2, 5, 10) if power * step >= 0.99 * wanted)))


def confirmed(take: Take, loops: int, first: Sample) -> list[Sample]:
    """Return a first sample and another, unless that would take too long.

    The first may have been held up: by a compilation, or by what a function remembers from then on.
    """
    return [first] if first.seconds > LONELY and not first.compiles else [first, take(loops)]


def width(samples: Sequence[Sample]) -> float:
    """Return the width of the interval of the samples' median, over the median."""
    seconds = [sample.seconds for sample in samples]
    low, high = interval(seconds)
    return (high - low) / statistics.median(seconds)


def foretold(pilot: Sequence[Sample]) -> tuple[int, int]:
    """Return how many samples make the interval narrow, and how many there is time for."""
    median = statistics.median(sample.seconds for sample in pilot)
    if median <= 0:  # a clock too coarse to see them
        return LEAST, LEAST
    wanted = len(pilot) * (width(pilot) / (MARGIN * NARROW)) ** 2
    there_is = max(ENOUGH, int(STEADY / median))
    return max(min(LEAST, there_is), math.ceil(wanted)), there_is
