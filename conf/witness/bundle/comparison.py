"""What pages did in several environments of one machine, one after another: which outputs and which times changed."""

from __future__ import annotations

import json
import math
import statistics
from dataclasses import dataclass
from difflib import unified_diff
from itertools import chain, pairwise
from pathlib import Path
from typing import Literal, Self

from witness.bundle.archive import BadBundle
from witness.bundle.device import Device
from witness.records.codec import decode, encode
from witness.records.ratio import FEWEST, Ratio
from witness.records.values import text

SCHEMA = 1
"""Raised whenever what is written can no longer be read by code that knows the number before.

The file is JSON in UTF-8: ``schema``, this number, and the fields of `Comparison`, each as it is declared here.
"""

Kind = Literal["text", "IR", "error", "count", "types", "timing", "figure", "live"]


@dataclass(frozen=True)
class Change:
    """One piece of evidence that is another, or that only one of the records has."""

    kind: Kind
    """How it changed: ``error`` is its class or message, ``count`` how often JAX traced or compiled, ``types`` for
    which types alone."""
    what: str
    """The piece: ``stdout``, say."""
    before: str | None
    """Its text; None where there was none."""
    after: str | None

    @property
    def diff(self) -> str:
        """Both texts in one."""
        before, after = ([] if text is None else text.split("\n") for text in (self.before, self.after))
        return "\n".join(list(unified_diff(before, after, lineterm="", n=2))[2:])


@dataclass(frozen=True)
class Changed:
    """One cell that did something else."""

    page: str
    cell: int
    """Number on the page, from 1; 0 is what stands above the first cell."""
    line: int
    title: str
    changes: list[Change]


@dataclass(frozen=True)
class Figure:
    """What a page tells of a clock: the median of a timing, or a measured number in its prose."""

    page: str
    cell: int
    """Number of the code cell that it was taken in, or of the last one above it."""
    line: int
    code: str
    """What was timed, or the expression."""
    format: str
    """That of the number: ``time`` is in seconds."""
    found: list[list[float | None]]
    """In each environment, what each round found: None where its page failed, or did not run."""

    def text(self, environment: int) -> str:
        """Return the median in an environment as the page shows it, or a dash."""
        numbers = [it for it in self.found[environment] if it is not None]
        return text(statistics.median(numbers), "number", self.format) if numbers else "–"

    def ratio(self, before: int, after: int) -> Ratio | None:
        """Return what became of it from one environment to another; None where too few rounds have both."""
        turns = zip(self.found[before], self.found[after], strict=True)
        pairs = tuple((a, b) for a, b in turns if a is not None and b is not None)
        return Ratio(pairs) if len(pairs) >= FEWEST else None


@dataclass(frozen=True)
class Source:
    """What a page was when it was compared."""

    plan: str
    """Digest of what was run."""
    cells: list[str]
    """The key of each cell, in order."""


@dataclass(frozen=True)
class Comparison:
    """What became of pages from one environment to the next."""

    executed: str
    """The days on which the pages ran."""
    rounds: int
    """How often each environment had its turn to measure."""
    environments: list[Device]
    """The device with each JAX, the first one first."""
    pages: dict[str, Source]
    """The pages that were compared."""
    outputs: list[list[Changed]]
    """The cells that did something else, from each environment to the next."""
    figures: list[Figure]

    @property
    def steps(self) -> list[tuple[int, int]]:
        """From which environment to which times are compared: to the next, and last from the first to the last."""
        last = len(self.environments) - 1
        return [*pairwise(range(last + 1)), *([(0, last)] if last > 1 else [])]

    def ratios(self, before: int, after: int) -> list[tuple[Figure, Ratio]]:
        """Return the figures that both environments have, each with what became of it from one to the other."""
        found = [(figure, figure.ratio(before, after)) for figure in self.figures]
        return [(figure, ratio) for figure, ratio in found if ratio]

    def to_json(self) -> str:
        """Return the text of its file."""
        return json.dumps({"schema": SCHEMA, **encode(self)}, ensure_ascii=False, indent=1) + "\n"

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return the comparison in a file. Raises BadBundle, which names it."""
        try:
            data = json.loads(path.read_text("utf-8"))
            if not isinstance(data, dict) or data.get("schema") != SCHEMA:
                raise ValueError(f"its schema is not {SCHEMA}")
            return decode(cls, {name: part for name, part in data.items() if name != "schema"})
        except OSError as error:
            raise BadBundle(f"{path}: {error.strerror}") from error
        except ValueError as error:
            why = f"no comparison of environments ({error!s:.200}); make it again, or remove it"
            raise BadBundle(f"{path}: {why}") from error

    def __post_init__(self) -> None:
        """Raise ValueError unless all is of as many environments and rounds, and each number one above zero."""
        count = len(self.environments)
        wrong = [
            it for it in self.figures if {len(turns) for turns in it.found} - {self.rounds} or len(it.found) != count
        ]
        if count < 2 or len(self.outputs) != count - 1 or wrong:
            raise ValueError("its environments, rounds, outputs and figures are not of as many")
        numbers = chain.from_iterable(chain.from_iterable(it.found for it in self.figures))
        if not all(number is None or 0 < number < math.inf for number in numbers):
            raise ValueError("a figure in it is no number above zero")
