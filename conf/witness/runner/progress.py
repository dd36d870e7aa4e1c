"""What a person sees while pages run: one plain line a page, and a summary at the end."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from typing import TextIO

from witness.reading.plan import Plan
from witness.records.count import counted
from witness.records.page_record import PageRecord

SLOWEST = 5
"""Cells that the summary lists."""


class Progress:
    """Plain lines; a terminal gets more (see ``witness.runner.display``)."""

    def __init__(self, stream: TextIO | None = None, *, verbose: bool = False) -> None:
        self._stream = stream or sys.stderr
        self._verbose = verbose
        self._records: list[tuple[Plan, PageRecord]] = []
        self._began = 0.0
        self._total = 0

    def say(self, line: str) -> None:
        """Print one line."""
        print(line, file=self._stream, flush=True)

    def start(self, plans: Sequence[Plan], expected: Mapping[str, float | None]) -> None:
        """Take note of the pages to come and of the seconds each took last time."""
        self._began, self._total = time.perf_counter(), len(plans)

    def began(self, plan: Plan) -> None:
        """A page's kernel is about to start."""

    def cell(self, plan: Plan, number: int, text: str) -> None:
        """A cell starts (``text`` is empty) or prints a piece of text."""
        if self._verbose and text:
            for line in text.splitlines():
                self.say(f"  {plan.page}[{number}] {line}")

    def ended(self, plan: Plan, record: PageRecord) -> None:
        """A page has its record."""
        self._records.append((plan, record))
        outcome = counted(len(record.problems), "problem") if record.problems else "right"
        count = f"[{len(self._records)}/{self._total}]"
        self.say(f"{count} {plan.path}: {outcome}, {counted(len(record.cells), 'cell')}, {record.seconds:.1f} s")

    def end(self) -> None:
        """Print where the time went."""
        if not self._records:
            return
        cells = [(cell.seconds, plan, cell) for plan, record in self._records for cell in record.cells]
        pages = counted(len(self._records), "page")
        self.say(f"{pages} in {time.perf_counter() - self._began:.1f} s; the slowest cells:")
        for seconds, plan, cell in sorted(cells, key=lambda item: -item[0])[:SLOWEST]:
            self.say(f"  {seconds:7.2f} s  {plan.path}:{cell.line}: cell {cell.number}")
