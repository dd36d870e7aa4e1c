"""``witness compare``: the records of two environments, page by page, into JSON and text."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from witness.check.compare import Changed, compare_cells, to_data, to_text
from witness.check.evidence import Evidence, bare, evidence
from witness.reading.pages import NoPages, plans
from witness.reading.plan import Plan
from witness.records.page import PageRecord
from witness.records.store import Store, write_whole

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def add(commands: Commands) -> None:
    """Add the command."""
    command = commands.add_parser("compare", help="compare the records of two environments; 0 whatever changed")
    command.add_argument("before", type=Path, help="the folder of an environment's records")
    command.add_argument("after", type=Path, help="the folder of another's")
    command.add_argument("--pages", nargs="*", default=["docs"], help="pages, or folders of them; default: docs")
    command.add_argument("-o", "--output", type=Path, required=True, help="where NAME.json and NAME.txt are written")
    command.set_defaults(command=_compare)


def _compare(options: argparse.Namespace) -> int:
    stores = [Store(options.before), Store(options.after)]
    for store in stores:
        if not store.pages():
            raise NoPages(f"{store.folder}: no records; name the folder of one environment")
    known = {plan.page: plan for plan in plans(options.pages).plans}
    changed: list[Changed] = []
    facts: list[dict[str, object]] = [{}, {}]
    for page in sorted({page for store in stores for page in store.pages()} & known.keys()):
        records = [store.read(page) for store in stores]
        for place, record in enumerate(records):
            facts[place] = facts[place] or (record.environment if record else {})
        before, after = (_cells(record, known[page], store) for record, store in zip(records, stores, strict=True))
        changed += compare_cells(page, before, after)
    text = to_text(_named(facts[0]), _named(facts[1]), changed)
    data = to_data(facts[0], facts[1], changed)
    write_whole(Path(f"{options.output}.json"), json.dumps(data, indent=1).encode())
    write_whole(Path(f"{options.output}.txt"), text.encode())
    print(text, end="")
    return 0


def _named(facts: Mapping[str, object]) -> str:
    return f"JAX {facts.get('jax')}, Python {facts.get('python')}, {facts.get('platform')}"


def _cells(record: PageRecord | None, plan: Plan, store: Store) -> list[Evidence]:
    """Return what a page did; its options count only where the record is of the page as it is now."""
    if record is None:
        return []
    sign = store.sign(record.page)
    return evidence(plan, record) if sign and sign.plan == plan.digest() else bare(record)
