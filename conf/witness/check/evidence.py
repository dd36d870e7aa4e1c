"""The evidence of a page: what its record says each cell did, as far as the page's options have it compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from witness.check.matching import CellKey
from witness.check.transcript import Part, Transcript, transcripts
from witness.check.unstable import hlo
from witness.reading.plan import Cell, Plan
from witness.records.normalise import NormalisationRule
from witness.records.page_record import PageRecord


@dataclass(frozen=True)
class Evidence:
    """What one cell did, and how it is compared."""

    number: int
    """Of the cell, from 1; 0 is the top of the page."""
    line: int
    """On the page as it is now."""
    title: str
    digest: str
    parts: tuple[Part, ...]
    rtol: float | None = None
    unstable: str | None = None
    """A line of text that must not be compared, in a cell that does not say so."""

    def replaced(self, rules: Sequence[NormalisationRule]) -> Evidence:
        """Return it as a site's own rules have it compared."""
        return replace(self, parts=tuple(part.replaced(rules) for part in self.parts))

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"cell {self.number}" if self.number else "top of the page"

    @property
    def known(self) -> CellKey:
        """What it is matched by."""
        return CellKey(self.digest, self.title, "\n".join(f"{part.kind}\n{part.text}" for part in self.parts))


def evidence(plan: Plan, record: PageRecord) -> list[Evidence]:
    """Return the evidence of each cell of a page, and first that of its top."""
    cells = {cell.number: cell for cell in plan.cells}
    return [_evidence(it, cells.get(it.number)) for it in transcripts(record)]


def bare(record: PageRecord) -> list[Evidence]:
    """Return the evidence of a record alone: all of it."""
    return [_evidence(it, None) for it in transcripts(record)]


def _evidence(it: Transcript, cell: Cell | None) -> Evidence:
    unchecked = cell is not None and cell.unchecked
    parts = tuple(part for part in it.parts if part.is_live or not unchecked)
    unstable = next((found for part in parts if (found := hlo(part.text))), None)
    line, rtol = (cell.line, cell.rtol) if cell else (it.line, None)
    return Evidence(it.number, line, it.title, it.digest, parts, rtol, unstable)


def agree(expected: tuple[Part, ...], got: tuple[Part, ...], rtol: float | None = None) -> bool:
    """Return whether parts are what they are expected to be."""
    return len(expected) == len(got) and all(a.allows(b, rtol) for a, b in zip(expected, got, strict=True))
