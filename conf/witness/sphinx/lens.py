"""The lens on a page: HTML of its own where the builder writes HTML, a listing of the last stage elsewhere."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

from witness.lens.document import SCRIPT, STATIC, STYLE

PANES = "panes"
"""The option's value for all stages; any other names one of them."""


class lens(nodes.General, nodes.Element):  # noqa: N801 (docutils' nodes are written so)
    """The panes of a function; ``html`` is all of it."""


def visit_lens(self: HTML5Translator, node: lens) -> None:
    """Write the panes."""
    self.body.append(node["html"])
    raise nodes.SkipNode


def on_builder_inited(app: Sphinx) -> None:
    """Have the script and the stylesheet copied."""
    app.config.html_static_path.append(str(STATIC))


def on_html_page_context(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Link both from pages with a lens."""
    if doctree is not None and next(iter(doctree.findall(lens)), None) is not None:
        app.add_css_file(STYLE, priority=400)
        app.add_js_file(SCRIPT, loading_method="defer")


def add(app: Sphinx) -> None:
    """Teach the HTML builders the node."""
    app.add_node(lens, html=(visit_lens, None))
    app.connect("builder-inited", on_builder_inited)
    app.connect("html-page-context", on_html_page_context)
