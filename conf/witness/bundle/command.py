"""``witness record``: pages are executed here, and what they did goes into one file for a build elsewhere."""

from __future__ import annotations

import argparse
import dataclasses
import re
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from witness.bundle.bundle import Bundle, Page
from witness.bundle.device import Device, processor
from witness.bundle.key import cell_keys, watching_digest
from witness.lint.pages import plans
from witness.reading.pages import NoPages
from witness.reading.plan import Plan
from witness.reading.project import Project
from witness.records.count import counted, whole
from witness.records.diagnostic import tell
from witness.records.page_record import PageRecord
from witness.records.place import tells
from witness.records.scrub import Machine, Scrubber, leaks
from witness.records.store import Store, write_whole
from witness.runner.display import progress
from witness.runner.environment import find
from witness.runner.executors import chosen
from witness.runner.facts import Facts
from witness.runner.machine_names import machine
from witness.runner.report import report
from witness.runner.run import run

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

RIGHT, WRONG = 0, 1

SHOWN_LEAKS = 5
"""How many parts of a bundle that show something of this machine are named."""


def add(commands: Commands) -> None:
    """Add the command."""
    here = Project.here()
    command = commands.add_parser(
        "record",
        help="execute pages and write what they did into a file that a build elsewhere shows beside its own results; "
        "0 all pages are in it, 1 a page is not, 2 could not run",
        description="Execute pages, or plans that `witness plan` wrote, and write notebooks, records and environment "
        "into one file. It takes JAX, ipykernel and nbclient; to read pages themselves, MyST-NB too. A site "
        "shows what it finds in the folder `_records` of its pages: one tab a device on each timing.",
    )
    command.add_argument(
        "pages", nargs="*", default=[here.pages], help=f"pages, plans (.json) or folders; default: {here.pages}"
    )
    command.add_argument(
        "-o", "--output", type=Path, required=True, help="the file, or a folder: it is named for the device then"
    )
    command.add_argument("--records", type=Path, default=Path(here.records), help="where records are kept")
    command.add_argument("--replicates", type=whole, default=1, help="run pages that measure so often; default: 1")
    command.add_argument("--memory", type=whole, metavar="MB", help="what kernels may take before another page waits")
    command.set_defaults(command=_record, executes=True)


def _record(options: argparse.Namespace) -> int:
    folder = options.records.resolve()
    pages = plans(options.pages)
    facts = Facts(folder, reproducible=pages.reproducible)
    environment = find(facts, require_jax=pages.reproducible)
    store = Store(folder / environment.name)
    executor = chosen(facts, memory=options.memory or 0)
    run(pages.plans, store, environment, progress(), pages.root, executor, replicates=options.replicates)
    faults = [*pages.unreadable, *report(pages.plans, store, "`witness record`")]
    tell(faults)
    bundle = made(pages.plans, store)
    parts = bundle.parts()
    if shown := list(leaking(parts, machine(folder, pages.root))):
        for line in shown[:SHOWN_LEAKS]:
            print(line, file=sys.stderr)
        raise NoPages("no bundle was written: it would name this machine; let these pages show something else")
    output = options.output / f"{_slug(bundle.device.label)}.zip" if options.output.is_dir() else options.output
    data = bundle.to_bytes()
    write_whole(output, data)
    whole = counted(len({plan.path for plan in pages.plans} | {it.path for it in pages.unreadable}), "page")
    size = len(data) / 1e6
    print(f"{len(bundle.pages)} of {whole} on {bundle.device.label}: {output} ({size:.2f} MB)")
    return WRONG if faults else RIGHT


def made(plans: Sequence[Plan], store: Store) -> Bundle:
    """Return the bundle of the pages that are right. Raises NoPages without any."""
    capture = watching_digest()
    pages = {}
    for plan in sorted(plans, key=lambda plan: plan.page):
        record = store.read(plan.page)
        if record and not record.problems:
            pages[plan.page] = Page(plan.digest(), list(cell_keys(plan, capture)), partial(_is, record))
    if not pages:
        raise NoPages("no bundle was written: no page is right here")
    first = next(iter(pages.values())).record.environment
    runs = max(1 + len(page.record.replicates) for page in pages.values())
    return Bundle(Device.of(first, *processor()), capture, first, runs, pages)


def _is(record: PageRecord) -> PageRecord:
    return record


def leaking(parts: dict[str, bytes], known: Machine) -> Iterator[str]:
    """Yield where a bundle shows something of this machine, as the finished site is looked through."""
    scrubber = Scrubber(dataclasses.replace(known, places=[place for place in known.places if tells(place[0])]))
    for name, data in sorted(parts.items()):
        found = dict.fromkeys(text for _, text in leaks(data.decode("utf-8"), scrubber))
        yield from (f"{name} shows something of this machine: {text}" for text in found)


def _slug(label: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", label.lower()).strip("-")
