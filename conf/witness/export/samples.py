"""A page's timings as a table: every sample, one a line, to be counted again by whoever doubts a figure."""

from __future__ import annotations

import csv
import io

from witness.records.kinds import TIMINGS
from witness.records.page_record import PageRecord

HEAD = ("cell", "timing", "statement", "measured", "loops", "phase", "sample", "seconds")
"""``phase`` is ``pilot`` for samples that only decided how many there are; ``seconds`` is for one call."""


def samples(record: PageRecord) -> str:
    """Return all samples of a page's timings as CSV, or nothing where it has none."""
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n")
    table.writerow(HEAD)
    rows = [
        (cell.number, number, timing.statement, timing.kind, timing.loops, phase, place, f"{seconds:.9g}")
        for cell in record.cells
        for number, timing in enumerate(TIMINGS.of(cell.captured), 1)
        for phase, taken in (("pilot", timing.pilot), ("sample", timing.samples))
        for place, seconds in enumerate(taken, 1)
    ]
    table.writerows(rows)
    return written.getvalue() if rows else ""
