"""The figures of a page that a clock or the device decides: what it shows of each timing, and numbers in its prose."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from witness.bundle.comparison import Figure
from witness.reading.plan import PREDICT
from witness.records.kinds import TIMINGS
from witness.records.page_record import PageRecord
from witness.records.values import INTERVAL

DIGITS = 4
"""Significant digits that are kept: no clock has as many."""

Told = tuple[int, str, str, int]
"""The cell, what was timed, the format, and which one of the same it is in that cell, from 0."""


def figures(page: str, lines: Sequence[int], rounds: Sequence[Sequence[PageRecord | None]]) -> Iterator[Figure]:
    """Yield the figures of a page that have been found in some environment.

    Args:
        page: The page.
        lines: The line of each of its cells.
        rounds: By environment, the record of each round, or None; of all as many.
    """
    found = [[dict(told(record)) if record else {} for record in records] for records in rounds]
    for key in dict.fromkeys(key for records in found for record in records for key in record):
        cell, code, form, _ = key
        numbers = [[_short(record.get(key)) for record in records] for records in found]
        yield Figure(page, cell, lines[cell - 1] if 0 < cell <= len(lines) else 1, code, form, numbers)


def told(record: PageRecord) -> Iterator[tuple[Told, float]]:
    """Yield the figures of a record, the timings that it shows first; of none that is zero or less is a ratio made."""
    for cell in record.cells:
        times: Counter[str] = Counter()
        for timing in TIMINGS.of(cell.captured):
            code = " ".join(timing.statement.split())
            if not timing.quiet and timing.median > 0:
                yield (cell.number, code, "time", times[code]), timing.median
                times[code] += 1
    for value in record.live:
        told_elsewhere = value.format == PREDICT or value.format.endswith(INTERVAL)
        if value.measured and not told_elsewhere and value.number is not None and value.number > 0:
            yield (value.after, value.expression, value.format, 0), value.number


def _short(number: float | None) -> float | None:
    return None if number is None else float(f"{number:.{DIGITS}g}")
