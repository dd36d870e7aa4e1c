"""A line of the table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    stock: str
    ours: str
    ratio: float | None
    bar: str
    holds: bool | None

    def __str__(self) -> str:
        ratio = "" if self.ratio is None else f"ratio {self.ratio:.3f}"
        verdict = "" if self.holds is None else f"bar {self.bar}: {'holds' if self.holds else 'MISSED'}"
        return " | ".join(part for part in (self.what, self.stock, self.ours, ratio, verdict) if part)
