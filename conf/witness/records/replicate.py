"""Another run of a page that measures, in a fresh kernel: what it measured, to be shown beside the first run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from witness.records.page_record import CellRecord, LiveValue, OtherRun, Replicate
from witness.records.timing import timings


def replicate(executed: str, seconds: float, cells: Sequence[CellRecord], live: Sequence[LiveValue]) -> Replicate:
    """Return what is kept of another run."""
    measured = [
        OtherRun(cell.number, timing.quiet, timing.statement, timing.median)
        for cell in cells
        for timing in timings(cell.captured)
    ]
    return Replicate(executed, seconds, measured, [value.text for value in live])


@dataclass(frozen=True)
class Varied:
    """A live value that was not the same in all runs."""

    expression: str
    texts: list[str]
    """As the runs had it, the first one first: it stands in the prose."""


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


def varied(live: Sequence[LiveValue], replicates: Sequence[Replicate]) -> list[Varied]:
    """Return the live values that differ from run to run, each expression with its values once."""
    found: dict[tuple[str, ...], Varied] = {}
    for place, value in enumerate(live):
        texts = [value.text, *(run.live[place] for run in replicates if place < len(run.live))]
        if len(set(texts)) > 1:
            found.setdefault((value.expression, *texts), Varied(value.expression, texts))
    return list(found.values())
