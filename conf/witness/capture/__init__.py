"""The kernel extension: sees from outside what a cell's plain JAX does, and publishes it beside the cell's outputs.

The runner loads it before a page's first cell. In a notebook of one's own, ``%load_ext witness`` does so.
It changes no value, no name and no output of the page.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from witness.capture.background import Background
from witness.capture.calls import Caller
from witness.capture.cell_files import CellFiles
from witness.capture.compilation import Listener
from witness.capture.device_memory import Memory
from witness.capture.error import Errors
from witness.capture.lines import Lines
from witness.capture.simulated import Simulated
from witness.capture.steps import Stepper
from witness.capture.xla_dump import XlaDump
from witness.records import kinds
from witness.records.kinds import CELL, CLOCKS
from witness.records.lens import CODE
from witness.timing.clocks import Clocks
from witness.timing.conditions import Conditions


class Observer(Protocol):
    """One thing that is looked at in every cell."""

    def before(self) -> None:
        """Begin a cell."""

    def after(self, result: Any) -> Any:
        """End a cell; return what was seen, as JSON data, or None where there is nothing to tell.

        ``result`` is IPython's ``ExecutionResult``.
        """

    def text(self, seen: Any) -> str:
        """Return what was seen in a line of plain text, or an empty text."""


class Watcher:
    """Asks each part before and after each cell that a reader wrote; silent execution is not seen.

    What a cell runs as a cell within itself, as ``%%capture`` does, is part of it.
    """

    def __init__(self, shell: Any, parts: Mapping[str, Observer]) -> None:
        self._shell = shell
        self._parts = parts
        self._depth = 0
        """How many cells are running, each within another."""
        self._begun = False

    def look_for_clocks(self, names: list[str]) -> None:
        """Tell from now on which of these names read a clock."""
        clocks = self._parts[CLOCKS.name]
        assert isinstance(clocks, Clocks)
        clocks.ask(names)

    def look(self, name: str) -> None:
        """Have a part watch the next cell that watches none without being asked."""
        part: Any = self._parts[name]
        part.ask()

    def before(self, _: object = None) -> None:
        """Begin a cell."""
        self._depth += 1
        if not self._begun:
            self._begun = True  # `%precision` knows NumPy if that is there at the first result: ours are none
            self._shell.display_formatter.formatters["text/plain"]._trait_values.pop("type_printers", None)
        if self._depth == 1:
            for part in self._parts.values():
                part.before()

    def after(self, result: Any) -> None:
        """End a cell and publish what the parts saw of it."""
        if result and not (result.info.raw_cell or "").strip():  # IPython tells the end of an empty one, not its begin
            return
        self._depth = max(0, self._depth - 1)
        if self._depth:
            return
        seen = {name: part.after(result) for name, part in self._parts.items()}
        told = {name: value for name, value in seen.items() if value is not None}
        if told:
            lines = [line for name, value in told.items() if (line := self._parts[name].text(value))]
            self._shell.display_pub.publish({CELL: told, "text/plain": "\n".join(lines)})


def load(shell: Any) -> None:
    """Begin to watch the cells of a shell; a second time changes nothing."""
    if hasattr(shell, "_witness"):
        return
    from witness.capture import figure_text, ir, undecoded
    from witness.timing.cpu_speed import CpuSpeed
    from witness.timing.timeit import Timeit  # IPython, which a shell has

    dump = XlaDump()
    ir.install(shell, dump)
    figure_text.install(shell)
    undecoded.install(shell)
    pace, listener = CpuSpeed(), Listener()
    parts: dict[str, Observer] = {
        kinds.TIMINGS.name: Timeit(shell, pace),
        kinds.COMPILATION.name: listener,
        kinds.ERRORS.name: Errors(shell),
        kinds.CONDITIONS.name: Conditions(pace),
        kinds.FILES.name: CellFiles(shell),
        kinds.CLOCKS.name: Clocks(shell.user_ns),
        kinds.BACKGROUND.name: Background(),
        kinds.STEPS.name: Stepper(),
        kinds.CALLS.name: Caller(shell, listener),
        kinds.LINES.name: Lines(listener),
        kinds.SIMULATED.name: Simulated(),
        kinds.MEMORY.name: Memory(),
        CODE: dump,
    }
    watcher = shell._witness = Watcher(shell, parts)
    shell.events.register("pre_run_cell", watcher.before)
    shell.events.register("post_run_cell", watcher.after)
