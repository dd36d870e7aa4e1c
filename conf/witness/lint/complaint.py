"""A complaint: what is wrong at one place of a page, and what to write instead."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Complaint:
    """One fault of one page."""

    path: Path
    line: int
    """From 1."""
    column: int | None
    """From 1; None where the whole line is meant."""
    rule: str
    """Name of the rule, such as ``typed-measurement``."""
    message: str
    """What is wrong and what to write instead, in one line."""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.message}"
