"""Progress on a terminal: a line for each page that runs, with its cell, the time gone and the time expected."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from witness.reading.plan import Plan
from witness.records.page_record import PageRecord
from witness.runner.progress import Progress

if TYPE_CHECKING:
    from rich.progress import TaskID


def progress(*, verbose: bool = False) -> Progress:
    """Return a display where a person watches, plain lines elsewhere: in a pipe, or where Rich is not installed."""
    if not sys.stderr.isatty():
        return Progress(verbose=verbose)
    try:
        return Display(verbose=verbose)
    except ImportError:
        return Progress(verbose=verbose)


class Display(Progress):
    """Plain lines, above lines that move. Raises ImportError without Rich."""

    def __init__(self, *, verbose: bool = False) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bars

        super().__init__(verbose=verbose)
        self._bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("cell {task.completed:.0f}/{task.total:.0f}"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[expected]}"),
            console=Console(stderr=True),
            transient=True,
        )
        self._tasks: dict[str, TaskID] = {}
        self._expected: Mapping[str, float | None] = {}

    def say(self, line: str) -> None:
        """Print one line above those that move."""
        self._bars.console.print(line, markup=False, highlight=False)

    def start(self, plans: Sequence[Plan], expected: Mapping[str, float | None]) -> None:
        """Begin to show."""
        super().start(plans, expected)
        self._expected = expected
        self._bars.start()

    def began(self, plan: Plan) -> None:
        """Show a page."""
        seconds = self._expected.get(plan.page)
        self._tasks[plan.page] = self._bars.add_task(
            plan.path, total=len(plan.cells), expected=f"of about {seconds:.0f} s" if seconds else ""
        )

    def cell(self, plan: Plan, number: int, text: str) -> None:
        """Show the cell that runs."""
        super().cell(plan, number, text)
        self._bars.update(self._tasks[plan.page], completed=number)

    def ended(self, plan: Plan, record: PageRecord) -> None:
        """Turn a page's line into a plain one."""
        self._bars.remove_task(self._tasks.pop(plan.page))
        super().ended(plan, record)

    def end(self) -> None:
        """Stop moving and print where the time went."""
        self._bars.stop()
        super().end()
