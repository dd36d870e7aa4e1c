"""What the Sphinx environment knows of the records its pages were read with."""

from __future__ import annotations

from pathlib import Path

from sphinx.environment import BuildEnvironment

from witness.records.page import PageRecord
from witness.records.store import Store


def remember(env: BuildEnvironment, store: Path, records: dict[str, str]) -> set[str]:
    """Note the digest of each page's record; return the pages for which it is another than last time."""
    before: dict[str, str] = getattr(env, "witness_pages", {})
    env.witness_store, env.witness_pages = str(store), records  # type: ignore[attr-defined]  # a pickled namespace
    return {page for page, digest in records.items() if before.get(page) != digest} | (before.keys() - records.keys())


def pages(env: BuildEnvironment) -> set[str]:
    """Return the pages that are rendered from records."""
    return set(getattr(env, "witness_pages", {}))


def record_of(env: BuildEnvironment, page: str) -> PageRecord | None:
    """Return the record a page is rendered from."""
    if page not in pages(env):
        return None
    cached: tuple[str, PageRecord | None] | None = env.temp_data.get("witness_record")
    if cached is None or cached[0] != page:
        cached = (page, Store(Path(env.witness_store)).read(page))  # type: ignore[attr-defined]
        env.temp_data["witness_record"] = cached
    return cached[1]
