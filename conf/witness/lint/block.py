"""The blocks of a page: fences, passages of prose, headings and tables, wherever they are nested."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from docutils.parsers.rst import Directive
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from myst_parser.parsers.directives import parse_directive_text
from myst_parser.parsers.mdit import create_md_parser

from witness.lint.passage import Passage, Table
from witness.python.words import words
from witness.reading.site import MARKDOWN

DIRECTIVE = re.compile(r"\{(?P<name>[^\s{}]+)\}\s*(?P<argument>.*)")
LITERAL = frozenset(
    words(
        "autoclass autofunction autoexception automethod automodule autosummary bibliography code code-block code-cell "
        "contents csv-table doctest eval-rst glue graphviz highlight image include index literalinclude math mermaid "
        "parsed-literal plot prompt raw raw-cell sourcecode testcode testoutput toctree"
    )
)
"""Directives whose content is not Markdown; that of all others is prose of the page."""


class _AnyDirective(Directive):
    option_spec = {"options": str}  # noqa: RUF012 - docutils' own shape
    optional_arguments = 1
    has_content = True


@dataclass(frozen=True)
class Fence:
    """A fenced (or indented) block."""

    line: int
    """Line on which it opens, from 1."""
    end: int
    """Last line, from 1."""
    marker: str
    """The opening backticks, tildes or colons; empty for an indented block."""
    info: str
    content: str
    closed: bool
    inside: str | None
    """What it is nested in; None at the top level of the page."""

    @property
    def directive(self) -> str | None:
        """Name of the directive, such as ``code-cell``; None for a plain fence."""
        found = DIRECTIVE.match(self.info)
        return found["name"] if found else None

    @property
    def argument(self) -> str:
        """What follows the directive's name, or the language of a plain fence."""
        found = DIRECTIVE.match(self.info)
        return found["argument"].strip() if found else self.info

    @property
    def is_cell(self) -> bool:
        """Whether MyST-NB executes it."""
        return self.info.startswith("{code-cell}") and self.marker[:1] in "`~" and bool(self.marker) and not self.inside


@dataclass(frozen=True)
class Heading:
    """A heading that begins a section."""

    line: int
    level: int
    text: str


Block = Fence | Passage | Heading | Table


@cache
def _parser() -> MarkdownIt:
    return create_md_parser(MARKDOWN, RendererHTML)


def blocks(lines: Sequence[str], first: int = 1, inside: str | None = None, exact: bool = True) -> Iterator[Block]:
    """Yield the blocks in lines of Markdown, of which the first has the number ``first`` on the page.

    ``inside`` names the directive they stand in; ``exact`` is False where the lines lost an indentation.
    """
    containers: list[str] = []
    table = False
    level = 0  # of the heading we are in
    for token in _parser().parse("\n".join(lines) + "\n"):
        start, end = token.map or (0, 0)
        if token.nesting == -1:
            containers.pop()
            table = table and token.type != "table_close"
            level = 0
        elif token.nesting == 1:
            containers.append(token.type.removesuffix("_open"))
            if token.type == "table_open":
                table = True
                yield Table(first + start, "\n".join(lines[start:end]), exact)
            level = int(token.tag[1:]) if token.type == "heading_open" else 0
        elif token.type in ("fence", "colon_fence", "code_block"):
            fence = _fence(token, lines, first, _container(containers) or inside)
            yield fence
            yield from _within(fence, exact and not containers)
        elif token.type == "html_block" or (token.type == "inline" and not table and token.map):
            yield Passage(first + start, "\n".join(lines[start:end]), exact)
            if level and not inside and len(containers) == 1:
                yield Heading(first + start, level, token.content)


def _container(containers: Sequence[str]) -> str | None:
    names = {"blockquote": "a quotation", "list_item": "a list", "dd": "a definition", "footnote": "a footnote"}
    return names.get(containers[-1], "another block") if containers else None


def _fence(token: Token, lines: Sequence[str], first: int, inside: str | None) -> Fence:
    start, end = token.map or (0, 0)
    last = lines[end - 1].strip(" \t>") if end <= len(lines) else ""
    mark = token.markup
    closed = not mark or (end - start > 1 and len(last) >= len(mark) and set(last) == {mark[0]})
    return Fence(first + start, first + end - 1, mark, token.info.strip(), token.content, closed, inside)


def _within(fence: Fence, exact: bool) -> Iterator[Block]:
    """Yield what stands in a directive whose content is prose, its title included."""
    name = fence.directive
    if name is None or name in LITERAL:
        return
    if fence.argument:
        yield Passage(fence.line, fence.argument, exact=False)
    result = parse_directive_text(_AnyDirective, "", fence.content, validate_options=False)
    yield from blocks(result.body, fence.line + 1 + max(result.body_offset, 0), f"{{{name}}}", exact)
