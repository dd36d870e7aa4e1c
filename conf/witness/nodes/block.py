"""A block of text among a cell's outputs."""

from __future__ import annotations

from collections.abc import Sequence

from docutils import nodes

from witness.nodes.fold import fold, scroll
from witness.nodes.text import COLOUR, amount, lines, plain, untranslated

ANSI = "myst-ansi"
"""MyST-NB's lexer of text, unless a site chose another: it knows colours, and nothing else."""

SCREEN = 40
"""Lines that are shown at once; longer text scrolls within itself."""


def block(text: str, what: str, classes: Sequence[str] = (), language: str = "text") -> nodes.Element:
    """Return text as it was printed; long text scrolls, and its size is said. A lexer of ANSI's gets the colours."""
    coloured = "ansi" in language and bool(COLOUR.search(text))
    text = plain(text, colours=coloured).rstrip("\n")
    language = "text" if language == ANSI and not coloured else language
    node = nodes.literal_block(text, text, language=language, classes=[*classes])
    size = lines(text)
    if size <= SCREEN:
        return node
    label = f"{what}, {amount(size, 'line')}"
    region = scroll("", node, label=label)
    said = untranslated(nodes.paragraph(label, label, classes=["witness-size"]))
    return nodes.container("", said, region, classes=["witness-long"])


def folded(text: str, summary: str, classes: Sequence[str] = (), language: str = "text", what: str = "") -> fold:
    """Return text that a reader opens; it scrolls where it is long. The summary tells ``what`` it is, or more."""
    return fold("", block(text, what or summary, language=language), summary=summary, classes=[*classes])
