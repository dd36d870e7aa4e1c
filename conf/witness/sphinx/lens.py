"""The lens on a page: HTML of its own where the builder writes HTML, a listing of the last stage elsewhere."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

from witness.lens.document import STATIC, STYLE

PANES = "panes"
"""The option's value for all stages; any other names one of them."""


class lens(nodes.General, nodes.Element):  # noqa: N801 (docutils' nodes are written so)
    """The panes of a function; ``html`` is all of it, ``script`` what it needs. Elsewhere its children are shown."""


def visit_lens(self: HTML5Translator, node: lens) -> None:
    """Write the panes."""
    self.body.append(node["html"])
    raise nodes.SkipNode


def pass_through(self: Any, node: lens) -> None:
    """Write nothing around what is in it."""


OTHERS = ("latex", "text", "man", "texinfo")
"""Kinds of builder that write no HTML."""


def on_builder_inited(app: Sphinx) -> None:
    """Have the script and the stylesheet copied."""
    app.config.html_static_path.append(str(STATIC))


def on_html_page_context(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Link the stylesheet and the scripts from pages with a lens."""
    found = list(doctree.findall(lens)) if doctree is not None else []
    if found:
        app.add_css_file(STYLE, priority=400)
    for script in sorted({node["script"] for node in found if node["script"]}):
        app.add_js_file(script, loading_method="defer")


def add(app: Sphinx) -> None:
    """Teach the HTML builders the node."""
    through: Any = dict.fromkeys(OTHERS, (pass_through, pass_through))
    app.add_node(lens, html=(visit_lens, None), **through)
    app.connect("builder-inited", on_builder_inited)
    app.connect("html-page-context", on_html_page_context)
