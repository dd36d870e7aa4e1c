"""Other runs of a page that measures, each in a fresh kernel: what all of them say together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from witness.records.between import Between
from witness.records.digits import duration, earned, span
from witness.records.kinds import TIMING, TIMINGS
from witness.records.page_record import CellRecord, LiveValue, OtherRun, PageRecord, Replicate
from witness.records.timing import Timing
from witness.records.values import INTERVAL, interval, together


def replicate(executed: str, seconds: float, cells: Sequence[CellRecord], live: Sequence[LiveValue]) -> Replicate:
    """Return what is kept of another run."""
    measured = [
        OtherRun(cell.number, timing.quiet, timing.statement, timing.median)
        for cell in cells
        for timing in TIMINGS.of(cell.captured)
    ]
    return Replicate(executed, seconds, measured, [value.text for value in live], [value.number for value in live])


def medians(replicates: Sequence[Replicate], cell: int, quiet: bool, place: int, statement: str) -> list[float]:
    """Return the medians of a timing in the other runs.

    Args:
        replicates: The other runs.
        cell: Number of the code cell.
        quiet: Whether it printed nothing.
        place: Which one of that sort it is in its cell, from 0.
        statement: What was timed; where a run timed another statement there, it has nothing to say.
    """
    found = []
    for run in replicates:
        same = [one for one in run.timings if (one.cell, one.quiet) == (cell, quiet)]
        if place < len(same) and same[place].statement == statement:
            found.append(same[place].median)
    return found


def figure_and_spread(timing: Timing, others: Sequence[float]) -> tuple[str, str]:
    """Return a timing's figure, and how far it can be trusted: between processes, where there are medians of others.

    >>> figure_and_spread(Timing("f()", 1, [0.001], [], "execution", "by hand"), [0.0012, 0.0011])
    ('1.1 ms a call', 'median of 3 processes; 95% interval between them 0.68 to 1.8 ms')
    """
    if not others:
        return timing.figure, timing.spread
    between = Between((timing.median, *others))
    low, high = between.interval or (min(between.found), max(between.found))
    digits = earned(between.figure, low, high)
    what = "95% interval between them" if between.interval else "they had"
    spread = f"median of {len(between.found)} processes; {what} {span([between.figure, low, high], digits)}"
    return f"{duration(between.figure, digits)} a call", spread


def line(timing: Timing, others: Sequence[float]) -> str:
    """Return a timing in one line of text, with what a reader must know before believing it."""
    figure, spread = figure_and_spread(timing, others)
    return "; ".join([f"{figure} ({spread})", *marks(timing, others)])


def marks(timing: Timing, others: Sequence[float]) -> list[str]:
    """Return the marks of a timing, and of its processes together."""
    return timing.marks + (Between((timing.median, *others)).marks if others else [])


def with_lines(outputs: Sequence[dict[str, Any]], cell: int, replicates: Sequence[Replicate]) -> list[dict[str, Any]]:
    """Return the outputs of a cell, in which the text of each timing says what all runs do together."""
    changed: list[dict[str, Any]] = []
    place = 0
    for output in outputs:
        data = output.get("data") or {}
        if TIMING.is_in(data):
            changed.append({**output, "data": {**data, **_line_at(data, cell, place, replicates)}})
            place += 1
        else:
            changed.append(output)
    return changed


def _line_at(data: Mapping[str, Any], cell: int, place: int, replicates: Sequence[Replicate]) -> dict[str, str]:
    try:
        timing = TIMING.of(data)
    except ValueError:  # a page may publish anything under this name
        timing = None
    if timing is None:
        return {}
    return {"text/plain": line(timing, medians(replicates, cell, False, place, timing.statement))}


@dataclass(frozen=True)
class Together:
    """A live value, as all runs of its page have it."""

    expression: str
    text: str
    """What stands in the prose."""
    found: list[str]
    """What each run had, the first one first."""
    told: str
    """How far the text can be trusted, in a few words; empty where it was the same in all runs."""


def combined(record: PageRecord, timed: Sequence[bool] = ()) -> list[Together]:
    """Return the live values of a page, in order; ``timed`` says of each whether a clock is in it, where that is known.

    Of a number it is the median over the runs, of anything else what most of them had, and of as many the first. An odd
    number of runs has a word and a number agree: where one is above a bound in most runs, so is the median.
    """
    known = timed or [value.measured for value in record.live]
    return [_together(value, place, record.replicates, known[place]) for place, value in enumerate(record.live)]


def _together(value: LiveValue, place: int, replicates: Sequence[Replicate], timed: bool) -> Together:
    runs = [run for run in replicates if place < len(run.live)]
    found = [value.text, *(run.live[place] for run in runs)]
    numbers = [number for number in (value.number, *(run.numbers[place] for run in runs)) if number is not None]
    if len(numbers) == len(found) > 1 and len(set(numbers)) > 1:
        form = value.format.removesuffix(INTERVAL)
        between = Between(tuple(numbers))
        told = "; ".join(filter(None, [_likely(between, form), *between.marks]))
        return Together(value.expression, together(numbers, value.format), found, told)
    (most, count), *_ = Counter(found).most_common(1)
    told = f"so in {count} of {len(found)} processes" if count < len(found) else ""
    if not runs and timed:
        told = "in one process, which says nothing of the next"
    return Together(value.expression, most, found, told)


def _likely(between: Between, form: str) -> str:
    """Return how many processes a number is the median of, and its interval between them."""
    told = f"median of {len(between.found)} processes"
    likely = interval(between, form)
    return f"{told}, 95% interval between them {likely}" if likely else told


def disagreeing(record: PageRecord) -> Iterator[tuple[LiveValue, list[str]]]:
    """Yield the live values that were not the same in all runs although no clock is in them, with what the runs had."""
    for value, it in zip(record.live, combined(record), strict=True):
        if not value.measured and len(set(it.found)) > 1:
            yield value, it.found
