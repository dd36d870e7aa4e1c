"""What a terminal does not print as letters: taken out of a text to read it, and kept where the text is changed."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from itertools import accumulate

Replacement = tuple[int, int, str]
"""Start, end, and what stands there instead."""

COLOUR = r"\x1b\[[0-?]*[ -/]*[@-~]|\\(?:x1[Bb]|u001[Bb]|033|e)\[[0-9;]*m"
"""A terminal's colour or cursor, or the same as a literal of Python or JSON."""

CONTROL = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 127])
"""Control characters that are not between words."""

ONE = re.compile(COLOUR)
RUN = re.compile(rf"((?:{COLOUR}|[{''.join(map(re.escape, map(chr, CONTROL)))}])+)")


def letters(text: str) -> str:
    r"""Return a text as its letters alone.

    >>> letters("/usr\x1b[32m/lib\x1b[39m")
    '/usr/lib'
    """
    return ONE.sub("", text).translate(CONTROL)


def woven(text: str, spans: Iterable[Replacement], change: Callable[[str], str]) -> str:
    r"""Return a text with spans of its letters replaced, and its codes where they were; those in a span follow it.

    ``change`` makes the replacements fit.

    >>> woven("/usr\x1b[32m/lib\x1b[39m", [(0, 4, "~")], str)
    '~\x1b[32m/lib\x1b[39m'
    """
    pieces: list[str] = []
    done = 0
    if letters(text) == text:
        for start, end, shown in spans:
            pieces += text[done:start], change(shown)
            done = end
        return "".join([*pieces, text[done:]])
    parts = RUN.split(text)
    codes = parts[1::2]
    removed = list(accumulate(map(len, codes), initial=0))
    places = list(accumulate(map(len, parts[:-1:2])))
    for start, end, shown in spans:
        first, last = bisect_right(places, start), bisect_left(places, end)
        pieces += text[done : start + removed[first]], change(shown)
        pieces += codes[first:last]
        done = end + removed[last]
    return "".join([*pieces, text[done:]])
