"""Devices that are no devices: a CPU that stands for several, as pages about sharding want it."""

from __future__ import annotations

from witness.records.kinds import SIMULATED
from witness.records.page_record import PageRecord


def simulated(record: PageRecord) -> int:
    """Return for how many devices one CPU stood while a page ran, or 0 where it stood for itself."""
    here = record.environment
    everywhere = here.get("devices", 0) if here.get("platform") == "cpu" else 0
    found = max((SIMULATED.of(cell.captured) or 0 for cell in record.cells), default=0)
    return most if (most := max(everywhere, found)) > 1 else 0
