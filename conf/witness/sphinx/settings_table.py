"""The reference of a site's settings: ``{witness-settings}`` lists each with its default and what it does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from witness.reading import settings
from witness.reading.settings import PREFIX, Settings, default


class SettingsTable(SphinxDirective):
    """Lists the settings, in the order of their declaration."""

    def run(self) -> list[nodes.Node]:
        """Return a list of definitions, each with an address of its own."""
        for module in (settings.__file__, __file__):
            self.env.note_dependency(module)
        found = nodes.definition_list()
        for it in fields(Settings):
            term = nodes.term("", "", *self._term(it.name))
            text, _ = self.parse_inline(it.metadata["text"], lineno=self.lineno)
            found += nodes.definition_list_item("", term, nodes.definition("", nodes.paragraph("", "", *text)))
        return [found]

    def _term(self, name: str) -> Iterator[nodes.Node]:
        full = f"{PREFIX}{name}"
        yield nodes.literal(full, full, ids=[full.replace("_", "-")])
        plain, strict = default(name, strict=False), default(name, strict=True)
        yield from (nodes.Text(", by default "), _literal(plain))
        if strict != plain:
            yield from (nodes.Text("; "), _literal(strict), nodes.Text(" with "), nodes.literal("", f"{PREFIX}strict"))


def _literal(value: object) -> nodes.literal:
    return nodes.literal("", repr(list(value) if isinstance(value, tuple) else value))


def add(app: Sphinx) -> None:
    """Add the directive."""
    app.add_directive("witness-settings", SettingsTable)
