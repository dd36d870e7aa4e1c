"""A passage of prose: its source, the same with everything masked that is not prose, and its code spans."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from witness.records.values import NoLiveValue, split

MASK = "\N{OBJECT REPLACEMENT CHARACTER}"
SPAN = re.compile(
    r"(?<![`\\])(?P<role>\{[A-Za-z][\w:.+-]*\})?(?P<ticks>`+)(?P<body>.+?)(?<!`)(?P=ticks)(?!`)", re.DOTALL
)
COMMENT = re.compile(r"<!--.*?(-->|\Z)", re.DOTALL)
NOT_PROSE = tuple(
    re.compile(pattern, re.DOTALL)
    for pattern in (
        r"\$\$.*?\$\$",
        r"(?<![\\$\w])\$(?!\s)[^$]+?(?<![\s\\])\$(?!\d)",
        r"(?<=\])\([^()\s]*(?:\([^()]*\)[^()\s]*)*\s*(?:\"[^\"]*\")?\)",  # where a link goes
        r"(?<=\])\[[^\]\n]*\]",
        r"</?[A-Za-z][^<>]*>",  # HTML and <https://…>
        r"https?://\S+",
        r"\{[#.][^{}\n]*\}",
        r"\{\{.*?\}\}",
    )
)


@dataclass(frozen=True)
class InlineSpan:
    """A code span, or a role and its text."""

    line: int
    column: int | None
    role: str | None
    """Name of the role, without braces."""
    ticks: int
    text: str

    @cached_property
    def expression(self) -> str:
        """What a live value shows, without its format; an empty text where that cannot be told."""
        try:
            return split(self.text)[0]
        except NoLiveValue:
            return ""

    @cached_property
    def tree(self) -> ast.Expression | None:
        """The same, parsed; None where there is nothing to parse."""
        return ast.parse(self.expression, mode="eval") if self.expression else None


@dataclass(frozen=True)
class Passage:
    """Lines of prose that belong together."""

    line: int
    """First line on the page, from 1."""
    source: str
    exact: bool = True
    """Whether the source has the page's own columns."""

    @cached_property
    def _without_spans(self) -> str:
        return SPAN.sub(_mask, COMMENT.sub(_mask, self.source))

    @cached_property
    def prose(self) -> str:
        """The words alone: code, roles, mathematics, links' targets and HTML are masked; as long as the source.

        Emphasis becomes blanks, so that ``**ten** times`` is read as a reader reads it.
        """
        text = self._without_spans
        for pattern in NOT_PROSE:
            text = pattern.sub(_mask, text)
        return text.replace("*", " ")

    @property
    def no_code(self) -> str:
        """The source with comments and code spans masked, and nothing else."""
        return self._without_spans

    def spans(self) -> Iterator[InlineSpan]:
        """Yield code spans and roles in order."""
        for found in SPAN.finditer(COMMENT.sub(_mask, self.source)):
            role = found["role"]
            line, column = self.place(found.start())
            yield InlineSpan(line, column, role[1:-1] if role else None, len(found["ticks"]), found["body"])

    def place(self, offset: int) -> tuple[int, int | None]:
        """Return line and column on the page, from 1, of an offset in the source; the column where it is known."""
        above = self.source.count("\n", 0, offset)
        column = offset - self.source.rfind("\n", 0, offset)
        return self.line + above, column if self.exact else None


@dataclass(frozen=True)
class Table(Passage):
    """A table written by hand, in Markdown."""

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the line and the entries of each row below the head."""
        for offset, line in enumerate(self.source.splitlines()):
            if offset > 1:
                yield self.line + offset, [entry.strip() for entry in line.strip().strip("|").split("|")]


def _mask(found: re.Match[str]) -> str:
    return re.sub(r"[^\n]", MASK, found[0])
