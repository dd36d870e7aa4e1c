"""Searching a page: in its prose, and in the comments and strings of its cells."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from witness.lint.page import Page

Kind = Literal["prose", "comment", "string"]
Hit = tuple[re.Match[str], int, int | None]
"""A match with its line and column on the page."""
EVERYWHERE: tuple[Kind, ...] = ("prose", "comment", "string")


def hits(page: Page, pattern: re.Pattern[str], kinds: tuple[Kind, ...] = EVERYWHERE) -> Iterator[Hit]:
    """Yield each match in text of the given kinds."""
    for passage in page.passages if "prose" in kinds else ():
        for found in pattern.finditer(passage.prose):
            yield found, *passage.place(found.start())
    for remark in page.remarks():
        for found in pattern.finditer(remark.text) if remark.kind in kinds else ():
            yield found, *remark.place(found.start())


def code_hits(page: Page, pattern: re.Pattern[str]) -> Iterator[Hit]:
    """Yield the first match in each code span of the prose, roles other than ``code`` set aside."""
    for passage in page.passages:
        for span in passage.spans():
            found = pattern.search(span.text) if span.role in (None, "code") else None
            if found:
                yield found, span.line, span.column


def quoted(text: str) -> str:
    """Return matched text as a message shows it: on one line, between backticks."""
    return f"`{' '.join(text.split())}`"
