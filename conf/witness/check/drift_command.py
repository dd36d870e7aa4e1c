"""``witness compare``: the records of two environments, page by page, into JSON and text."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from witness.check.evidence import Evidence, bare, evidence
from witness.check.record_diff import Changed, diff_cells, to_data, to_text
from witness.lint.pages import plans
from witness.reading.pages import NoPages
from witness.reading.plan import Plan
from witness.reading.project import Project
from witness.records.page_record import PageRecord
from witness.records.store import Store, write_whole

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def add(commands: Commands) -> None:
    """Add the command."""
    here = Project.here()
    command = commands.add_parser(
        "compare",
        help="compare the records of two environments; 0 whatever changed, 2 nothing to compare",
        description="Say, cell by cell, what pages do otherwise in another environment: text, errors, how often and "
        "for which types JAX traces and compiles. Runs nothing; `witness run` makes the records, those of each "
        "environment in a folder of its own, such as jax-0.12.0-py3.13-cpu1-0a1b2c3d.",
    )
    command.add_argument("before", type=Path, help="the folder of one environment's records")
    command.add_argument("after", type=Path, help="the folder of another's")
    command.add_argument("--pages", nargs="*", default=[here.pages], help=f"pages or folders; default: {here.pages}")
    command.add_argument("-o", "--output", type=Path, required=True, help="where NAME.json and NAME.txt are written")
    command.set_defaults(command=_compare)


def _compare(options: argparse.Namespace) -> int:
    stores = [Store(options.before), Store(options.after)]
    pages = plans(options.pages)
    known = {plan.page: plan for plan in pages.plans}
    there = [_pages(store, known) for store in stores]
    changed: list[Changed] = []
    facts: list[dict[str, object]] = [{}, {}]
    compared = {page: known[page].path for page in sorted({*there[0], *there[1]})}
    for page in compared:
        records = [store.read(page) for store in stores]
        for place, record in enumerate(records):
            facts[place] = facts[place] or (record.environment if record else {})
        before, after = (
            [it.replaced(pages.rules) for it in _cells(record, known[page], store)]
            for record, store in zip(records, stores, strict=True)
        )
        changed += diff_cells(page, before, after)
    text = to_text(_named(facts[0]), _named(facts[1]), compared, changed)
    data = to_data(facts[0], facts[1], changed)
    write_whole(Path(f"{options.output}.json"), json.dumps(data, indent=1).encode())
    write_whole(Path(f"{options.output}.txt"), text.encode())
    print(text, end="")
    return 0


def _pages(store: Store, known: Mapping[str, Plan]) -> set[str]:
    """Return the pages of a store that can be compared. Raises NoPages without any: that is no sign of being alike."""
    found = set(store.pages())
    if pages := {page for page in found & known.keys() if store.read(page)}:
        return pages
    inner = sorted({page.partition("/")[0] for page in found if page.partition("/")[0].startswith("jax-")})
    if inner:
        raise NoPages(f"{store.folder}: these are several environments; name the folder of one: {', '.join(inner)}")
    if found:
        raise NoPages(f"{store.folder}: no whole record of these pages; run them: `witness run`")
    raise NoPages(f"{store.folder}: no records; name the folder of one environment")


def _named(facts: Mapping[str, object]) -> str:
    return f"JAX {facts.get('jax')}, Python {facts.get('python')}, {facts.get('platform')}"


def _cells(record: PageRecord | None, plan: Plan, store: Store) -> list[Evidence]:
    """Return what a page did; its options count only where the record is of the page as it is now."""
    if record is None:
        return []
    stamp = store.stamp(record.page)
    return evidence(plan, record) if stamp and stamp.plan == plan.digest() else bare(record)
