"""Figures in HTML: those that are part of their page are written into it, and are pictures elsewhere."""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

from witness.sphinx.outputs import HTML


def visit_image(self: HTML5Translator, node: nodes.image) -> None:
    """Write a figure that has an HTML of its own; leave any other to the site's translator."""
    if node.get("html") and self.builder.name in HTML:
        self.body.append(node["html"])
    else:
        type(self).visit_image(self, node)


def depart_image(self: HTML5Translator, node: nodes.image) -> None:
    """End it."""
    type(self).depart_image(self, node)


def add(app: Sphinx) -> None:
    """Have the HTML builders write figures so."""
    app.add_node(nodes.image, override=True, html=(visit_image, depart_image))
