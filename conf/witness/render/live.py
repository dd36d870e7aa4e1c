"""The ``live`` role: an expression in prose, shown as the value it had in the page's kernel at that point."""

from __future__ import annotations

from docutils import nodes
from docutils.nodes import Node, system_message
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole
from sphinx.writers.html5 import HTML5Translator

from witness.records.page import LiveValue
from witness.records.values import NoLiveValue, split
from witness.render.evidence import record_of

logger = logging.getLogger(__name__)


class live(nodes.inline):  # noqa: N801 (docutils' nodes are written so)
    """A value in prose, with the expression that it is the value of."""


def visit_live(self: HTML5Translator, node: live) -> None:
    """Begin a value, which a pointer that rests on it explains."""
    title = f"Computed while this page was built: {node['expression']}"
    self.body.append(self.starttag(node, "span", "", title=title))


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
            logger.error("live value: %s", error, location=self.get_location())
            return [], []
        value = self._value(expression, form)
        if value is None:
            return [nodes.inline(self.rawtext, "?", classes=["live"])], []
        return [live(self.rawtext, value.text, classes=["live"], expression=expression)], []

    def _value(self, expression: str, form: str) -> LiveValue | None:
        """Find the value by the order in which equal roles stand on the page."""
        record = record_of(self.env, self.env.docname)
        if record is None:
            logger.error("live value `%s` on a page that is not executed", self.text, location=self.get_location())
            return None
        seen: dict[tuple[str, str], int] = self.env.temp_data.setdefault("witness_live", {})  # type: ignore[assignment]
        place = seen[expression, form] = seen.get((expression, form), -1) + 1
        same = [value for value in record.live if (value.expression, value.format) == (expression, form)]
        if place < len(same):
            return same[place]
        if not record.problems:  # the page's own faults are reported elsewhere
            logger.error(
                "live value `%s` has no place in the record of this page", self.text, location=self.get_location()
            )
        return None


def add(app: Sphinx) -> None:
    """Offer the role, and teach the HTML builders its node."""
    app.add_role("live", LiveRole())
    app.add_node(live, html=(visit_live, depart_live))
