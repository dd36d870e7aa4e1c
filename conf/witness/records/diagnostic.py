"""A diagnostic: what is wrong at one place of a page, told to a person, and to GitHub where it listens."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Diagnostic:
    """One fault at one place."""

    path: str
    line: int
    """From 1."""
    rule: str
    """Stable name, such as ``typed-measurement``."""
    message: str
    """In one line: what is wrong, or what was expected and what came."""
    detail: str = ""
    """More lines: a unified diff, say."""
    next: str = ""
    """What to do or to type."""
    cell: int | None = None
    """Number of the cell, from 1; 0 is the top of the page."""
    column: int | None = None
    """From 1; None where the whole line is meant."""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}"

    @property
    def text(self) -> str:
        """The diagnostic without its place."""
        cell = "" if self.cell is None else f"cell {self.cell}: " if self.cell else "top of the page: "
        detail = "".join(f"\n    {line}".rstrip() for line in self.detail.splitlines())
        advice = f"\n    next: {self.next}" if self.next else ""
        return f"{cell}{self.rule}: {self.message}{detail}{advice}"

    def annotate(self) -> None:
        """Have GitHub show it at its line, if this is a workflow of it."""
        annotate(self.path, self.line, self.rule, self.text, self.column)


def tell(diagnostics: Iterable[Diagnostic]) -> None:
    """Write each to standard error, and have GitHub show it at its line."""
    for it in diagnostics:
        print(it, file=sys.stderr)
        it.annotate()


def annotate(path: str, line: int, title: str, text: str, column: int | None = None) -> None:
    """Have GitHub show a text at a line, if this is a workflow of it.

    Source: *Workflow commands*, in GitHub's documentation.
    """
    if os.environ.get("GITHUB_ACTIONS") == "true":
        col = f",col={column}" if column else ""
        where = f"file={_escaped(path, ':,')},line={line}{col},title={_escaped(title, ':,')}"
        print(f"::error {where}::{_escaped(text)}", flush=True)


def _escaped(text: str, more: str = "") -> str:
    for character in f"%\r\n{more}":
        text = text.replace(character, f"%{ord(character):02X}")
    return text
