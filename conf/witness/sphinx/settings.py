"""A site's settings: Sphinx is told of each, and ``{witness-settings}`` lists them with defaults and what they do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ConfigError
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from witness.reading import settings
from witness.reading.settings import PREFIX, Settings, WrongSetting, default, passed_over, place
from witness.sphinx.interrupts import plainly

logger = logging.getLogger(__name__)


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


def on_config_inited(app: Sphinx, config: Config) -> None:
    """Warn of a name that looks like a setting and is none: Sphinx passes over it."""
    for text in passed_over(getattr(config, "_raw_config", {})):
        logger.warning("%s", text, type="witness")


def add(app: Sphinx) -> None:
    """Declare the settings, make sure of their values, and add the directive."""
    for it in fields(Settings):
        known = it.metadata
        start: Any = it.default if known["strict"] is None else partial(_default, it.name)
        app.add_config_value(f"{PREFIX}{it.name}", start, known["rebuild"], known["value"].kinds)
    with plainly(Path(app.confdir)):
        check(app.config, Path(app.confdir))
    app.add_directive("witness-settings", SettingsTable)
    app.connect("config-inited", on_config_inited)


def check(config: Config, folder: Path) -> None:
    """Make sure that each setting has a value that it can have. Raises WrongSetting."""
    name = f"{PREFIX}output_limit"
    if isinstance(said := config.overrides.get(name), str):  # of `-D`; Sphinx leaves a number a text
        with suppress(ValueError):
            config.overrides[name] = float(said)
    try:
        Settings.of(config, folder)
    except (ConfigError, WrongSetting) as error:  # the former, too, of `-D`
        raise WrongSetting(f"{place(folder)}: {error}") from error


def _default(name: str, config: Config) -> Any:
    return default(name, strict=config.witness_strict)
