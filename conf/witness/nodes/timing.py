"""A timing among a cell's outputs: one line of text, its distribution, and the details on demand."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence

from docutils import nodes

from witness.nodes.distribution import svg
from witness.nodes.fold import fold
from witness.records.timing import NARROW, Timing, durations

TOLD = {
    "execution": "Execution was timed: every result was awaited.",
    "dispatch": "Dispatch was timed, not execution: the result was not awaited.",
    "unknown": "Whether every result was awaited cannot be told.",
    "none": "Nothing of JAX came out of the statement.",
}


def timing_nodes(timing: Timing, others: Sequence[float], name: str) -> list[nodes.Element]:
    """Return the nodes of a timing.

    Args:
        timing: What was measured.
        others: The medians of the same statement in other processes, in seconds.
        name: What no other timing on the page is called.
    """
    marks = timing.marks
    told = timing.line.removesuffix("".join(f"; {mark}" for mark in marks))
    figure, unit, rest = told.partition(" a call")
    line = nodes.paragraph("", "", nodes.strong("", figure), nodes.Text(unit), classes=["witness-timing-line"])
    line += [nodes.Text(" "), nodes.inline("", rest.strip(), classes=["witness-spread"])]
    for mark in marks:
        line += [nodes.Text(" "), nodes.inline("", mark, classes=["witness-mark"])]
    parts: list[nodes.Element] = [line]
    if others:
        parts.append(nodes.paragraph("", between(timing, others), classes=["witness-timing-line"]))
    if len(timing.samples) > 1 or others:
        parts.append(nodes.raw("", svg(timing, others, name), format="html"))
    items = [nodes.list_item("", nodes.paragraph("", text)) for text in _details(timing, others)]
    statement = nodes.list_item("", nodes.paragraph("", "", nodes.literal("", timing.statement)))
    parts.append(fold("", nodes.bullet_list("", statement, *items), summary="How this was measured"))
    return [nodes.container("", *parts, classes=["witness-timing"])]


def between(timing: Timing, others: Sequence[float]) -> str:
    """Return in one line how much the medians of several processes differ.

    >>> between(Timing("f()", 1, [0.001], [], "execution", "by hand"), [0.0012, 0.0011])
    'In 3 processes the median was 1.00 ms to 1.20 ms.'
    """
    medians = [timing.median, *others]
    low, high = durations([min(medians), max(medians)])
    return f"In {len(medians)} processes the median was {low} to {high}."


def _details(timing: Timing, others: Sequence[float]) -> Iterator[str]:
    count = len(timing.samples)
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
        values = [timing.range[0], cuts[0], cuts[4], cuts[9], cuts[14], cuts[18], timing.range[1]]
        names = ["least", "5%", "25%", "median", "75%", "95%", "most"]
        yield "; ".join(f"{name} {value}" for name, value in zip(names, durations(values), strict=True)) + "."
    yield TOLD[timing.kind]
    if timing.stopped == "narrow" and timing.pilot:
        yield f"The number of samples was to make the 95% interval of the median {NARROW:.0%} wide."
    elif timing.stopped in ("narrow", "budget"):
        yield "The time for measuring was used up."
    elif timing.stopped == "slow":
        yield "A sample takes too long for more."
    else:
        yield f"The page says how many: {' '.join(timing.by_hand)}."
    yield from (f"While it was measured: {condition}." for condition in timing.conditions)
    if others:
        yield "Medians of the other processes: " + ", ".join(durations(others)) + "."
