"""Terms of definition lists as places that a search and a link can lead to."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.transforms import SphinxTransform


class Terms(SphinxTransform):
    """Gives each term an identifier of its own."""

    default_priority = 600

    def apply(self, **kwargs: Any) -> None:
        """Name each term ``term-…`` after its words."""
        for term in self.document.findall(nodes.term):
            if not term["ids"] and (name := nodes.make_id(term.astext())):
                term["ids"].append(f"term-{name}")
                self.document.note_explicit_target(term)
