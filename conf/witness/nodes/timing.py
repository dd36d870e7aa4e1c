"""A timing among a cell's outputs: one line of text, its distribution, and the details on demand."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence

from docutils import nodes

from witness.nodes.distribution import svg
from witness.nodes.fold import fold
from witness.records.between import FEWEST
from witness.records.digits import durations
from witness.records.replicate import figure_and_spread, marks
from witness.records.timing import NARROW, Timing

EXPLAINED = (
    "The interval between processes is made so that the median of {count} more processes, on this machine and as busy "
    "as it was, falls into it 95 times in 100."
)

TOLD = {
    "execution": "Execution was timed: every result was awaited.",
    "dispatch": "Dispatch was timed, not execution: the result was not awaited.",
    "unknown": "Whether every result was awaited cannot be told.",
    "none": "Nothing of JAX came out of the statement.",
}


def timing_parts(timing: Timing, others: Sequence[float], name: str) -> list[nodes.Element]:
    """Return what stands in the box of a timing.

    Args:
        timing: What was measured.
        others: The medians of the same statement in other processes, in seconds.
        name: What no other timing on the page is called.
    """
    figure, spread = figure_and_spread(timing, others)
    number, unit, rest = figure.partition(" a call")
    line = nodes.paragraph("", "", nodes.strong("", number), nodes.Text(unit + rest), classes=["witness-timing-line"])
    line += [nodes.Text(" "), nodes.inline("", f"({spread})", classes=["witness-spread"])]
    for mark in marks(timing, others):
        line += [nodes.Text(" "), nodes.inline("", mark, classes=["witness-mark"])]
    parts: list[nodes.Element] = [line]
    if len(timing.samples) > 1 or others:
        parts.append(nodes.raw("", svg(timing, others, name), format="html"))
    items = [nodes.list_item("", nodes.paragraph("", text)) for text in _details(timing, others)]
    statement = nodes.list_item("", nodes.paragraph("", "", nodes.literal("", timing.statement)))
    parts.append(fold("", nodes.bullet_list("", statement, *items), summary="How this was measured"))
    return parts


def _details(timing: Timing, others: Sequence[float]) -> Iterator[str]:
    count = len(timing.samples)
    if others:
        yield f"In the first process: {timing.figure} ({timing.spread})."
        yield "In the others: " + ", ".join(durations([timing.median, *others])[1:]) + "."
        if len(others) >= FEWEST - 1:
            yield EXPLAINED.format(count=len(others) + 1)
    loops = f", each the mean of {timing.loops:,} calls" if timing.loops > 1 else ", each of one call"
    yield f"{count:,} sample{'s' if count > 1 else ''}{loops}; all are kept, none is left out."
    if timing.watched and timing.loops > 1:
        yield "The first call was watched, to see what it waits for, and not timed: the first sample is of the others."
    elif timing.watched:
        yield "The first call was watched, to see what it waits for, which takes some time of its own."
    if timing.pilot:
        yield f"{len(timing.pilot):,} taken before, to find out how many it takes; they count in no figure."
    if count > 1:
        cuts = statistics.quantiles(timing.samples, n=20, method="inclusive")
        values = [cuts[9], timing.range[0], cuts[0], cuts[4], cuts[14], cuts[18], timing.range[1]]
        names = ["median", "least", "5%", "25%", "75%", "95%", "most"]
        shown = durations(values, timing.digits)
        yield "; ".join(f"{name} {value}" for name, value in zip(names, shown, strict=True)) + "."
    yield TOLD[timing.kind]
    if timing.stopped == "narrow" and timing.pilot:
        yield f"The number of samples was to make the 95% interval of the median within this process {NARROW:.0%} wide."
    elif timing.stopped in ("narrow", "budget"):
        yield "The time for measuring was used up."
    elif timing.stopped == "slow":
        yield "A sample takes too long for more."
    else:
        yield f"The page says how many: {' '.join(timing.by_hand)}."
    yield from (f"While it was measured: {condition}." for condition in timing.conditions)
