"""A table as Markdown."""

from __future__ import annotations

from docutils import nodes

from witness.export.inline import Inline


def table(node: nodes.table, inline: Inline) -> str:
    """Return a table with one line a row; a cell that spans several is followed by empty ones."""
    head = [row for part in node.findall(nodes.thead) for row in part.findall(nodes.row)]
    body = [row for part in node.findall(nodes.tbody) for row in part.findall(nodes.row)]
    rows = [_cells(row, inline) for row in (*head, *body)]
    width = max(map(len, rows), default=0)
    if not head:
        rows.insert(0, [])
    lines = ["| " + " | ".join([*row, *[""] * (width - len(row))]) + " |" for row in rows]
    lines.insert(1, "|" + "---|" * width)
    return "\n".join(lines)


def _cells(row: nodes.row, inline: Inline) -> list[str]:
    cells: list[str] = []
    for entry in row.children:
        if isinstance(entry, nodes.entry):
            parts = [_part(child, inline) for child in entry.children]
            cells.append("<br>".join(part.replace("\n", " ").replace("|", "\\|") for part in parts if part))
            cells += [""] * int(entry.get("morecols", 0))
    return cells


def _part(node: nodes.Node, inline: Inline) -> str:
    """Return a block within a cell, on one line."""
    if isinstance(node, nodes.TextElement):
        return (
            inline.inside(node)
            if not isinstance(node, nodes.literal_block)
            else inline.written(nodes.literal("", node.astext()))
        )
    return "<br>".join(filter(None, (_part(child, inline) for child in node.children))) or inline.written(node)
