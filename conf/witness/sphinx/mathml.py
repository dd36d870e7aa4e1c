"""Formulas as MathML, made by docutils: no script, no other host."""

from __future__ import annotations

from html import escape

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)


def visit_math(self: HTML5Translator, node: nodes.math) -> None:
    """Write a formula within a line."""
    self.body.append(written(node, as_block=False))
    raise nodes.SkipNode


def visit_displaymath(self: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula of its own, with its number where it has one."""
    self.body.append(self.starttag(node, "div", CLASS="math"))
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})</span>')
    self.body.append(written(node, as_block=True))
    self.body.append("</div>")
    raise nodes.SkipNode


def written(node: nodes.math | nodes.math_block, *, as_block: bool) -> str:
    """Return a formula as MathML, or as it is where docutils does not know a command in it."""
    try:
        return str(tex2mathml(node.astext(), as_block=as_block))
    except MathError as error:
        logger.error("formula: %s", error, location=node)
        return f"<code>{escape(node.astext())}</code>"


def add(app: Sphinx) -> None:
    """Offer the renderer ``mathml`` to a site that asks for it; Sphinx would take it unasked, as the second one."""
    if app.config.html_math_renderer == "mathml":
        app.add_html_math_renderer("mathml", (visit_math, None), (visit_displaymath, None))
