"""Finding one's way in the tree of a built page."""

from __future__ import annotations

from xml.etree.ElementTree import Element


def text(node: Element) -> str:
    """Return all text below a node."""
    return "".join(node.itertext())


def having(root: Element, word: str) -> list[Element]:
    """Return the nodes of a class, in order."""
    return [node for node in root.iter() if word in node.get("class", "").split()]
