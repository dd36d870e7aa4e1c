"""The key of each cell of a page: what a bundle tells of a cell is shown while its key is that of the page's cell."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from witness.reading.plan import Plan
from witness.records.page_record import FORMAT
from witness.runner.environment import WATCHING, capture_digest

LENGTH = 16
"""Hexadecimal digits of a key."""


def watching_digest() -> str:
    """Return the digest of the code that watches cells in the kernel, and so decides what a time is of."""
    return hashlib.sha256(f"{FORMAT} {capture_digest(parts=WATCHING)}".encode()).hexdigest()[:LENGTH]


def cell_keys(plan: Plan, capture: str) -> Sequence[str]:
    """Return the key of each cell, in order: it covers the cell, all above it, and all that the page depends on.

    So a change of a cell leaves those above it as they are.
    """
    page = [plan.kernel, plan.needs, plan.reproducible, plan.folder is not None, sorted(plan.after), plan.inputs]
    above = json.dumps([capture, *page, plan.environment])
    keys = []
    for cell in plan.cells:
        text = json.dumps([above, cell.source, cell.raises, cell.may_raise, cell.skip, cell.watched])
        above = hashlib.sha256(text.encode()).hexdigest()
        keys.append(above[:LENGTH])
    return keys
