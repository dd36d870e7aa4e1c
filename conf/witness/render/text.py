"""Text that a cell printed, as a reader should see it."""

from __future__ import annotations

import re

ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
"""An ANSI escape sequence: a colour, a cursor movement, a terminal's title or link."""

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def plain(text: str) -> str:
    r"""Return the text without escape sequences and control characters; what ``\r`` overwrote is gone.

    >>> plain("\x1b[31mred\x1b[0m, then 10 %\r100 %")
    '100 %'
    """
    lines = ESCAPE.sub("", text).replace("\r\n", "\n").split("\n")
    return CONTROL.sub("", "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines))


def lines(text: str) -> int:
    """Return how many lines a text has; a newline at its end starts none."""
    return len(text.rstrip("\n").split("\n"))


def amount(count: int, noun: str) -> str:
    """Return a count with its noun: ``1 line``, ``27 library frames``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
