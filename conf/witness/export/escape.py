"""Text as Markdown, so that it is read as text; and code spans and fences that hold what they quote."""

from __future__ import annotations

import re

SPECIAL = re.compile(
    r"""
    \\(?=[!-/:-@\[-`{-~]|$)           # a backslash that would escape what follows
    | [`*$~\[\]]
    | (?<![^\W_])_ | _(?![^\W_])      # underscores, but for those within a word
    | <(?=[A-Za-z/!?])
    | &(?=\#?\w+;)
    """,
    re.VERBOSE | re.MULTILINE,
)
LINE_START = re.compile(r"^(\s*)(#{1,6}(?=\s|$)|[-+>](?=\s|$)|=+\s*$|-+\s*$|(\d+)(?=[.)](?:\s|$)))", re.MULTILINE)


def escaped(text: str) -> str:
    r"""Return a text with a backslash before each character that Markdown would read otherwise.

    >>> escaped("a_b * [c] <d> and a < b")
    'a_b \\* \\[c\\] \\<d> and a < b'
    """
    return SPECIAL.sub(lambda found: "\\" + found[0], text)


def line_starts(text: str) -> str:
    r"""Return a paragraph in which no line begins like a heading, a list, a rule or a quotation.

    >>> line_starts("1. one\n# two")
    '1\\. one\n\\# two'
    """
    return LINE_START.sub(lambda found: f"{found[1]}{found[3]}\\" if found[3] else f"{found[1]}\\{found[2]}", text)


def fence(text: str, least: int) -> str:
    """Return more backticks than stand in a row in the text, ``least`` or more."""
    return "`" * max([least, *(len(run) + 1 for run in re.findall("`+", text))])


def code_span(text: str) -> str:
    """Return a text as a code span.

    >>> code_span("a`b")
    '``a`b``'
    """
    text = " ".join(text.split("\n"))
    ticks = fence(text, 1)
    space = " " if text.startswith("`") or text.endswith("`") or (text[:1] == text[-1:] == " " and text.strip()) else ""
    return f"{ticks}{space}{text}{space}{ticks}"


def code_block(text: str, language: str = "") -> str:
    """Return a text as a fenced block of code."""
    ticks = fence(text, 3)
    language = "" if language in ("default", "none", "text") else language
    return f"{ticks}{language}\n{text.rstrip(chr(10))}\n{ticks}"
