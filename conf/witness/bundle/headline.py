"""What a page says of time in short: the timings that it shows; where it shows none, the first times in its prose."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from witness.records.between import Between
from witness.records.kinds import TIMINGS
from witness.records.page_record import CellRecord, PageRecord
from witness.records.replicate import combined, figure_and_spread, marks, medians
from witness.records.timing import Timing

FEW = 3
"""How many times in prose stand for a page that shows no timing."""


@dataclass(frozen=True)
class Headline:
    """One time that a page tells."""

    cell: int
    """Number of the code cell that it was taken in, or of the last one above it."""
    code: str
    """What was timed, or the expression of the time."""
    place: int
    """Which one of the same code it is in its cell, from 0."""
    seconds: float
    text: str
    marks: tuple[str, ...] = ()
    """What a reader must know before believing it, in a few words each."""

    @property
    def key(self) -> tuple[int, str, int]:
        """What tells it from others of its page: on another device it has the same one."""
        return self.cell, self.code, self.place


def shown(cell: CellRecord) -> list[Timing]:
    """Return the timings that a cell shows, in order. Raises ValueError when they are none."""
    return [timing for timing in TIMINGS.of(cell.captured) if not timing.quiet]


def headlines(record: PageRecord) -> list[Headline]:
    """Return the times that stand for a page."""
    return list(_timings(record)) or list(_prose(record))[:FEW]


def _timings(record: PageRecord) -> Iterator[Headline]:
    for cell in record.cells:
        told: Counter[str] = Counter()
        for place, timing in enumerate(shown(cell)):
            code = " ".join(timing.statement.split())
            others = medians(record.replicates, cell.number, False, place, timing.statement)
            text = figure_and_spread(timing, others)[0].removesuffix(" a call")
            seconds = Between((timing.median, *others)).figure
            yield Headline(cell.number, code, told[code], seconds, text, tuple(marks(timing, others)))
            told[code] += 1


def _prose(record: PageRecord) -> Iterator[Headline]:
    told: Counter[tuple[int, str]] = Counter()
    for place, (value, together) in enumerate(zip(record.live, combined(record), strict=True)):
        if not value.measured or value.format != "time" or value.number is None:
            continue
        others = [run.numbers[place] for run in record.replicates if place < len(run.numbers)]
        seconds = Between((value.number, *(number for number in others if number is not None))).figure
        yield Headline(value.after, value.expression, told[value.after, value.expression], seconds, together.text)
        told[value.after, value.expression] += 1
