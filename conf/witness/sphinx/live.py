"""The ``live`` role: an expression in prose, shown as the value it had in the page's kernel at that point."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from docutils.nodes import Node, system_message
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole
from sphinx.writers.html5 import HTML5Translator

from witness.records.values import NoLiveValue, split
from witness.sphinx.env_state import has_failed, mark_unpublishable, value_at

logger = logging.getLogger(__name__)


class live(nodes.inline):  # noqa: N801 (docutils' nodes are written so)
    """A value in prose, with the expression that it is the value of."""


def visit_live(self: HTML5Translator, node: live) -> None:
    """Begin a value, which a pointer, a touch or the keyboard explains; the stylesheet shows the explanation."""
    told = f"Computed while this page was built: {node['expression']}" + (f" ({node['told']})" if node["told"] else "")
    attributes: dict[str, Any] = {"tabindex": "0", "data-told": told, "aria-description": told}
    self.body.append(self.starttag(node, "span", "", **attributes))


def depart_live(self: HTML5Translator, node: live) -> None:
    """End it."""
    self.body.append("</span>")


class LiveRole(SphinxRole):
    """Replaces an expression by its value in the page's record."""

    def run(self) -> tuple[list[Node], list[system_message]]:
        """Return the value, as text with the expression as its title."""
        try:
            expression, form = split(self.text)
        except NoLiveValue as error:
            return self._missing(str(error)), []
        found = value_at(self.env, expression, form, self.lineno)
        if found is None:
            return self._missing("it has no place in the record of this page"), []
        value = found[1]
        return [live(self.rawtext, value.text, classes=["live"], expression=expression, told=value.told)], []

    def _missing(self, why: str) -> list[Node]:
        """Say that the value is missing, now and at the end of this build and of those to come."""
        if not has_failed(self.env):
            logger.error("live value `%s`: %s", self.text, why, location=self.get_location())
            mark_unpublishable(self.env)
        return [nodes.inline(self.rawtext, "?", classes=["live"])]


def add(app: Sphinx) -> None:
    """Offer the role, and teach the HTML builders its node."""
    app.add_role("live", LiveRole())
    app.add_node(live, html=(visit_live, depart_live))
