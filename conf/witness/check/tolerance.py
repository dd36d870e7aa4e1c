"""Texts that may differ in their floats, by a relative tolerance that their cell states."""

from __future__ import annotations

import math
import re
from itertools import zip_longest

NUMBER = re.compile(r"(?<![\w.])[+-]?(?:\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|inf|nan)(?![\w.]*\w)")


def close(expected: str, got: str, rtol: float) -> bool:
    """Return whether two texts are equal but for floats that differ by no more than ``rtol``, relatively.

    Whole numbers must be equal, and the texts between the numbers too, blanks apart: a wider number moves them.

    >>> close("[0.5 1.0] of 2", "[0.5000001 1.] of 2", 1e-6)
    True
    >>> close("2 traces", "3 traces", 0.9)
    False
    """
    between = [[" ".join(part.split()) for part in NUMBER.split(text)] for text in (expected, got)]
    numbers = [NUMBER.findall(text) for text in (expected, got)]
    return between[0] == between[1] and all(
        a is not None and b is not None and _equal(a, b, rtol) for a, b in zip_longest(*numbers)
    )


def _equal(a: str, b: str, rtol: float) -> bool:
    if a == b:
        return True
    if a.lstrip("+-").isdigit() and b.lstrip("+-").isdigit():
        return False
    return math.isclose(float(a), float(b), rel_tol=rtol)
