"""Text that a cell printed, as a reader should see it."""

from __future__ import annotations

import re

from docutils import nodes

ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
"""An ANSI escape sequence: a colour, a cursor movement, a terminal's title or link."""

COLOUR = re.compile(r"\x1b\[[\d;]*m")

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f]|\x1b(?!\[[\d;]*m)")


def plain(text: str, *, colours: bool = False) -> str:
    r"""Return the text without escape sequences and control characters; what ``\r`` overwrote is gone.

    Colours may stay.

    >>> plain("\x1b[31mred\x1b[0m, then 10 %\r100 %")
    '100 %'
    """
    text = ESCAPE.sub(lambda found: found[0] if colours and COLOUR.fullmatch(found[0]) else "", text)
    lines = text.replace("\r\n", "\n").split("\n")
    return CONTROL.sub("", "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines))


def lines(text: str) -> int:
    """Return how many lines a text has; a newline at its end starts none."""
    return len(text.rstrip("\n").split("\n"))


def untranslated(node: nodes.Element) -> nodes.Element:
    """Return a node whose texts are no messages for a site's translators: what ran made them, and no author."""
    for part in node.findall(nodes.TextElement):
        if not isinstance(part, nodes.Inline):  # which Sphinx takes out where they have the attribute
            part["translatable"] = False
    return node


def amount(count: int, noun: str) -> str:
    """Return a count with its noun: ``1 line``, ``27 library frames``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
