"""The record of one page: what each cell did, in one environment."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from witness.records.codec import decode, encode

FORMAT = 4
"""Raised whenever the meaning of a stored field changes; older records are then run again."""


@dataclass(frozen=True)
class Problem:
    """One reason why a page cannot be published."""

    rule: str
    """Stable name of the fault, such as ``wrong-class``."""
    line: int
    """Line of the page, from 1."""
    cell: int | None
    """Number of the code cell on its page, from 1, or None where no single cell is at fault."""
    expected: str
    got: str
    detail: str = ""
    """More lines for a person: the end of a traceback, say."""


@dataclass(frozen=True)
class CellError:
    """The exception that ended a cell."""

    name: str
    """Qualified class name, such as ``jax.errors.TracerBoolConversionError``."""
    message: str


@dataclass(frozen=True)
class CellRecord:
    """What one code cell did."""

    number: int
    line: int
    source: str
    seconds: float
    execution_count: int | None
    outputs: list[dict[str, Any]]
    """Outputs in notebook format 4, scrubbed of the machine."""
    raised: CellError | None = None
    captured: dict[str, Any] = field(default_factory=dict)
    """What the kernel extension saw of the cell, by its parts."""


FAILED = "failed"
"""What a value is, and under which name its ``metadata`` says why, that MyST-NB's own ``eval`` could not have."""


@dataclass(frozen=True)
class LiveValue:
    """The value that an expression in prose had at its place on the page."""

    expression: str
    format: str
    line: int
    text: str
    after: int = 0
    """Number of code cells above it."""
    kind: str = ""
    """What it was: ``number``, ``text`` or ``truth``; or ``failed``, where ``metadata`` says why."""
    data: dict[str, Any] = field(default_factory=dict)
    """What MyST-NB's own ``eval`` shows: the value in all of its kinds."""
    metadata: dict[str, Any] = field(default_factory=dict)
    number: float | None = None
    """Its number, as exact as it was; None where it is a text or a truth value."""
    measured: bool = False
    """Whether a clock or the device is in it, as far as the page's code tells: another run may have another."""


@dataclass(frozen=True)
class OtherRun:
    """One timing of another run."""

    cell: int
    """Number of the code cell."""
    quiet: bool
    statement: str
    median: float
    """Seconds."""


@dataclass(frozen=True)
class Replicate:
    """Another run of the page, in a fresh kernel."""

    executed: str
    seconds: float
    timings: list[OtherRun]
    """In the order in which they were taken."""
    live: list[str]
    """The texts of the live values, in the order of the page."""
    numbers: list[float | None] = field(default_factory=list)
    """Their numbers."""


PYTHON: dict[str, Any] = {
    "name": "python",
    "mimetype": "text/x-python",
    "codemirror_mode": {"name": "ipython", "version": 3},
    "pygments_lexer": "ipython3",
    "nbconvert_exporter": "python",
    "file_extension": ".py",
}
"""What ipykernel says of its language, its version apart."""


@dataclass(frozen=True)
class PageRecord:
    """One page, executed in one environment: once, and again where replicates of what it measures are wanted."""

    page: str
    key: str
    environment: dict[str, Any]
    executed: str
    """When the execution began: UTC, ISO 8601, to the second."""
    seconds: float
    """Wall time of the page's kernel, start included."""
    cells: list[CellRecord]
    live: list[LiveValue]
    problems: list[Problem] = field(default_factory=list)
    language_info: dict[str, Any] = field(default_factory=dict)
    widgets: dict[str, Any] = field(default_factory=dict)
    """Widget state that the page's outputs refer to, in notebook format 4."""
    replicates: list[Replicate] = field(default_factory=list)
    """The other runs of a page that measures."""
    clocks: list[str] = field(default_factory=list)
    """Names that were found to read a clock when the page ran, which its code alone does not tell."""
    commit: str = ""
    """What git called the page's sources when it was executed; empty where they are in no repository."""
    format: int = FORMAT

    @property
    def language(self) -> dict[str, Any]:
        """Return what a notebook says of the language of its cells."""
        return self.language_info or {**PYTHON, "version": self.environment["python"]}

    def to_json(self) -> str:
        """Return the record as JSON text that :meth:`from_json` reads back."""
        return json.dumps(encode(self), ensure_ascii=False, indent=1, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> PageRecord:
        """Read a record back.

        Raises ValueError when the text is no record of this format.
        """
        try:
            data = json.loads(text)
            if data["format"] != FORMAT:
                raise ValueError(f"record format {data['format']}, expected {FORMAT}")
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a page record: {error!r}") from error
        return decode(cls, data)
