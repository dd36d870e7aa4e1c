"""A page's tree as plain Markdown, with a place for each code cell: nothing is left that only MyST understands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from textwrap import indent

from docutils import nodes

from witness.export.escape import code_block, code_span, line_starts
from witness.export.inline import UNSEEN, Inline, around
from witness.export.links import PageLinks
from witness.export.table import table
from witness.nodes.fold import fold


@dataclass(frozen=True)
class Prose:
    """Prose between two code cells."""

    text: str
    attachments: dict[str, dict[str, str]] = field(default_factory=dict)
    """The pictures in it: for each name, a kind and base64."""


ANSWER = "<details><summary>Answer</summary>\n\n{}\n\n</details>"
"""How Markdown keeps an answer out of sight until it is asked for."""

Piece = Prose | int
"""Prose, or the place in the notebook of a code cell."""


def markdown(doctree: nodes.document, links: PageLinks) -> list[Piece]:
    """Return a page's prose and its code cells, in order."""
    writer = Blocks(links)
    writer.all(doctree.children, level=0)
    writer.flush()
    return writer.pieces


class Blocks:
    """Writes the blocks of a page, one after another."""

    def __init__(self, links: PageLinks) -> None:
        self.pieces: list[Piece] = []
        self._links = links
        self._inline = Inline(links)
        self._blocks: list[str] = []

    def flush(self) -> None:
        """End a passage."""
        text = "\n\n".join(block for block in self._blocks if block.strip())
        if text:
            self.pieces.append(Prose(text, self._inline.attachments))
        self._blocks, self._inline = [], Inline(self._links)

    def all(self, children: Iterable[nodes.Node], level: int) -> None:
        """Write blocks below a heading of a level."""
        run: list[nodes.Node] = []
        for node in children:
            if isinstance(node, (nodes.Text, nodes.Inline)) and not isinstance(node, UNSEEN):
                run.append(node)
                continue
            self._paragraph(run)
            run = []
            if isinstance(node, nodes.Element) and not isinstance(node, UNSEEN):
                self._block(node, level)
        self._paragraph(run)

    def _paragraph(self, run: Iterable[nodes.Node]) -> None:
        self._blocks.append(line_starts("".join(map(self._inline.written, run)).strip()))

    def _bold(self, text: str) -> None:
        self._blocks.append(around(" ".join(text.split()), "**", "**"))

    def _text(self, children: Iterable[nodes.Node], level: int) -> str:
        """Return blocks as text of their own: what stands in a list or a quotation."""
        kept, self._blocks = self._blocks, []
        self.all(children, level)
        written, self._blocks = self._blocks, kept
        return "\n\n".join(block for block in written if block.strip())

    def _block(self, node: nodes.Element, level: int) -> None:
        match node:
            case _ if node.get("nb_element") == "cell_rest":  # what its notebook has below its code
                pass
            case _ if node.get("nb_element") == "cell_code":
                self.flush()
                self.pieces.append(int(node["cell_index"]))
            case nodes.section():
                self.all(node.children, level + 1)
            case nodes.title() if isinstance(node.parent, (nodes.section, nodes.document)):
                self._blocks.append("#" * min(max(level, 1), 6) + " " + " ".join(self._inline.inside(node).split()))
            case nodes.title() | nodes.subtitle() | nodes.rubric() | nodes.caption() | nodes.term():
                self._titled(node)
            case nodes.literal_block() | nodes.doctest_block():
                language = "python" if isinstance(node, nodes.doctest_block) else str(node.get("language", ""))
                self._blocks.append(code_block(node.astext(), language))
            case nodes.math_block():
                self._blocks.append(formula(node))
            case nodes.bullet_list() | nodes.enumerated_list():
                self._list(node, level)
            case nodes.definition_list_item() | nodes.field():
                head, *rest = node.children
                self._blocks.append(
                    item("- ", self._text([nodes.rubric("", "", *head.deepcopy().children), *rest], level))
                )
            case nodes.line_block():
                lines = (self._inline.inside(line) for line in node.findall(nodes.line))
                self._blocks.append("  \n".join(map(line_starts, lines)))
            case nodes.table():
                self.all([child for child in node.children if isinstance(child, nodes.title)], level)
                self._blocks.append(table(node, self._inline))
            case nodes.transition():
                self._blocks.append("---")
            case nodes.footnote() | nodes.citation():
                label, *rest = node.children
                self._blocks.append(f"\\[{label.astext()}\\] {self._text(rest, level)}")
            case nodes.raw() | nodes.image():
                self._blocks.append(self._inline.written(node))
            case _:
                self._other(node, level)

    def _other(self, node: nodes.Element, level: int) -> None:
        if "witness-answer" in node["classes"]:
            self._blocks.append(ANSWER.format(self._text(node.children, level)))
            return
        if isinstance(node, fold) and "summary" in node and "witness-look" not in node["classes"]:
            self._bold(node["summary"])
        holds_cell = any(part.get("nb_element") == "cell_code" for part in node.findall(nodes.container))
        if isinstance(node, nodes.block_quote) or (isinstance(node, nodes.Admonition) and not holds_cell):
            exercise = "exercise" in node["classes"]
            text = self._text(node.children, level)
            self._blocks.append(text if exercise else quoted(text))
        elif node.tagname == "desc_signature":
            self._blocks.append(code_span(node.astext()))
        elif isinstance(node, nodes.TextElement):
            self._paragraph(node.children)
        else:
            self.all(node.children, level)

    def _titled(self, node: nodes.Element) -> None:
        """Write the title of something: of an exercise its number too, which the HTML writer alone would add."""
        number = self._links.label(node.parent, str(node["title"]) if "title" in node else None) if node.parent else ""
        text = self._inline.inside(node)
        self._bold(f"{number}{'' if text.startswith(' ') else ' '}{text}" if number else text)

    def _list(self, node: nodes.Element, level: int) -> None:
        marks = [
            f"{node.get('start', 1) + n}. " if isinstance(node, nodes.enumerated_list) else "- "
            for n in range(len(node))
        ]
        entries = [
            item(mark, self._text(entry.children, level)) for mark, entry in zip(marks, node.children, strict=True)
        ]
        loose = any("\n\n" in entry for entry in entries)
        self._blocks.append(("\n\n" if loose else "\n").join(entries))


def item(mark: str, text: str) -> str:
    """Return a text as an item of a list."""
    return mark + indent(text, " " * len(mark))[len(mark) :]


def quoted(text: str) -> str:
    """Return a text as a quotation."""
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def formula(node: nodes.math_block) -> str:
    """Return a displayed formula between dollars, its lines aligned and its number beside it, as on the page."""
    text = "\n".join(line for line in node.astext().strip().split("\n") if line.strip())
    if "\\\\" in text and "\\begin" not in text:
        text = f"\\begin{{aligned}}\n{text}\n\\end{{aligned}}"
    number = f" \\tag{{{node['number']}}}" if node.get("number") else ""
    return f"$$\n{text}{number}\n$$"
