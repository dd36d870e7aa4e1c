"""IR as it stands on a page: highlighted, each line an element, so that a long one wraps below its own beginning."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from docutils import nodes
from pygments.token import STANDARD_TYPES, Name, Operator, Punctuation, Text, Whitespace, _TokenType
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

from witness.lexers import LEXERS

PLAIN = (Name, Operator, Punctuation, Text, Whitespace)
"""Kinds of token that look like text: without an element of their own a page weighs half as much."""


class listing(nodes.literal_block):  # noqa: N801 (docutils' nodes are written so)
    """IR in ``language``; builders other than HTML's take it for the literal block that it is."""


def visit_listing(self: HTML5Translator, node: listing) -> None:
    """Write a listing."""
    language = node["language"]
    self.body.append(self.starttag(node, "div", suffix="", CLASS=f"highlight-{language} notranslate"))
    self.body.append('<div class="highlight"><pre class="witness-listing"><span></span>')
    self.body += marked(node.astext(), language)
    self.body.append("</pre></div></div>\n")
    raise nodes.SkipNode


def marked(text: str, language: str) -> Iterator[str]:
    """Yield the HTML of each line, which says how far it is indented."""
    for line in _lines(text, language):
        start = "".join(value for _, value in line)
        indent = len(start) - len(start.lstrip(" "))
        yield f'<span style="--i:{indent}">' if indent else "<span>"
        for kind, value in line:
            part = escape(value, quote=False)
            yield part if kind in PLAIN or not value else f'<span class="{STANDARD_TYPES[kind]}">{part}</span>'
        yield "\n</span>"


def _lines(text: str, language: str) -> Iterator[list[tuple[_TokenType, str]]]:
    line: list[tuple[_TokenType, str]] = []
    if language in LEXERS:
        tokens = LEXERS[language](stripnl=False, ensurenl=False).get_tokens(text)
    else:
        tokens = iter([(Text, text)])
    for kind, value in tokens:
        first, *more = value.split("\n")
        line.append((kind, first))
        for part in more:
            yield line
            line = [(kind, part)]
    yield line


def add(app: Sphinx) -> None:
    """Teach the HTML builders the node."""
    app.add_node(listing, html=(visit_listing, None))
