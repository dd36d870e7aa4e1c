"""The plan of a page: all that is needed to run it, and nothing of its prose."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from witness.records.codec import decode, encode
from witness.records.diagnostic import Diagnostic

Lane = Literal["alone", "together"]

EVAL = "{eval}"
"""The format of a live value that MyST-NB's own role or directive shows."""

PREDICT = "{predict}"
"""What the format of a value begins with that answers a question to the reader."""


class Unreadable(Exception):
    """A page that is no plan: ``faults`` says why, each with its line."""

    def __init__(self, path: str, faults: Sequence[tuple[int, str]]) -> None:
        super().__init__("\n".join(f"{path}:{line}: {why}" for line, why in faults))
        self.path = path
        self.faults = list(faults)

    def diagnostics(self) -> list[Diagnostic]:
        """Return what is wrong, each at its line."""
        return [Diagnostic(self.path, line, "unreadable", why) for line, why in self.faults]


@dataclass(frozen=True)
class Cell:
    """One code cell."""

    number: int
    """Position among the page's code cells, from 1."""
    line: int
    """First line of its code on the page, from 1."""
    source: str
    raises: str | None = None
    """Qualified name of the class it must raise (a bare name is a built-in)."""
    may_raise: bool = False
    """Whether it may raise anything or nothing: a stock ``raises-exception`` tag."""
    shows: str = ""
    """The example file that it shows, as readers know it: ``examples/flow.py``."""
    skip: bool = False
    """Whether it is shown and not run: a stock ``skip-execution`` tag."""
    unchecked: bool = False
    """Whether it must run and is not compared: ``:check: runs``."""
    rtol: float | None = None
    """Relative tolerance of the floats it prints."""
    watched: str = ""
    """What is watched while it runs, beyond what always is: ``steps``, ``calls``, ``lines``, ``code``."""
    alone: bool = False
    """Whether it reads a clock, and has the machine to itself."""

    def place(self, line: int) -> int:
        """Return the line of the page on which a line of the cell's code stands; its first, where none does.

        The code of an example stands in its own file, and that of a notebook has no lines: its ``line`` is its number.
        """
        return self.line + line - 1 if self.line > self.number and not self.shows else self.line


@dataclass(frozen=True)
class Live:
    """An expression in prose, evaluated after the cells above it."""

    expression: str
    format: str
    line: int
    after: int
    """Number of code cells above it."""
    right: str = ""
    """Where it answers a question: what the choice says that is marked as right."""
    wrong: list[str] = field(default_factory=list)
    """What the other choices say."""
    measured: bool = False
    """Whether a clock or the device is in it, as far as the code tells."""


@dataclass(frozen=True)
class Budget:
    """How long a page may take, in seconds, None being without limit; and how much a cell may make."""

    cell: float | None = 120.0
    page: float | None = 600.0
    output: float = 1.0
    """MB of output; of pictures five times as many."""


@dataclass(frozen=True)
class Plan:
    """What to run for one page."""

    page: str
    """Name below the book's folder, without suffix."""
    path: str
    """The page's path as messages show it."""
    kernel: str
    cells: list[Cell]
    live: list[Live] = field(default_factory=list)
    needs: list[str] = field(default_factory=list)
    """Packages beyond JAX whose versions the result depends on."""
    budget: Budget = Budget()
    lane: Lane = "together"
    """Whether it measures: a cell of it runs alone."""
    lane_stated: bool = False
    """Whether the page itself says so, whatever its code does."""
    reproducible: bool = True
    """Whether the page rules of this project hold: ``:raises:`` names each error, the source tree stays as it is."""
    folder: str | None = None
    """Working directory, or None for a temporary one."""
    after: dict[str, int] = field(default_factory=dict)
    """Pages that must have run before it, with the line that says so."""
    inputs: dict[str, str] = field(default_factory=dict)
    """SHA-256 of the files that it declares to read, by name or pattern from its folder."""
    environment: list[str] = field(default_factory=list)
    """Environment variables that it declares to read."""
    always: bool = False
    """Whether MyST-NB would execute it each time it is read: the site's mode is not ``cache``."""
    sources: dict[str, str] = field(default_factory=dict)
    """SHA-256 of the page, of each file it loads and of its inputs, by path: equal ones mean an equal plan."""

    def digest(self) -> str:
        """Return a digest of all that decides what the execution gives: neither lines nor budgets nor prose."""
        decisive = {
            "kernel": self.kernel,
            "cells": [[c.source, c.raises, c.may_raise, c.skip, c.shows, c.watched] for c in self.cells],
            "live": [[v.expression, v.format, v.after, v.right, *v.wrong] for v in self.live],
            "needs": self.needs,
            "reproducible": self.reproducible,
            "folder": self.folder is not None,
            "after": sorted(self.after),
            "inputs": self.inputs,
            "environment": self.environment,
        }
        return hashlib.sha256(json.dumps(decisive).encode()).hexdigest()

    def to_json(self) -> str:
        """Return the plan as JSON text, for a machine that has neither Sphinx nor the page."""
        return json.dumps(encode(self), ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """Read a plan back. Raises ValueError when the text is no plan."""
        try:
            return decode(cls, json.loads(text))
        except (ValueError, RecursionError) as error:
            raise ValueError(f"not a plan: {error}") from error
