"""Whether the prose around a cell speaks of what JAX does there, or of memory."""

from __future__ import annotations

import re

from docutils import nodes

COMPILING = re.compile(
    r"\b(?:re-?)?(?:trac(?:e[sdr]?|ers|ing)|compil\w+|lower(?:s|ed|ing)?|cache[sd]?|caching|programs?|executables?)\b",
    re.IGNORECASE,
)


MEMORY = re.compile(r"\b(?:memory|bytes?|buffers?|donat\w+|(?:de)?alloc\w+)\b", re.IGNORECASE)


def speaks_of(what: re.Pattern[str], cell: nodes.Element) -> bool:
    """Return whether a paragraph right before or after a cell does; another cell ends what belongs to it."""
    siblings, place = cell.parent.children, cell.parent.index(cell)
    return any(what.search(it.astext()) for it in [*_prose(siblings[:place][::-1]), *_prose(siblings[place + 1 :])])


def _prose(siblings: list[nodes.Node]) -> list[nodes.Element]:
    """Return the paragraphs up to the next cell or section, of which no more than two are read."""
    found: list[nodes.Element] = []
    for node in siblings:
        if isinstance(node, nodes.section) or (isinstance(node, nodes.Element) and node.get("nb_element")):
            break
        if isinstance(node, (nodes.paragraph, nodes.title, nodes.bullet_list, nodes.enumerated_list)):
            found.append(node)
    return found[:2]
