"""The 95% interval of a median, from the samples' order alone: it holds for any distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate

AIM = 0.955
"""Probability that is aimed at; only some can be had, for ranks are whole numbers."""

EXACT = 200
"""Up to so many samples the binomial probabilities are added up; beyond, its normal limit is as good."""


def interval(samples: Sequence[float]) -> tuple[float, float]:
    """Return the 95% interval of the median of what independent samples are drawn from.

    It runs from one sample to another, chosen by rank: the number of samples below the median is binomial, whatever
    they are distributed like (W. R. Thompson, Annals of Mathematical Statistics 7, 1936, 122–128; H. A. David and
    H. N. Nagaraja, Order Statistics, 2003, section 7.1). Six samples are the fewest for which that can be 95%.
    """
    ordered = sorted(samples)
    low, high = ranks(len(ordered))
    return ordered[low - 1], ordered[high - 1]


@lru_cache
def ranks(count: int) -> tuple[int, int]:
    """Return the ranks, from 1, of the samples between which the median lies.

    Of the pairs that are equally far from both ends, or one further from the upper, it is the one whose probability is
    nearest to what is aimed at; below twelve samples, of those that reach 95%. (From twelve on, none is below 94.2%.)
    """
    if count < 6:
        raise ValueError(f"{count} samples hold no 95% interval")
    if count > EXACT:
        half = math.ceil(0.98 * math.sqrt(count))  # 1.96 standard deviations
        return count // 2 - half + 1, count - count // 2 + half
    pairs = [(low, high) for low in range(1, count // 2) for high in (count + 1 - low, count - low)]
    floor = 0.95 if count < 12 else 0.0
    return min((abs(p - AIM), pair) for pair in pairs if (p := probability(count, *pair)) >= floor)[1]


@lru_cache
def tails(count: int) -> list[float]:
    """Return, for each rank from 0, the probability that at most so many of the samples lie below the median."""
    return [ways / 2**count for ways in accumulate(math.comb(count, k) for k in range(count + 1))]


def probability(count: int, low: int, high: int) -> float:
    """Return the probability that the median lies between the samples of two ranks.

    >>> probability(12, 3, 10)
    0.96142578125
    """
    return tails(count)[high - 1] - tails(count)[low - 1]
