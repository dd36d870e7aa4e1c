"""Outputs in the page's tree: they stay out of the search index."""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx

from witness.render.evidence import pages


def on_doctree_read(app: Sphinx, doctree: nodes.document) -> None:
    """Mark the outputs of an executed page as not to be searched."""
    if app.env.docname in pages(app.env):
        for node in doctree.findall(nodes.container):
            if "cell_output" in node["classes"]:
                node["classes"].append("no-search")
