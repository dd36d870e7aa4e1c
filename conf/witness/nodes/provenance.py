"""Where and when a page's code ran, in words."""

from __future__ import annotations

from html import escape

from witness.nodes.text import amount
from witness.records.devices import simulated
from witness.records.page_record import PageRecord
from witness.records.replicate import combined


def variation(record: PageRecord) -> str:
    """Return, as HTML, how much what a page measures differs between its runs; nothing where it was run once."""
    if not record.replicates:
        return ""
    runs = 1 + len(record.replicates)
    values = {(it.expression, it.text): it for it in combined(record) if len(set(it.found)) > 1}.values()
    items = [
        f"<li><code>{escape(it.expression)}</code>: {escape(it.text)} ({escape(it.told)}); "
        f"the runs had {escape('; '.join(it.found))}</li>"
        for it in values
    ]
    told = (
        f"Run {runs} times, each time in a process of its own. A time or a ratio in the text is the median of these; "
        "figures and printed lines are from the first."
    )
    if not items:
        return f'<p class="witness-provenance">{told} No value in it was another.</p>\n'
    summary = f"{told} {amount(len(items), 'value')} in it differed"
    return (
        f'<details class="witness-fold witness-provenance no-search"><summary>{summary}</summary>\n'
        f"<ul>{''.join(items)}</ul></details>\n"
    )


def sentence(record: PageRecord) -> str:
    """Return where and when a page was executed, as one sentence."""
    environment = record.environment
    parts = [f"Python {environment['python']}"]
    if environment["jax"]:
        count = f"{environment['devices']} × " if environment["devices"] > 1 else ""
        if found := simulated(record):
            count = f"{found} simulated devices on one "
        parts = [
            f"JAX {environment['jax']}",
            f"jaxlib {environment['jaxlib']}",
            *parts,
            f"{count}{environment['device']}",
        ]
    source = f"; from commit {record.commit}" if record.commit else ""
    return f"Executed on {record.executed[:10]} in {record.seconds:.1f} s with {', '.join(parts)}{source}."
