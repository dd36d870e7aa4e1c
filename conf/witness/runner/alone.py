"""Which cells of a page have the machine to themselves: those that read a clock, as far as is known by then."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from witness.python.clocks import used
from witness.python.open_clocks import quiet
from witness.reading.plan import Cell, Plan
from witness.records.colour import letters
from witness.records.kinds import CLOCKS, CONDITIONS
from witness.runner.scheduler import Turn, Use

TIME = re.compile(
    r"(?<!\w)\d(?:[\d.,:e-]*\d)?\s?(?:[num\u00b5\u03bc]?s|min|it/s|s/it|(?:(?:milli|micro|nano)?(?:second|sec)|minute)s?)\b",
    re.IGNORECASE,
)
"""What a time looks like that a cell prints."""


class Alone:
    """The cells of a page that run alone: by its code, by its head, and by what its names turn out to stand for."""

    def __init__(self, plan: Plan, clocks: Collection[str], *, once: bool = False) -> None:
        """Begin with the names that are known to read a clock from a run before.

        A page that may turn out to read one, and can run but ``once``, has the machine to itself from the beginning.
        """
        self.clocks = set(clocks)
        self.too_late = False
        """Whether a cell turned out to read a clock after others had run beside it."""
        self._plan = plan
        self._whole = once and not plan.lane_stated
        self._alone, self._held = self._decided()

    @property
    def question(self) -> str:
        """The code by which the kernel is asked, once, to tell which of the page's names read a clock."""
        cells = [] if self._plan.lane_stated else self._plan.cells
        names = used(cell.source for cell in cells if not self._alone[cell.number - 1]) - self.clocks
        return f"get_ipython()._witness.look_for_clocks({sorted(names)!r})\n" if names else ""

    def use(self, cell: Cell) -> tuple[Use, int]:
        """Return how a cell uses the machine, and how many cells after it that can share it wait for that."""
        alone = self._whole or self._alone[cell.number - 1]
        return "alone" if alone else "in a lane", self._alone[cell.number :].count(False)

    def holds(self, cell: Cell) -> bool:
        """Return whether nothing may come between a cell and the next, for a clock runs."""
        return self._held[cell.number - 1]

    def told(
        self, cell: Cell, turn: Turn, captured: Mapping[str, Any], outputs: Sequence[Mapping[str, Any]]
    ) -> dict[str, Any]:
        """Take in what was seen of a cell, and return what of it belongs to the record.

        What falsifies a time is told of a cell that reads a clock. Where others ran beside it, that is told, too; and
        of any cell whose output looks like a time, for a clock may be where nobody looks.
        """
        if found := CLOCKS.of(captured):
            self.clocks.update(found)
            self._alone, self._held = self._decided()
        kept = {part: seen for part, seen in captured.items() if part not in (CLOCKS.name, CONDITIONS.name)}
        reads, shared = self._alone[cell.number - 1], turn.use != "alone" and len(turn.beside)
        self.too_late |= bool(reads and shared) or (turn.use != "alone" and self.holds(cell))
        conditions = CONDITIONS.of(captured) if reads else []
        if shared and (reads or any(map(_looks_timed, outputs))):
            others = f"{shared} other pages" if shared > 1 else "another page"
            conditions.append(f"a shared machine: {others} ran beside this cell")
        return {**kept, CONDITIONS.name: conditions} if conditions else kept

    def _decided(self) -> tuple[list[bool], list[bool]]:
        cells = self._plan.cells
        if self._plan.lane == "together" and (self._plan.lane_stated or not self.clocks):
            return [False] * len(cells), [False] * len(cells)
        alone, held = quiet([cell.source for cell in cells], self.clocks)
        return [cell.alone or known for cell, known in zip(cells, alone, strict=True)], held


def _looks_timed(output: Mapping[str, Any]) -> bool:
    text = output["text"] if output["output_type"] == "stream" else (output.get("data") or {}).get("text/plain", "")
    return bool(TIME.search(letters(text)))  # a colour is no number: in `\x1b[1min`, no minute has passed
