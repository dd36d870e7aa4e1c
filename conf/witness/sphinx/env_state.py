"""What the Sphinx environment knows of the records its pages were read with."""

from __future__ import annotations

from collections.abc import Set
from datetime import datetime
from pathlib import Path

from docutils import nodes
from myst_nb.ext.execution_tables import METADATA_KEY
from myst_nb.ext.glue.utils import PendingGlueReference
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from witness.reading.plan import EVAL
from witness.records.page_record import LiveValue, PageRecord
from witness.records.replicate import Together, combined
from witness.records.store import Store
from witness.runner.repeat import timed

GLUED = "witness-glued"
"""What the Sphinx environment notes of a page that shows values glued on others: the names of these."""


def remember(env: BuildEnvironment, store: Path, records: dict[str, str], failed: set[str]) -> set[str]:
    """Note the digest of each page's record; return the pages for which it is another than last time."""
    before: dict[str, str] = getattr(env, "witness_pages", {})
    env.witness_store, env.witness_pages = str(store), records  # type: ignore[attr-defined]  # a pickled namespace
    env.witness_failed = failed  # type: ignore[attr-defined]
    return {page for page, digest in records.items() if before.get(page) != digest} | (before.keys() - records.keys())


def has_failed(env: BuildEnvironment, page: str | None = None) -> bool:
    """Return whether a page, or the one that is read, has faults that were reported."""
    return (page or env.docname) in getattr(env, "witness_failed", set())


def pages(env: BuildEnvironment) -> set[str]:
    """Return the pages that are rendered from records."""
    return set(getattr(env, "witness_pages", {}))


reading: dict[str, list[int]] = {}
"""The lines that the live values of a page now have, by page, while it is read: prose moves, its record does not."""


def evaluated(env: BuildEnvironment, name: str, line: int | None, above: int | None) -> LiveValue | None:
    """Return what MyST-NB's own ``eval`` shows of a name in the block of prose that begins at a line.

    Or, where that is a line of another file, which the page includes, below so many code cells.
    """
    record = record_of(env, env.docname)
    same = (
        [place for place, it in enumerate(record.live) if (it.expression, it.format) == (name, EVAL)] if record else []
    )
    if not record or not same:
        return None
    if above is None:
        return record.live[_nearest(env, record, same, line)]
    return min((record.live[place] for place in same), key=lambda it: (it.after < above, it.after))


def value_at(env: BuildEnvironment, expression: str, form: str, line: int | None) -> tuple[LiveValue, Together] | None:
    """Return the value of an expression in the block of prose that begins at a line; equal ones stand in order.

    It is that of the first run, and beside it is what all runs say together.

    Sphinx does not ask in the order of lines: footnotes come last.
    """
    record = record_of(env, env.docname)
    if record is None:
        return None
    used: set[int] = env.temp_data.setdefault("witness_live", set())  # type: ignore[assignment]
    same = [
        place
        for place, value in enumerate(record.live)
        if (value.expression, value.format) == (expression, form) and place not in used
    ]
    if not same:
        return None
    used.add(nearest := _nearest(env, record, same, line))
    if "witness_timed" not in env.temp_data:
        env.temp_data["witness_timed"] = timed(record)
    by_clock: list[bool] = env.temp_data["witness_timed"]
    return record.live[nearest], combined(record, by_clock)[nearest]


def _nearest(env: BuildEnvironment, record: PageRecord, places: list[int], line: int | None) -> int:
    """Return which of some places of values is the first from a line on."""
    lines = reading.get(env.docname, [])
    if len(lines) != len(record.live):
        lines = [value.line for value in record.live]
    # a block's first line, which the parser says one too high where the block follows a cell at once
    start = (line or 1) - 1
    return min(places, key=lambda place: (lines[place] < start, abs(lines[place] - start)))


def mark_unpublishable(env: BuildEnvironment) -> None:
    """Note that the page that is read cannot be published."""
    env.metadata[env.docname]["witness-doubt"] = True


def doubted(env: BuildEnvironment) -> set[str]:
    """Return the pages that were read and cannot be published."""
    return {page for page in env.found_docs if "witness-doubt" in env.metadata.get(page, {})}


def tables(env: BuildEnvironment) -> set[str]:
    """Return the pages that show MyST-NB's own table of what was executed."""
    return {page for page, known in NbMetadataCollector.get_doc_data(env).items() if known.get(METADATA_KEY)}


def glued_from(env: BuildEnvironment, pages: Set[str]) -> set[str]:
    """Return the pages that show what others have glued, if any of these is among ``pages``."""
    return {page for page in env.found_docs if not pages.isdisjoint(env.metadata.get(page, {}).get(GLUED, ()))}


def on_doctree_read(app: Sphinx, doctree: nodes.document) -> None:
    """Note from which pages this one shows glued values, and tell MyST-NB of the execution, for its table."""
    if glued := {node.refdoc for node in doctree.findall(PendingGlueReference)}:
        app.env.metadata[app.env.docname][GLUED] = glued
    record = record_of(app.env, app.env.docname)
    if record:
        told = {
            "mtime": datetime.fromisoformat(record.executed).timestamp(),
            "runtime": record.seconds,
            "method": app.config.nb_execution_mode,
            "succeeded": not record.problems,
            "error": record.problems[0].rule if record.problems else None,
            "traceback": None,
        }
        NbMetadataCollector.set_exec_data(app.env, app.env.docname, told)


def record_of(env: BuildEnvironment, page: str) -> PageRecord | None:
    """Return the record a page is rendered from."""
    if page not in pages(env):
        return None
    cached: tuple[str, PageRecord | None] | None = env.temp_data.get("witness_record")
    if cached is None or cached[0] != page:
        cached = (page, Store(Path(env.witness_store)).read(page))  # type: ignore[attr-defined]
        env.temp_data["witness_record"] = cached
    return cached[1]
