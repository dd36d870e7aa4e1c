"""The bundles of a site: what pages did on other devices, as far as the pages are still those that did it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache
from itertools import takewhile
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from witness.bundle.archive import BadBundle
from witness.bundle.bundle import Bundle, Page
from witness.bundle.comparison import Source
from witness.bundle.device import Device, processor
from witness.bundle.headline import shown
from witness.bundle.key import cell_keys, watching_digest
from witness.reading.page_plan import read_file
from witness.records.page_record import PageRecord
from witness.records.replicate import medians
from witness.records.store import Store
from witness.records.timing import Timing
from witness.sphinx.card import cards
from witness.sphinx.env_state import pages
from witness.sphinx.interrupts import plainly

logger = logging.getLogger(__name__)

FOLDER = "_records"
"""Where bundles are looked for, below the pages, in a site that does not say."""


def folder_of(app: Sphinx) -> Path:
    """Return where the bundles of a site lie."""
    said = app.config.witness_bundles
    return Path(app.confdir, said) if said else Path(app.srcdir, FOLDER)


def on_env_get_outdated(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> set[str]:
    """Look at the bundles; return the pages that are to be read again, because they are others than last time.

    One that cannot be shown ends the build, before any page runs.
    """
    folder = folder_of(app)
    with plainly(folder):
        found = {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.glob("*.zip"))}
    known = found, app.config.witness_skip_bad_bundles
    if known == getattr(env, "witness_bundles_known", ({}, known[1])):
        return set()
    with plainly(folder):
        used, left_out = _usable(found, env.found_docs, skip=app.config.witness_skip_bad_bundles)
    env.witness_bundles_known = known  # type: ignore[attr-defined]  # a pickled namespace
    env.witness_bundles, env.witness_bundles_left_out = used, left_out  # type: ignore[attr-defined]
    return (pages(env) | cards(env)) & env.found_docs


def _usable(found: dict[str, str], site: set[str], *, skip: bool) -> tuple[dict[str, str], list[str]]:
    """Return the bundles that can be shown, and why each other cannot. Raises BadBundle unless these are skipped."""
    used: dict[str, str] = {}
    labels: dict[str, str] = {}
    left_out: list[str] = []
    for path, digest in found.items():
        try:
            bundle = _read(path, digest).check()
            label = bundle.device.label
            if not bundle.pages.keys() & site:
                raise BadBundle(f"{path}: it is of another site: none of its pages is here")
            if other := labels.get(label):
                raise BadBundle(f"{path}: it is of the same device as {Path(other).name}, {label}: keep one of them")
        except BadBundle as error:
            if not skip:
                advice = "or set `witness_skip_bad_bundles = True` in conf.py, to build without it"
                raise BadBundle(f"{error}, {advice}") from error
            logger.info("left out: %s", error)
            left_out.append(str(error).replace(path, Path(path).name, 1))
        else:
            used[path], labels[label] = digest, path
    return used, left_out


@cache
def _read(path: str, digest: str) -> Bundle:
    return Bundle.read(Path(path))


def bundles(env: BuildEnvironment) -> list[Bundle]:
    """Return the bundles that are shown, by the names of their files."""
    return [_read(path, digest) for path, digest in getattr(env, "witness_bundles", {}).items()]


def left_out(env: BuildEnvironment) -> list[str]:
    """Return why each bundle that is not shown is not."""
    return list(getattr(env, "witness_bundles_left_out", []))


@cache
def _processor() -> tuple[str, int]:
    return processor()


def here(record: PageRecord) -> Device:
    """Return the device that a record of this machine is of."""
    return Device.of(record.environment, *_processor())


@cache
def _capture() -> str:
    return watching_digest()


def watched_alike(bundle: Bundle) -> bool:
    """Return whether the code that watches cells is still the one that watched those of a bundle."""
    return bundle.capture == _capture()


def current(env: BuildEnvironment, page: str, bundle: Bundle) -> int:
    """Return up to which cell a page is still what a bundle has of it: 0, not at all."""
    recorded = bundle.pages.get(page)
    if recorded is None or not watched_alike(bundle) or page not in pages(env):
        return 0
    return unchanged(env, page, _capture(), recorded)


def unchanged(env: BuildEnvironment, page: str, capture: str, before: Page | Source) -> int:
    """Return up to which cell a page is still what it was; the environment remembers what its plan decided."""
    stamp = Store(Path(env.witness_store)).stamp(page)  # type: ignore[attr-defined]
    if stamp and stamp.plan == before.plan:
        return len(before.cells)
    if not stamp:
        return _compared(env, page, capture, before)
    known: dict[tuple[str, str, str], tuple[str, int]] = vars(env).setdefault("witness_unchanged", {})
    asked = (page, capture, before.plan)
    if known.get(asked, ("", 0))[0] != stamp.plan:
        known[asked] = (stamp.plan, _compared(env, page, capture, before))
    return known[asked][1]


def _compared(env: BuildEnvironment, page: str, capture: str, before: Page | Source) -> int:
    path = str(env.doc2path(page))
    site = env.mystnb_config.custom_formats[path][1]["site"]  # type: ignore[attr-defined]
    plan = read_file(Path(path), page, site)
    keys = cell_keys(plan, capture) if plan else []
    return len([*takewhile(lambda pair: pair[0] == pair[1], zip(keys, before.cells, strict=False))])


def elsewhere(
    env: BuildEnvironment, page: str, number: int, place: int, statement: str
) -> Iterator[tuple[Bundle, Timing, list[float]]]:
    """Yield what each bundle has of a timing: its first process, and the medians of the others.

    Args:
        env: Sphinx's.
        page: The page.
        number: Number of its code cell.
        place: Which one it is of those that the cell shows, from 0.
        statement: What was timed.
    """
    for bundle in bundles(env):
        if number > current(env, page, bundle):
            continue
        record = bundle.pages[page].record
        timed = [timing for cell in record.cells if cell.number == number for timing in shown(cell)]
        if place < len(timed) and timed[place].statement == statement:
            yield bundle, timed[place], medians(record.replicates, number, False, place, statement)


def told(env: BuildEnvironment, record: PageRecord) -> str:
    """Return which other devices the timings that a page shows are from, too; an empty text where it shows none."""
    those = [bundle for bundle in bundles(env) if record.page in bundle.pages]
    if not those or not any(shown(cell) for cell in record.cells):
        return ""
    parts = [f"{bundle.device.label} ({_seen(env, record.page, bundle)})" for bundle in those]
    return f" Recorded on other devices: {'; '.join(parts)}."


def _seen(env: BuildEnvironment, page: str, bundle: Bundle) -> str:
    """Return when a bundle's page was executed, and how much of it is shown."""
    recorded = bundle.pages[page]
    day, same = recorded.record.executed[:10], current(env, page, bundle)
    if not same:
        return f"{day}, not shown: the page or what records it has changed"
    return day if same == len(recorded.cells) else f"{day}, up to cell {same}"
