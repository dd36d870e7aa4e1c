"""How a figure is written: in one unit, with two significant digits, and one more where its interval earns it."""

from __future__ import annotations

import math
from collections.abc import Sequence

UNITS = (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6), ("ns", 1e-9))
"""Units of time, and their seconds."""

NOTHING = "less than 1 ns"
"""How no time at all reads: no clock counts finer."""


def significant(value: float, digits: int = 2) -> str:
    """Return a number with so many significant digits, and never an exponent.

    >>> significant(10.54), significant(0.996), significant(137.2)
    ('11', '1.0', '140')
    """
    if value == 0:
        return "0"
    rounded = round(value, digits - 1 - magnitude(value))
    return f"{rounded:.{max(0, digits - 1 - magnitude(rounded))}f}"


def magnitude(value: float) -> int:
    """Return which power of ten the first digit of a number counts."""
    return math.floor(math.log10(abs(value)))


def earned(figure: float, low: float, high: float) -> int:
    """Return how many digits a figure has whose interval is known.

    They are three where the interval is narrower than a step of the second digit, which alone would hide it.

    >>> earned(0.81, 0.79, 0.85), earned(1.043, 1.040, 1.046)
    (2, 3)
    """
    return 3 if figure and high - low < 10.0 ** (magnitude(figure) - 1) else 2


def unit(seconds: float) -> tuple[str, float]:
    """Return the unit that a time is told in, and its seconds: the largest of which there is one, once rounded."""
    found = (pair for pair in UNITS if float(significant(abs(seconds) / pair[1])) >= 1)
    return next(found, UNITS[-1])


def duration(seconds: float, digits: int = 2) -> str:
    """Return a time in its own unit.

    >>> duration(0.0009996), duration(0.0)
    ('1.0 ms', 'less than 1 ns')
    """
    return durations([seconds], digits)[0]


def durations(seconds: Sequence[float], digits: int = 2) -> list[str]:
    """Return times, all in the unit of the first, each with so many digits.

    >>> durations([0.00104, 0.000303, 1.2])
    ['1.0 ms', '0.30 ms', '1200 ms']
    """
    name, size = unit(seconds[0])
    return [f"{significant(value / size, digits)} {name}" if value else NOTHING for value in seconds]


def span(seconds: Sequence[float], digits: int = 2) -> str:
    """Return the last two of some times as a range, in the unit of the first.

    >>> span([0.0012, 0.001, 0.0013])
    '1.0 to 1.3 ms'
    """
    *_, low, high = durations(seconds, digits)
    head, _, name = low.rpartition(" ")
    return f"{head if head and high.endswith(f' {name}') and seconds[-2] else low} to {high}"
