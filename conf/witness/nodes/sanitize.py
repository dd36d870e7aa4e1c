"""What a cell's Markdown may put on a page."""

from __future__ import annotations

import re
from collections.abc import Iterable

from docutils import nodes

FILTERED = re.compile(
    r"&lt;(?=/?(?:iframe|noembed|noframes|plaintext|script|style|textarea|title|xmp)\b)", re.IGNORECASE
)
"""What the parser for GitHub's Markdown makes of the tags that GitHub filters, in HTML that it lets through."""


def sanitized(found: Iterable[nodes.Element]) -> list[nodes.Element]:
    """Return nodes in which HTML is text, and a picture of another host a link: a page makes no such request."""
    root = nodes.Element("", *found)
    for raw in list(root.findall(nodes.raw)):
        text = FILTERED.sub("<", raw.astext())
        inline = isinstance(raw.parent, nodes.TextElement)
        node = nodes.Text(text) if inline else nodes.literal_block(text, text, language="text")
        raw.parent.replace(raw, node)
    for image in list(root.findall(nodes.image)):
        if "://" in image["uri"] or image["uri"].startswith("//"):
            link = nodes.reference("", image.get("alt") or image["uri"], refuri=image["uri"])
            inline = isinstance(image.parent, nodes.TextElement)
            image.parent.replace(image, link if inline else nodes.paragraph("", "", link))
    return [child for child in root.children if isinstance(child, nodes.Element)]
