"""The devices that a site has results of, and what its pages took on each. ``{devices}`` shows them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

from witness.bundle.bundle import Bundle
from witness.bundle.device import Device
from witness.bundle.headline import Headline, headlines
from witness.nodes.error import cell_id
from witness.records.count import counted
from witness.records.page_record import PageRecord
from witness.records.values import UNITS
from witness.sphinx.bundles import bundles, current, here, left_out, watched_alike
from witness.sphinx.card import MARK, card_link, records_of, table

HEAD = ("Device", "JAX", "Python", "System", "Executed", "Processes", "Pages shown")

Shown = Mapping[tuple[int, str, int], Headline]
"""What a device has of a page, by the key of each time."""


class Devices(SphinxDirective):
    """Shows the devices, and times on each beside those of this build."""

    def run(self) -> list[nodes.Node]:
        """Return the tables, from the records as they are: all pages have been executed before any is read."""
        self.env.metadata[self.env.docname][MARK] = True  # read again when a record has changed
        records = list(records_of(self.env))
        if not records:
            return [nodes.paragraph("", "No page of this site was executed.")]
        found = bundles(self.env)
        box = nodes.container("", classes=["witness-card", "no-search"])
        box += table(HEAD, list(_devices(self.env, records, found)))
        if not found:
            box += nodes.paragraph("", "No other device has been recorded.")
        box += _notes(self.env, records, found)
        if rows := list(_times(self.env, records, found)):
            starred = any("*" in node.astext() for row in rows for node in row[1:])
            names = [f"This build: {here(records[0]).label}", *(bundle.device.label for bundle in found)]
            told = "What pages measured"
            told += ", and in brackets each time over that of this build" if found else " here"
            told += ". A star marks a time about which its page says more." if starred else "."
            box += [nodes.paragraph("", told), table(["Page and what was timed", *names], rows)]
        return [box]


def _devices(
    env: BuildEnvironment, records: Sequence[PageRecord], found: Sequence[Bundle]
) -> Iterator[list[nodes.Node]]:
    dates = sorted(record.executed[:10] for record in records)
    executed = dates[0] if dates[0] == dates[-1] else f"{dates[0]} to {dates[-1]}"
    runs = max(1 + len(record.replicates) for record in records)
    yield _row(here(records[0]), f"{executed}, this build", runs, f"all {len(records)}")
    for bundle in found:
        whole = sum(current(env, page, bundle) == len(kept.cells) for page, kept in bundle.pages.items())
        yield _row(bundle.device, bundle.executed, bundle.replicates, f"{whole} of {len(bundle.pages)}")


def _row(device: Device, executed: str, runs: int, pages: str) -> list[nodes.Node]:
    cores = f", {counted(device.cores, 'core')}" if device.platform == "cpu" else ""
    texts = [device.name + cores, device.jax, device.python, device.system, executed, str(runs), pages]
    return [nodes.Text(text) for text in texts]


def _notes(env: BuildEnvironment, records: Sequence[PageRecord], found: Sequence[Bundle]) -> Iterator[nodes.paragraph]:
    """Yield what is not shown of each bundle, and why."""
    for bundle in found:
        if not watched_alike(bundle):
            why = "it was recorded with other code of witness than that of this build, and none of it is shown"
            yield nodes.paragraph("", f"{bundle.path.name}: {why}; record it again.")
            continue
        changed = [
            f"{page} from cell {same + 1} on" if same else page
            for page, kept in bundle.pages.items()
            if (same := current(env, page, bundle)) < len(kept.cells)
        ]
        if changed:
            told = f"{bundle.path.name}: recorded from other sources than those of this build, and not shown"
            yield nodes.paragraph("", f"{told}: {'; '.join(changed)}.")
    for why in left_out(env):
        yield nodes.paragraph("", f"Left out: {why}.")


def _times(env: BuildEnvironment, records: Sequence[PageRecord], found: Sequence[Bundle]) -> Iterator[list[nodes.Node]]:
    for record in records:
        elsewhere = [_shown(env, record.page, bundle) for bundle in found]
        for number, headline in enumerate(headlines(record)):
            row: list[nodes.Node] = [_place(record.page, headline, first=not number), nodes.Text(_told(headline))]
            yield row + [nodes.Text(_beside(headline, there.get(headline.key))) for there in elsewhere]


def _place(page: str, headline: Headline, *, first: bool) -> nodes.inline:
    """Return what was timed, as a link to its cell; the first of a page below a link to that."""
    code = card_link(
        "", "", nodes.literal("", headline.code), page=page, place=cell_id(headline.cell) * (headline.cell > 0)
    )
    head = [card_link("", page, page=page, place="", titled=True), nodes.Text(": ")] if first else []
    return nodes.inline("", "", *head, code)


def _shown(env: BuildEnvironment, page: str, bundle: Bundle) -> Shown:
    same = current(env, page, bundle)
    if not same:
        return {}
    return {it.key: it for it in headlines(bundle.pages[page].record) if it.cell <= same}


def _told(headline: Headline) -> str:
    return f"{headline.text}*" if headline.marks else headline.text


def _beside(one: Headline, other: Headline | None) -> str:
    if other is None:
        return "–"
    ratio = f" ({UNITS['ratio'](other.seconds / one.seconds)})" if one.seconds > 0 else ""
    return _told(other) + ratio


def add(app: Sphinx) -> None:
    """Offer the directive."""
    app.add_directive("devices", Devices)
