"""Numbers as prose writes them, and their values."""

from __future__ import annotations

from witness.python.words import words

DIGITS = r"\d+(?:[.,\u2009\u202f]\d+)*(?:e[+-]?\d+)?"
VALUES = dict(
    zip(
        words(
            "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
            "seventeen eighteen nineteen twenty thirty forty fifty sixty hundred thousand million dozen"
        ),
        [*range(1, 21), 30, 40, 50, 60, 100, 1000, 10**6, 12],
        strict=True,
    )
)
PARTS = dict(
    zip(
        words("half third quarter fifth sixth seventh eighth ninth tenth hundredth thousandth"),
        [*range(2, 11), 100, 1000],
        strict=True,
    )
)
"""What is left of a thing, as the number it is divided by."""
NUMBERS = "|".join(VALUES)
VAGUE = r"(?:a )?few|several|many|a couple of|dozens of|hundreds of|thousands of|millions of|tens of"
