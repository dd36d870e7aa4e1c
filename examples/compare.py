"""Compare two statements: they take turns, and every call is awaited."""

import random
import statistics
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import NamedTuple

import jax

Statement = Callable[[], object]


class Comparison(NamedTuple):
    """Two median times (seconds a call), their ratio, its 95 % interval."""

    first: float
    second: float
    ratio: float
    low: float
    high: float


def seconds(statement: Statement, calls: int) -> float:
    """Return the seconds a call took: the mean of `calls` awaited calls."""
    start = perf_counter()
    for _ in range(calls):
        jax.block_until_ready(statement())
    return (perf_counter() - start) / calls


def medians(rounds: Sequence[Sequence[float]]) -> tuple[float, float]:
    """Return the median of the first times and that of the second times."""
    first, second = zip(*rounds, strict=True)
    return statistics.median(first), statistics.median(second)


def compare(
    first: Statement, second: Statement, rounds: int = 50
) -> Comparison:
    """Return how many times as long `first` takes as `second`.

    Both are warmed up, then sampled in turn, the order swapped every round.
    The interval is a percentile bootstrap over rounds: for this run, here.
    """
    pair = (first, second)
    warm = [(seconds(run, 5), seconds(run, 5))[1] for run in pair]
    calls = [max(1, round(0.002 / time)) for time in warm]  # 2 ms a turn
    samples = [[0.0, 0.0] for _ in range(rounds)]
    for turn, sample in enumerate(samples):
        for one in (0, 1) if turn % 2 == 0 else (1, 0):
            sample[one] = seconds(pair[one], calls[one])
    draw = random.Random(0)
    drawn = (medians(draw.choices(samples, k=rounds)) for _ in range(1000))
    ratios = sorted(a / b for a, b in drawn)
    a, b = medians(samples)
    return Comparison(a, b, a / b, ratios[24], ratios[974])
