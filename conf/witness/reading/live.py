"""Live roles in a page's prose."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nbformat import NotebookNode

from witness.reading.plan import EVAL, Live, Unreadable
from witness.records.values import NoLiveValue, split

EVALUATED = re.compile(r"(?<!`)\{eval\}`([^`]+)`(?!`)|^\s*(?:`{3,}|~{3,}|:{3,})\s*\{eval(?::figure)?\}[ \t]+(\S+)\s*$")
ROLE = re.compile(r"(?<!`)\{live\}`([^`]+)`(?!`)")
CODE_SPAN = re.compile(r"(`{2,}).+?\1")
FENCE = re.compile(r"^\s*(`{3,}|~{3,}|:{3,})\s*(\{[\w:-]+\}|\w+)?")
PROSE_FREE = {"{code-block}", "{code}", "{raw}", "{math}", "{literalinclude}", "{mermaid}"}


def live_values(notebook: NotebookNode, text: str, path: str, names: str | None = None) -> Iterator[Live]:
    """Yield the live roles of a page in order; with ``names``, a pattern, MyST-NB's own ``eval`` of such names too.

    Raises Unreadable where one holds no expression.
    """
    lines = text.split("\n")
    starts = notebook.metadata.get("source_map")
    above = 0
    for index, cell in enumerate(notebook.cells):
        above += cell.cell_type == "code"
        if cell.cell_type != "markdown":
            continue
        start = starts[index] if starts else (index + 1) * 10000 + 1  # as MyST-NB numbers the lines of a notebook
        while starts and start < len(lines) and not lines[start].strip():
            start += 1
        for offset, prose in prose_lines(cell.source):
            for match in ROLE.finditer(prose):
                try:
                    expression, form = split(match[1])
                except NoLiveValue as error:
                    raise Unreadable(path, [(start + offset + 1, f"live value: {error}")]) from error
                yield Live(expression, form, start + offset + 1, above)
            for match in EVALUATED.finditer(prose) if names else ():
                if re.match(names or "", name := match[1] or match[2]):
                    yield Live(name, EVAL, start + offset + 1, above)


def first_live(notebook: NotebookNode | None, text: str) -> int:
    """Return the line of the first live role of a page, or 0."""
    if notebook and not notebook.metadata.get("source_map"):
        text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    return next((offset + 1 for offset, prose in prose_lines(text) if ROLE.search(prose)), 0)


def prose_lines(source: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of Markdown, from 0, that are prose: outside literal fences, comments and code spans."""
    literal = None
    for offset, line in enumerate(source.split("\n")):
        fence = FENCE.match(line)
        if literal:
            if fence and fence[1].startswith(literal) and not fence[2]:
                literal = None
            continue
        if fence and (fence[2] in PROSE_FREE or (fence[1][0] != ":" and not (fence[2] or "").startswith("{"))):
            if fence[2]:
                literal = fence[1]
            continue
        if not line.startswith("%"):
            yield offset, CODE_SPAN.sub("", line)
