"""A table in a cell's HTML, as pandas and its like display it: its text is read, and none of its markup let through."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from docutils import nodes

from witness.nodes.block import SCREEN
from witness.nodes.fold import scroll
from witness.nodes.text import amount, plain

TABLE = "application/vnd.witness.table+html"
"""The kind of an output that is HTML with a table in it; only pages know it."""

DROPPED = frozenset(
    re.findall(
        r"\w+",
        "applet audio canvas dialog frameset head iframe math meter noembed noframes noscript "
        "object picture plaintext portal progress script select style svg template textarea title video xmp ",
    )
)
"""Elements that are left out with all that is in them."""

INLINE: dict[str, type[nodes.TextElement]] = {
    "b": nodes.strong,
    "code": nodes.literal,
    "em": nodes.emphasis,
    "i": nodes.emphasis,
    "kbd": nodes.literal,
    "strong": nodes.strong,
    "sub": nodes.subscript,
    "sup": nodes.superscript,
    "tt": nodes.literal,
}
"""Elements that keep their meaning; of all others the text is kept."""

LINES = frozenset(
    re.findall(
        r"\w+",
        "br dd div dl dt h1 h2 h3 h4 h5 h6 hr li ol p pre td th tr ul ",
    )
)
"""Elements before which a word ends."""

WIDEST = 100
"""Columns and rows that one cell may span."""


@dataclass
class TableCell:
    """A cell of a table, with the text of a head where it is one."""

    head: bool
    columns: int
    rows: int
    words: list[nodes.Node] = field(default_factory=list)


@dataclass
class Row:
    """A row of a table."""

    head: bool
    cells: list[TableCell] = field(default_factory=list)


class Reader(HTMLParser):
    """Reads the tables in HTML, and the text around them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[list[Row] | list[nodes.Node]] = []
        """Tables, and what stands between them, in order."""
        self._rows: list[Row] | None = None
        self._cell: TableCell | None = None
        self._in_head = False
        self._depth = 0
        self._dropped = 0
        self._marks: list[str] = []
        self._address = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin an element."""
        if tag in DROPPED:
            self._dropped += 1
        if self._dropped:
            return
        if tag in LINES:
            self._say(" ")
        if tag == "table":
            self._depth += 1
            if self._depth == 1:
                self._rows, self._in_head = [], False
                self.found.append(self._rows)
        elif self._depth == 1:
            self._part(tag, dict(attrs))
        if tag in INLINE:
            self._marks.append(tag)
        elif tag == "a":
            address = (dict(attrs).get("href") or "").strip()
            self._address = address if address.lower().startswith(("https://", "http://")) else ""

    def _part(self, tag: str, given: dict[str, str | None]) -> None:
        """Begin a part of the outermost table; what was not ended before it ends."""
        if tag in ("thead", "tbody", "tfoot"):
            self._cell, self._in_head = None, tag == "thead"
        elif tag == "tr" and self._rows is not None:
            self._cell = None
            self._rows.append(Row(self._in_head))
        elif tag in ("td", "th") and self._rows is not None:
            if not self._rows:
                self._rows.append(Row(self._in_head))
            self._cell = TableCell(tag == "th", _number(given.get("colspan")), _number(given.get("rowspan")))
            self._rows[-1].cells.append(self._cell)
            self._marks, self._address = [], ""

    def handle_endtag(self, tag: str) -> None:
        """End an element."""
        if tag in DROPPED:
            self._dropped = max(0, self._dropped - 1)
        elif self._dropped:
            return
        elif tag == "table" and self._depth:
            self._depth -= 1
            if self._depth == 0:
                self._rows = self._cell = None
        elif tag in ("td", "th", "tr") and self._depth == 1:
            self._cell = None
        elif tag in self._marks:
            self._marks.remove(tag)
        elif tag == "a":
            self._address = ""

    def handle_data(self, data: str) -> None:
        """Take in text."""
        if not self._dropped:
            self._say(plain(data))

    def _say(self, text: str) -> None:
        if not text:
            return
        node: nodes.Node = nodes.Text(text)
        if text.strip():
            for mark in reversed(self._marks):
                node = INLINE[mark]("", "", node)
            if self._address:
                node = nodes.reference("", "", node, refuri=self._address)
        if self._cell is not None:
            self._cell.words.append(node)
        elif self._rows is None:
            if not self.found or not self.found[-1] or isinstance(self.found[-1][0], Row):
                self.found.append([])
            self.found[-1].append(node)  # type: ignore[arg-type]  # a list of either


def _number(text: str | None) -> int:
    return min(max(1, int(text)), WIDEST) if text and text.isascii() and text.isdigit() and len(text) < 9 else 1


def read(html: str) -> list[nodes.Element]:
    """Return the nodes of HTML that holds a table; none where it holds no table with a cell that says something."""
    reader = Reader()
    reader.feed(html)
    reader.close()
    found: list[nodes.Element] = []
    tables = 0
    for part in reader.found:
        rows = [row for row in part if isinstance(row, Row) and row.cells]
        words = [node for node in part if isinstance(node, nodes.Node)]
        if rows:
            tables += any(cell.words for row in rows for cell in row.cells)
            found.append(_sized(_table(rows), len(rows)))
        elif "".join(node.astext() for node in words).strip():
            found.append(nodes.paragraph("", "", *words, classes=["output"]))
    return found if tables else []


def _sized(table: nodes.table, rows: int) -> nodes.Element:
    return scroll("", table, label=f"Table, {amount(rows, 'row')}") if rows > SCREEN else table


def _table(rows: list[Row]) -> nodes.table:
    heads = next((n for n, row in enumerate(rows) if not row.head and not all(cell.head for cell in row.cells)), 0)
    placed, width = _placed(rows)
    body = placed[heads:]
    stubs = [all(cell.head for row in body for column, cell in row if column == place) for place in range(width)]
    first_plain = next((place for place, stub in enumerate(stubs) if not stub), 0)
    group = nodes.tgroup("", cols=width)
    group += [nodes.colspec("", colwidth=1, stub=int(place < first_plain)) for place in range(width)]
    for kind, part in ((nodes.thead, placed[:heads]), (nodes.tbody, body)):
        if part:
            group += kind("", *[_row(row) for row in part])
    return nodes.table("", group, classes=["witness-table"])


def _placed(rows: list[Row]) -> tuple[list[list[tuple[int, TableCell]]], int]:
    """Return the cells of each row with their columns, and the table's width; every place is some cell's."""
    taken: dict[tuple[int, int], bool] = {}
    placed: list[list[tuple[int, TableCell]]] = []
    for number, row in enumerate(rows):
        placed.append([])
        column = 0
        for cell in row.cells:
            while (number, column) in taken:
                column += 1
            cell.rows = min(cell.rows, len(rows) - number)
            free = next((n for n in range(cell.columns) if (number, column + n) in taken), cell.columns)
            cell.columns = max(1, free)
            taken |= {(number + r, column + c): True for r in range(cell.rows) for c in range(cell.columns)}
            placed[-1].append((column, cell))
            column += cell.columns
    width = max(column for _, column in taken) + 1
    for number, cells in enumerate(placed):
        cells += [(column, TableCell(False, 1, 1)) for column in range(width) if (number, column) not in taken]
        cells.sort(key=lambda placed_cell: placed_cell[0])
    return placed, width


def _row(cells: list[tuple[int, TableCell]]) -> nodes.row:
    row = nodes.row()
    for _, cell in cells:
        spans = {"morecols": cell.columns - 1, "morerows": cell.rows - 1}
        entry = nodes.entry("", **{name: more for name, more in spans.items() if more})
        if words := _trimmed(cell.words):
            entry += nodes.paragraph("", "", *words)
        row += entry
    return row


def _trimmed(words: list[nodes.Node]) -> list[nodes.Node]:
    """Return the contents of a cell without the blanks around them."""
    first = next((n for n, node in enumerate(words) if node.astext().strip()), len(words))
    last = next((n for n in range(len(words), 0, -1) if words[n - 1].astext().strip()), 0)
    kept = words[first:last]
    if kept and isinstance(kept[0], nodes.Text):
        kept[0] = nodes.Text(kept[0].astext().lstrip())
    if kept and isinstance(kept[-1], nodes.Text):
        kept[-1] = nodes.Text(kept[-1].astext().rstrip())
    return kept
