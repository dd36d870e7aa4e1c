"""What changed from one JAX to the next: ``{drift}`` shows the comparison that lies beside a site's bundles.

It says what was compared when it was recorded; a cell that is another by now is named, and not linked.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

from witness.bundle.archive import BadBundle
from witness.bundle.comparison import Changed, Comparison, Figure
from witness.nodes.block import folded
from witness.nodes.error import cell_id
from witness.nodes.fold import fold
from witness.records.count import counted
from witness.records.digits import significant
from witness.records.ratio import LEAST, Ratio, expected, resolution
from witness.sphinx.bundles import folder_of, unchanged
from witness.sphinx.card import card_link, table
from witness.sphinx.env_state import pages
from witness.sphinx.interrupts import plainly

FILE = "drift.json"
"""What the comparison is called, in the folder of bundles."""

MARK = "witness-drift"
"""What the Sphinx environment notes of a page that shows the comparison."""

HEAD = ("JAX", "Python", "Device", "System", "Executed", "Rounds")


class Drift(SphinxDirective):
    """Shows the comparison; its own content stands for one that was never recorded."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the tables."""
        self.env.metadata[self.env.docname][MARK] = True  # read again when the file has changed
        known: Known = getattr(self.env, "witness_drift", Known())
        if known.bad:
            return [nodes.paragraph("", f"Left out: {known.bad}.")]
        if not known.path:
            return self.parse_content_to_nodes()
        found = _read(known.path, known.digest)
        view = View(found, self.env.witness_drift_same)  # type: ignore[attr-defined]  # a pickled namespace
        box = nodes.container("", classes=["witness-card", "no-search"])
        box += [_environments(found), *view.times(), *view.outputs()]
        return [box]


@dataclass(frozen=True)
class Known:
    """The file that lies there."""

    path: str = ""
    digest: str = ""
    bad: str = ""
    """Why it cannot be shown, where the build is to go on without it."""


@cache
def _read(path: str, digest: str) -> Comparison:
    return Comparison.read(Path(path))


def on_env_get_outdated(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> set[str]:
    """Look for the comparison; return the pages that show it, where it is another than last time.

    One that cannot be shown ends the build, before any page runs.
    """
    path = folder_of(app) / FILE
    with plainly(path):
        digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        known = Known(str(path) if digest else "", digest)
        try:
            if known.path:
                _read(known.path, known.digest)
        except BadBundle as error:
            if not app.config.witness_skip_bad_bundles:
                raise
            known = replace(known, bad=str(error).replace(known.path, FILE))
    same = known == getattr(env, "witness_drift", Known())
    env.witness_drift = known  # type: ignore[attr-defined]
    return set() if same else _showing(env)


def on_env_before_read_docs(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    """Have the pages read that show the comparison, where another part of it is of cells as they are now."""
    known: Known = env.witness_drift  # type: ignore[attr-defined]
    found = _read(known.path, known.digest).pages if known.path and not known.bad else {}
    same = {page: unchanged(env, page, "", found[page]) for page in found if page in pages(env)}
    before, env.witness_drift_same = getattr(env, "witness_drift_same", {}), same  # type: ignore[attr-defined]
    if same != before:
        docnames[:] = sorted({*docnames, *_showing(env)})


def _showing(env: BuildEnvironment) -> set[str]:
    return {page for page in env.found_docs if MARK in env.metadata.get(page, {})}


def _environments(found: Comparison) -> nodes.table:
    return table(
        HEAD,
        [
            [nodes.Text(text) for text in (it.jax, it.python, it.name, it.system, found.executed, str(found.rounds))]
            for it in found.environments
        ],
    )


@dataclass(frozen=True)
class View:
    """A comparison as the site shows it that now is."""

    found: Comparison
    same: Mapping[str, int]
    """The pages of it that the site has, each with up to which cell it is still what was compared."""

    def times(self) -> Iterator[nodes.Element]:
        """Yield how many figures changed, and those that did."""
        if self.found.rounds < 2:
            yield nodes.paragraph("", "No times were compared: each version ran once.")
            return
        told = {step: self.found.ratios(*step) for step in self.found.steps}
        changed = {step: {id(it): ratio for it, ratio in there if ratio.changed} for step, there in told.items()}
        for step, there in told.items():
            said = f"{counted(len(changed[step]), 'figure')} of {len(there)} changed by {LEAST - 1:.0%} or more"
            chance = f"chance alone makes {expected(len(there))} at most"
            yield nodes.paragraph("", f"{_named(self.found, *step)}: {said}; {chance}.{_fine(there)}")
        figures = [it for it in self.found.figures if any(id(it) in there for there in changed.values())]
        rows = [self._row(it, changed, first=first) for it, first in zip(figures, _firsts(figures), strict=True)]
        if rows:
            names = [f"JAX {it.jax}" for it in self.found.environments]
            span = [_named(self.found, *self.found.steps[-1])] if len(names) > 2 else []
            yield table(["Page and what was timed", *names, *span], rows)

    def _row(
        self, figure: Figure, changed: Mapping[tuple[int, int], Mapping[int, Ratio]], *, first: bool
    ) -> list[nodes.Node]:
        """Return the figure in each environment, with its ratio to the one before where that changed."""
        count = len(self.found.environments)
        row: list[nodes.Node] = [self._place(figure.page, figure.cell, figure.code, first=first)]
        for place in range(count):
            ratio = changed.get((place - 1, place), {}).get(id(figure))
            text = figure.text(place)
            row.append(nodes.strong("", f"{text}, {ratio.text}") if ratio else nodes.Text(text))
        if count > 2:
            ratio = changed[0, count - 1].get(id(figure))
            row.append(nodes.strong("", ratio.text) if ratio else nodes.Text("–"))
        return row

    def outputs(self) -> Iterator[nodes.Element]:
        """Yield the cells that did something else, from each version to the next."""
        for before, changed in enumerate(self.found.outputs):
            kinds = Counter(change.kind for cell in changed for change in cell.changes)
            told = ", ".join(f"{kind} {number}" for kind, number in kinds.most_common())
            said = f"{counted(len(changed), 'cell')} of {counted(len(self.found.pages), 'page')}"
            summary = f"{_named(self.found, before, before + 1)}: {said} did something else"
            if changed:
                cells = [self._changed(it, first=first) for it, first in zip(changed, _firsts(changed), strict=True)]
                yield fold("", *cells, summary=f"{summary} ({told})")
            else:
                yield nodes.paragraph("", f"{summary}.")

    def _changed(self, cell: Changed, *, first: bool) -> nodes.container:
        head = nodes.paragraph("", "", self._place(cell.page, cell.cell, cell.title, first=first))
        diffs = [folded(it.diff, ": ".join(dict.fromkeys([it.kind, it.what])), language="diff") for it in cell.changes]
        return nodes.container("", head, *diffs)

    def _place(self, page: str, cell: int, code: str, *, first: bool) -> nodes.inline:
        """Return what a cell did, with a link to it while it, and all above it, are what they were.

        The first of a page stands below its title.
        """
        text = nodes.literal("", code)
        if page not in self.same:
            return nodes.inline("", "", nodes.Text(f"{page}: " * first), text, nodes.Text(" (no page of this site)"))
        title = card_link("", page, page=page, place="", titled=True)
        head = [title, nodes.Text(": ")] if first else []
        if cell > self.same[page]:
            return nodes.inline("", "", *head, text, nodes.Text(" (changed since)"))
        return nodes.inline("", "", *head, card_link("", "", text, page=page, place=cell_id(cell) * (cell > 0)))


def _fine(ratios: Sequence[tuple[Figure, Ratio]]) -> str:
    """Return how fine the comparison is, in a sentence: a busy machine makes it coarse."""
    wide = resolution([ratio for _, ratio in ratios])
    return f" Half of the intervals reach {significant(wide)}× either way, or less." if wide else ""


def _firsts(told: Sequence[Figure] | Sequence[Changed]) -> list[bool]:
    """Return of each whether it is the first of its page."""
    pages_told = [it.page for it in told]
    return [page not in pages_told[:place] for place, page in enumerate(pages_told)]


def _named(found: Comparison, before: int, after: int) -> str:
    return f"JAX {found.environments[before].jax} → {found.environments[after].jax}"


def add(app: Sphinx) -> None:
    """Offer the directive, and look at the file before any page is read."""
    app.add_directive("drift", Drift)
    app.connect("env-get-outdated", on_env_get_outdated)
    app.connect("env-before-read-docs", on_env_before_read_docs, priority=950)  # once it is known which pages ran
