"""``witness compare``: the records of several environments, page by page, into JSON and text."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from witness.bundle.comparison import Changed, Comparison, Source
from witness.bundle.device import Device, processor
from witness.bundle.key import cell_keys
from witness.check.evidence import Evidence, bare, evidence
from witness.check.figures import figures
from witness.check.record_diff import diff_cells, times_to_text, to_text
from witness.lint.pages import plans
from witness.reading.pages import NoPages, Pages
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
        help="compare the records of environments; 0 whatever changed, 2 nothing to compare",
        description="Say, cell by cell, what pages do otherwise in the next environment: text, errors, how often and "
        "for which types JAX traces and compiles; and which times changed beyond chance, where there are rounds of "
        "them. Runs nothing; `witness run` makes the records, those of each environment in a folder of its own, such "
        "as jax-0.12.0-py3.13-cpu1-0a1b2c3d. A folder with the records of a first round in 1, of a second in 2, and so "
        "on, stands for an environment, too: five rounds or more, in which the environments took turns, tell of times.",
    )
    command.add_argument("environments", nargs="+", type=Path, help="the folder of each environment's records")
    command.add_argument("--pages", nargs="*", default=[here.pages], help=f"pages or folders; default: {here.pages}")
    command.add_argument("-o", "--output", type=Path, required=True, help="where NAME.json and NAME.txt are written")
    command.set_defaults(command=_compare)


def _compare(options: argparse.Namespace) -> int:
    if len(options.environments) < 2:
        raise NoPages("nothing to compare: name the folders of two environments or more")
    pages = plans(options.pages)
    found = compared(pages, [rounds(folder) for folder in options.environments])
    paths = {plan.page: plan.path for plan in pages.plans if plan.page in found.pages}
    text = "\n".join(
        to_text(_named(found.environments[before]), _named(found.environments[before + 1]), paths, changed)
        for before, changed in enumerate(found.outputs)
    )
    text += times_to_text(found, paths)
    write_whole(Path(f"{options.output}.json"), found.to_json().encode())
    write_whole(Path(f"{options.output}.txt"), text.encode())
    print(text, end="")
    return 0


def rounds(folder: Path) -> list[Store]:
    """Return the records of each round of an environment; a folder without rounds is one. Raises NoPages."""
    numbered = sorted((it for it in folder.glob("[0-9]*") if it.name.isdecimal()), key=lambda it: int(it.name))
    return [Store(_only(it)) for it in numbered] or [Store(folder)]


def _only(folder: Path) -> Path:
    found = [path for path in sorted(folder.iterdir()) if path.is_dir() and Store(path).pages()]
    if len(found) == 1:
        return found[0]
    names = ", ".join(path.name for path in found)
    raise NoPages(f"{folder}: {f'one round of one environment, not of {names}' if names else 'no records'}")


def compared(pages: Pages, stores: Sequence[Sequence[Store]]) -> Comparison:
    """Return what became of pages from one environment to the next, each with the records of its rounds."""
    known = {plan.page: plan for plan in pages.plans}
    shared = sorted({page for first, *_ in stores for page in _pages(first, known)})
    most = max(map(len, stores))
    records = {
        page: [[*(store.read(page) for store in turns), *[None] * (most - len(turns))] for turns in stores]
        for page in shared
    }
    every = [record for turns in records.values() for found in turns for record in found if record]
    days = sorted({record.executed[:10] for record in every})
    facts = [next(filter(None, (turns[place][0] for turns in records.values()))) for place in range(len(stores))]
    return Comparison(
        executed=days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}",
        rounds=most,
        environments=[Device.of(record.environment, *processor()) for record in facts],
        pages={page: Source(known[page].digest(), [*cell_keys(known[page], "")]) for page in shared},
        outputs=[_outputs(pages, known, records, stores, before) for before in range(len(stores) - 1)],
        figures=[
            it for page in shared for it in figures(page, [cell.line for cell in known[page].cells], records[page])
        ],
    )


def _outputs(
    pages: Pages,
    known: Mapping[str, Plan],
    records: Mapping[str, Sequence[Sequence[PageRecord | None]]],
    stores: Sequence[Sequence[Store]],
    before: int,
) -> list[Changed]:
    changed: list[Changed] = []
    for page, turns in records.items():
        old, new = (
            [it.replaced(pages.rules) for it in _cells(turns[place][0], known[page], stores[place][0])]
            for place in (before, before + 1)
        )
        changed += diff_cells(page, old, new)
    return changed


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


def _named(device: Device) -> str:
    return f"JAX {device.jax}, Python {device.python}, {device.platform}"


def _cells(record: PageRecord | None, plan: Plan, store: Store) -> list[Evidence]:
    """Return what a page did; its options count only where the record is of the page as it is now."""
    if record is None:
        return []
    stamp = store.stamp(record.page)
    return evidence(plan, record) if stamp and stamp.plan == plan.digest() else bare(record)
