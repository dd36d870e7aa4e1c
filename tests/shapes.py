"""Samples of many shapes, with their true medians."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Callable

Draw = Callable[[random.Random], float]


def two_modes(share: float, apart: float, noise: float) -> Draw:
    """Return samples from two modes, a part of them from the lower."""
    return lambda r: (1.0 if r.random() < share else 1.0 + apart) * math.exp(r.gauss(0, noise))


def quantile_of_modes(share: float, apart: float, noise: float) -> float:
    """Return the true median of `two_modes`, by bisection."""
    mode = statistics.NormalDist(0, noise)
    low, high = 0.5, 2 + apart
    for _ in range(200):
        middle = (low + high) / 2
        below = share * mode.cdf(math.log(middle)) + (1 - share) * mode.cdf(math.log(middle / (1 + apart)))
        low, high = (middle, high) if below < 0.5 else (low, middle)
    return low


LN2 = math.log(2)
SHAPES: dict[str, tuple[Draw, float]] = {
    "lognormal, little noise": (lambda r: r.lognormvariate(0, 0.005), 1.0),
    "lognormal, some noise": (lambda r: r.lognormvariate(0, 0.04), 1.0),
    "lognormal, much noise": (lambda r: r.lognormvariate(0, 1.0), 1.0),
    "a floor and an exponential tail": (lambda r: 1 + r.expovariate(20), 1 + LN2 / 20),
    "exponential": (lambda r: r.expovariate(1), LN2),
    "a floor and a tail without a mean": (lambda r: 1 + 0.03 * (r.random() ** -1.25 - 1), 1 + 0.03 * (2**1.25 - 1)),
    **{
        f"{share:.0%} in the lower of two modes, {apart:.0%} apart": (
            two_modes(share, apart, noise),
            quantile_of_modes(share, apart, noise),
        )
        for share, apart, noise in [
            (0.5, 0.5, 0.02),
            (0.5, 3.0, 0.002),
            (0.52, 0.1, 0.005),
            (0.6, 0.5, 0.02),
            (0.8, 0.5, 0.02),
            (0.95, 2.0, 0.1),
            (0.45, 0.5, 0.002),
        ]
    },
}
