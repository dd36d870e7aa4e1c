"""The build card: what building the site took, page by page, and where it was done. ``{build-card}`` shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

from witness.nodes.error import cell_id
from witness.records.compilation import Compilation, CompiledProgram, total
from witness.records.kinds import COMPILATION, falsified
from witness.records.page_record import PageRecord
from witness.records.store import Store
from witness.records.values import UNITS
from witness.sphinx.env_state import has_failed, pages

SLOWEST = 10
"""Cells that are listed."""

MARK = "witness-card"
"""What the Sphinx environment notes of a page that shows the card."""


class BuildCard(SphinxDirective):
    """Shows the records that the site is made of."""

    def run(self) -> list[nodes.Node]:
        """Return the card, from the records as they are: all pages have been executed before any is read."""
        self.env.metadata[self.env.docname][MARK] = True
        records = list(records_of(self.env))
        if not records:
            return [nodes.paragraph("", "No page of this site was executed.")]
        box = nodes.container("", classes=["witness-card", "no-search"])
        box += [*_pages(records), *_slowest(records), *_falsified(records), *_environment(records)]
        return [box]


def records_of(env: BuildEnvironment) -> Iterator[PageRecord]:
    """Yield the records of the pages that are published, by name."""
    store = Store(Path(getattr(env, "witness_store", "")))
    for page in sorted(pages(env)):
        record = None if has_failed(env, page) else store.read(page)
        if record:
            yield record


def cards(env: BuildEnvironment) -> set[str]:
    """Return the pages that show the card."""
    return {page for page in env.found_docs if MARK in env.metadata.get(page, {})}


def work_of(record: PageRecord) -> Compilation:
    """Return what JAX did for a page."""
    return total(work for cell in record.cells if (work := COMPILATION.of(cell.captured)))


def _pages(records: Sequence[PageRecord]) -> Iterator[nodes.Element]:
    head = ["Page", "Time", "Cells", "Traced", "Compiled", "Of JAX's own", "Time of that", "Runs"]
    rows: list[list[nodes.Node]] = []
    for record in records:
        rows.append([link(record.page), *_row(record.seconds, len(record.cells), work_of(record), _runs(record))])
    works = total(work_of(record) for record in records)
    seconds, cells = sum(record.seconds for record in records), sum(len(record.cells) for record in records)
    rows.append([nodes.strong("", "All pages"), *_row(seconds, cells, works, sum(map(_runs, records)))])
    yield nodes.paragraph(
        "",
        "What each page took in its own kernel, start included: its cells, how often functions of the page were traced "
        "and compiled, how many programs of its own JAX compiled beside, and the time of all that.",
    )
    yield table(head, rows)


def _row(seconds: float, cells: int, work: Compilation, runs: int) -> list[nodes.Node]:
    traced = sum(len(program.traced) + len(program.failed) for program in work.programs)
    made = [sum(map(_made, work.programs)), _made(work.own)]
    texts = [_seconds(seconds), *map(UNITS["count"], [cells, traced, *made]), _seconds(work.seconds), str(runs)]
    return [nodes.Text(text) for text in texts]


def _made(program: CompiledProgram) -> int:
    return len(program.compiled) + len(program.loaded)


def _runs(record: PageRecord) -> int:
    return 1 + len(record.replicates)


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s"


def _slowest(records: Sequence[PageRecord]) -> Iterator[nodes.Element]:
    cells = [(-cell.seconds, record.page, cell.number) for record in records for cell in record.cells]
    yield nodes.paragraph("", "The cells that took longest:")
    rows: list[list[nodes.Node]] = [
        [place(page, number), nodes.Text(_seconds(-seconds))] for seconds, page, number in sorted(cells)[:SLOWEST]
    ]
    yield table(["Cell", "Time"], rows)


def _falsified(records: Sequence[PageRecord]) -> Iterator[nodes.Element]:
    rows: list[list[nodes.Node]] = []
    for record in records:
        for cell in record.cells:
            # In short: by how much is said under the cell.
            if told := dict.fromkeys(text.split(":")[0] for text in falsified(cell.captured)):
                rows.append([place(record.page, cell.number), nodes.Text(", ".join(told))])
    if not rows:
        yield nodes.paragraph("", "Nothing was seen that falsifies a time: no other load, no slow machine, no flag.")
        return
    yield nodes.paragraph("", "The cells that took a time while something falsified it:")
    yield table(["Cell", "What was seen"], rows)


def _environment(records: Sequence[PageRecord]) -> Iterator[nodes.Element]:
    yield nodes.paragraph("", "Where all of it ran:")
    rows = list(_facts(records[0].environment))
    dates = sorted(record.executed[:10] for record in records)
    rows.append(("Executed", dates[0] if dates[0] == dates[-1] else f"{dates[0]} to {dates[-1]}"))
    commits = sorted({record.commit for record in records if record.commit})
    if commits:
        rows.append(("Commit" if len(commits) == 1 else "Commits", "; ".join(commits)))
    yield table(["", ""], [[nodes.Text(name), nodes.Text(value)] for name, value in rows])


def _facts(environment: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, shown in (("python", "Python"), ("jax", "JAX"), ("jaxlib", "jaxlib"), ("numpy", "NumPy")):
        if environment.get(name):
            yield shown, str(environment[name])
    yield from sorted((name, str(version)) for name, version in environment.get("plugins", {}).items())
    yield "Device", f"{environment['devices']} × {environment['device']} ({environment['platform']})"
    yield "System", str(environment["system"])
    flags = environment.get("flags", {})
    yield "Flags", "; ".join(f"{name}={value}" for name, value in sorted(flags.items())) or "none"


def link(page: str, place: str = "", text: str = "") -> card_link:
    """Return a link to a page, or to a place on it."""
    return card_link("", text or page, page=page, place=place)


def place(page: str, number: int) -> card_link:
    """Return a link to a cell, which names it."""
    return link(page, cell_id(number), f"{page}, cell {number}")


class card_link(nodes.reference):  # noqa: N801 (docutils' nodes are written so)
    """A link to a page or to one of its cells, which is made when the page is written."""


def on_doctree_resolved(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Make the links: no reference of Sphinx's own knows of cells."""
    for node in list(doctree.findall(card_link)):
        if node.get("titled") and (title := app.env.titles.get(node["page"])):
            node[:] = [child.deepcopy() for child in title.children]
        if app.builder.format == "html":
            place = f"#{node['place']}" if node["place"] else ""
            uri = app.builder.get_relative_uri(page, node["page"]) + place
            node.replace_self(nodes.reference("", "", *node.children, internal=True, refuri=uri))
        else:
            node.replace_self(node.children)


def table(head: Sequence[str], rows: Sequence[Sequence[nodes.Node]]) -> nodes.table:
    """Return a table whose first column names the rows."""
    group = nodes.tgroup("", cols=len(head))
    group += nodes.colspec(colwidth=1, stub=1)
    group += [nodes.colspec(colwidth=1) for _ in head[1:]]
    if any(head):
        group += nodes.thead("", _cells([nodes.Text(text) for text in head]))
    group += nodes.tbody("", *map(_cells, rows))
    return nodes.table("", group)


def _cells(parts: Sequence[nodes.Node]) -> nodes.row:
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", part)) for part in parts))


def add(app: Sphinx) -> None:
    """Offer the directive."""
    app.add_directive("build-card", BuildCard)
    app.connect("doctree-resolved", on_doctree_resolved)
