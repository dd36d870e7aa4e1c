"""Compare two statements: they take turns, and every call is awaited."""

import random
import statistics
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import NamedTuple

import jax

Statement = Callable[[], object]
Rounds = Sequence[tuple[float, float]]


class Comparison(NamedTuple):
    """Seconds a call, turn by turn; the ratio of medians, its 95% interval."""

    first: Sequence[float]
    second: Sequence[float]
    ratio: float
    low: float
    high: float


def seconds(statement: Statement, calls: int) -> float:
    """Return the seconds a call took: the mean of `calls` awaited calls."""
    start = perf_counter()
    for _ in range(calls):
        jax.block_until_ready(statement())
    return (perf_counter() - start) / calls


def ratio(rounds: Rounds) -> float:
    """Return the median of the first times over that of the second times."""
    first = statistics.median(a for a, _ in rounds)
    return first / statistics.median(b for _, b in rounds)


def interval(rounds: Rounds) -> tuple[float, float]:
    """Return where 95% of ratios lie when the same rounds are drawn anew.

    This is the percentile bootstrap of Efron, Ann. Statist. 7 (1979), 1-26.
    """
    draw = random.Random(0)
    again = (draw.choices(rounds, k=len(rounds)) for _ in range(1000))
    ratios = sorted(map(ratio, again))
    return ratios[24], ratios[974]


def compare(
    first: Statement, second: Statement, rounds: int = 50
) -> Comparison:
    """Return how many times as long `first` takes as `second`.

    Both are warmed up, then sampled in turn, the order swapped every round.
    """
    pair = (first, second)
    warm = [(seconds(run, 5), seconds(run, 5))[1] for run in pair]
    many = [max(1, round(0.002 / time)) for time in warm]  # 2 ms a turn
    samples = []
    for turn in range(rounds):
        sample = [0.0, 0.0]
        for one in (0, 1) if turn % 2 == 0 else (1, 0):
            sample[one] = seconds(pair[one], many[one])
        samples.append((sample[0], sample[1]))
    a, b = zip(*samples, strict=True)
    return Comparison(a, b, ratio(samples), *interval(samples))
