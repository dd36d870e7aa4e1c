"""What Sphinx logs: what a misspelt name was meant to be, and where it is; nothing that is beside the point."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Collection, Iterable
from difflib import SequenceMatcher, get_close_matches
from pathlib import Path
from types import ModuleType

from docutils.parsers.rst import directives, roles
from sphinx.application import Sphinx

from witness.records.diagnostic import annotate

DOCUMENT = re.compile(r"(?:unknown document: |toctree contains reference to nonexisting document )'([^']+)'")
LABEL = re.compile(r"undefined label: '([^']+)'")
TARGET = re.compile(r"cross-reference target not found: '([^']+)'")
DIRECTIVE = re.compile(r"Unknown directive type: '([^']+)'")
ROLE = re.compile(r'Unknown interpreted text role "([^"]+)"')
EXERCISE = re.compile(r"undefined label: ([^'\s]+)$")
"""What sphinx-exercise says of a solution, with the place of whatever page is being written."""
UNWRITTEN = re.compile(r"error writing file (.+): \[Errno \d+\]")
SETTINGS = re.compile(r":?((?:\x1b\[[\d;]*m)*)\s*\b(?:Md|Nb)ParserConfig\(.*", re.DOTALL)


def add(app: Sphinx) -> Warnings:
    """Look at all that Sphinx is going to log; return what looks at warnings."""
    warnings = Warnings(app)
    logging.getLogger("sphinx.sphinx.builders.html").addFilter(_no_half)
    for handler in logging.getLogger("sphinx").handlers:
        if handler.level == logging.WARNING:
            handler.addFilter(warnings)
        elif app.verbosity <= 0:
            handler.addFilter(_short)
    return warnings


def _no_half(record: logging.LogRecord) -> bool:
    """Remove a page that could be written by half only, at once: what a process of `-j` that fails logs is lost."""
    if found := UNWRITTEN.search(logging.LogRecord.getMessage(record)):
        Path(found[1]).unlink(missing_ok=True)
    return True


def _short(record: logging.LogRecord) -> bool:
    """Cut the settings of a parser, all of them in one line, from what it says of its version."""
    said = logging.LogRecord.getMessage(record)  # Sphinx's own begins with the place
    if SETTINGS.search(said):
        record.msg, record.args = SETTINGS.sub(r"\1", said), ()
    return True


class Warnings(logging.Filter):
    """Adds to a warning what was probably meant."""

    def __init__(self, app: Sphinx) -> None:
        super().__init__()
        self._app = app
        self.unreadable: frozenset[str] = frozenset()
        """Paths of pages of which it is told why they cannot be read: all else that is said of them follows from it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a warning is to the point."""
        location = str(getattr(record, "location", None) or "")
        if re.sub(r":\d*$", "", location) in self.unreadable and not record.name.startswith("sphinx.witness"):
            return False
        said = logging.LogRecord.getMessage(record)  # Sphinx's own begins with the place
        if UNWRITTEN.search(said):  # to Sphinx a warning
            self._app.statuscode = 1
        if found := EXERCISE.search(said):
            self._place(record, found[1])
        for pattern, known in (
            (DOCUMENT, self._documents),
            (LABEL, self._labels),
            (TARGET, lambda: [*self._labels(), *(f"{page}.md" for page in self._documents())]),
            (DIRECTIVE, lambda: _named(directives, "_directives", "_directive_registry")),
            (ROLE, lambda: [*_named(roles, "_roles", "_role_registry"), *self._app.env.domains.standard_domain.roles]),
            (EXERCISE, lambda: self._exercises()),
        ):
            if (found := pattern.search(said)) and (near := _near(found[1], known())):
                meant = " or ".join(f"`{name}`" for name in near)
                rest = said[found.end() :].removeprefix(".")
                record.msg, record.args = f"{said[: found.end()]}; did you mean {meant}?{rest}", ()
                break
        _annotate(record, location)
        return True

    def _documents(self) -> Collection[str]:
        return self._app.env.found_docs

    def _labels(self) -> Iterable[str]:
        std = self._app.env.domains.standard_domain
        return {*std.labels, *std.anonlabels}

    def _exercises(self) -> Iterable[str]:
        known = getattr(self._app.env, "sphinx_exercise_registry", {})
        return [label for label, entry in known.items() if not entry["node"].get("target_label")]

    def _place(self, record: logging.LogRecord, label: str) -> None:
        """Name the page of the solution that has no such exercise, and its line."""
        for entry in getattr(self._app.env, "sphinx_exercise_registry", {}).values():
            if entry["node"].get("target_label") == label:
                path = self._app.env.doc2path(entry["docname"])
                record.location = f"{path}:{_line(path, label) or entry['node'].line or 1}"


def _annotate(record: logging.LogRecord, location: str) -> None:
    """Have GitHub show at its line what is logged of a page."""
    path, _, line = location.rpartition(":")
    if line.isdecimal():
        annotate(os.path.relpath(path), int(line), record.levelname.lower(), logging.LogRecord.getMessage(record))


def _line(path: Path | str, label: str) -> int | None:
    """Return the line of a page that opens the solution of a label."""
    opens = re.compile(rf"\{{solution(?:-start)?\}}\s*{re.escape(label)}\s*$")
    lines = Path(path).read_text("utf-8", "replace").splitlines()
    return next((number for number, line in enumerate(lines, 1) if opens.search(line)), None)


def _named(module: ModuleType, *registries: str) -> list[str]:
    """Return the names that docutils has registered, those of domains apart; no public function lists them."""
    return sorted({name for registry in registries for name in getattr(module, registry, {}) if name})


def _near(name: str, known: Iterable[str]) -> list[str]:
    """Return at most two names that may have been meant: they are alike, and so are their last parts."""
    last = name.rpartition("/")[2]
    near = get_close_matches(name, list(known), 5)
    return [it for it in near if SequenceMatcher(None, it.rpartition("/")[2], last).ratio() >= 0.6][:2]
