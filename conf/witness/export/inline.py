"""What stands within a line, as Markdown that any notebook shows."""

from __future__ import annotations

from collections.abc import Sequence

from docutils import nodes

from witness.export.escape import code_span, escaped
from witness.export.links import PageLinks

AROUND: Sequence[tuple[type[nodes.Element], str, str]] = (
    (nodes.strong, "**", "**"),
    (nodes.emphasis, "*", "*"),
    (nodes.title_reference, "*", "*"),
    (nodes.subscript, "<sub>", "</sub>"),
    (nodes.superscript, "<sup>", "</sup>"),
)
"""What is written around what these nodes hold."""

UNSEEN = (nodes.Invisible, nodes.system_message)


class Inline:
    """Writes what stands within a line; pictures are gathered as attachments."""

    def __init__(self, links: PageLinks) -> None:
        self.links = links
        self.attachments: dict[str, dict[str, str]] = {}

    def inside(self, node: nodes.Element) -> str:
        """Return what a node holds."""
        return "".join(map(self.written, node.children))

    def written(self, node: nodes.Node) -> str:
        """Return one node."""
        if isinstance(node, nodes.Text):
            return escaped(node.astext())
        if not isinstance(node, nodes.Element) or isinstance(node, UNSEEN):
            return ""
        if isinstance(node, nodes.literal):
            return code_span(node.astext())
        if isinstance(node, nodes.math):
            return f"${node.astext().strip()}$"
        if isinstance(node, nodes.image):
            return self._image(node)
        if isinstance(node, nodes.raw):
            return node.astext() if "html" in str(node.get("format", "")).split() else ""
        if isinstance(node, (nodes.footnote_reference, nodes.citation_reference)):
            return f"\\[{escaped(node.astext())}\\]"
        if isinstance(node, nodes.reference) and (target := self.links.target(node)):
            return f"[{self.inside(node)}]({target if target.isprintable() and ' ' not in target else f'<{target}>'})"
        for kind, before, after in AROUND:
            if isinstance(node, kind):
                return around(self.inside(node), before, after)
        return self.inside(node)

    def _image(self, node: nodes.image) -> str:
        name, data = self.links.picture(node)
        alternative = escaped(str(node.get("alt", "")))
        if data:
            self.attachments[name] = data
            name = f"attachment:{name}"
        return f"![{alternative}](<{name}>)" if name else alternative


def around(text: str, before: str, after: str) -> str:
    """Return a text between marks, which no space may follow or precede on its side."""
    core = text.strip()
    if not core:
        return text
    start = text.index(core)
    return f"{text[:start]}{before}{core}{after}{text[start + len(core) :]}"
