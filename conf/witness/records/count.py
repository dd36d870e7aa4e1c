"""Numbers of things, as a sentence says them and as a command line takes them."""

from __future__ import annotations

import argparse


def counted(number: int, noun: str) -> str:
    """Return a number with its noun.

    >>> counted(1, "page"), counted(2, "page")
    ('1 page', '2 pages')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def whole(text: str) -> int:
    """Return a whole number from 1, the type of an argument. Raises ArgumentTypeError."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, got {text!r}")
    return int(text)
