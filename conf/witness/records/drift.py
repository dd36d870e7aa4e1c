"""Whether samples drift: whether they grow, or shrink, as time goes by."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from itertools import pairwise

GROUPS = 100
"""More samples than these are first gathered, in their order, into so many groups, each with its median."""

CRITICAL = 3.3
"""Standard deviations from nothing at which a trend is no chance: one false alarm in a thousand."""

CHANGE = 0.05
"""Change from the first third to the last, over the median, below which a trend does not matter."""


def drifts(samples: Sequence[float]) -> bool:
    """Return whether samples, in the order of their time, have a trend that is neither chance nor too small to matter.

    The trend is Kendall's: pairs in rising order less pairs in falling order (H. B. Mann, Econometrica 13, 1945,
    245–259), which asks nothing of the distribution. Fewer than eight samples cannot show one.

    >>> drifts([1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7])
    True
    """
    medians = gathered(samples)
    count = len(medians)
    if count < 8:
        return False
    order = sum((b > a) - (b < a) for i, a in enumerate(medians) for b in medians[i + 1 :])
    deviation = math.sqrt(count * (count - 1) * (2 * count + 5) / 18)
    third = len(samples) // 3
    change = statistics.median(samples[-third:]) - statistics.median(samples[:third])
    return abs(order) > CRITICAL * deviation and abs(change) > CHANGE * statistics.median(samples)


def gathered(samples: Sequence[float]) -> Sequence[float]:
    """Return the samples, or the medians of equal groups of them where they are many."""
    count = len(samples)
    if count <= GROUPS:
        return samples
    bounds = [count * group // GROUPS for group in range(GROUPS + 1)]
    return [statistics.median(samples[a:b]) for a, b in pairwise(bounds)]
