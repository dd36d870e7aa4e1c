"""Which cells of a page have the machine to themselves: those that read a clock, as far as is known by then."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from witness.python.clocks import used
from witness.python.open_clocks import quiet
from witness.reading.plan import Cell, Plan
from witness.records.colour import letters
from witness.records.kinds import BACKGROUND, CLOCKS, CONDITIONS
from witness.runner.scheduler import Turn, Use

TIME = re.compile(
    r"(?<!\w)(?!\d{4}s\b)(\d(?:[\d.,:e-]*\d)?)[ \t\u00a0]?"
    r"(?:([num\u00b5\u03bc]?)(s|min|it/s)|(?i:(milli|micro|nano|)((?:sec|second|minute)s?)))\b"
)
"""What a time looks like that a cell prints: a number, of no decade, then a scale and a unit."""

SCALES = {
    "": 1.0,
    **dict.fromkeys(("m", "milli"), 1e-3),
    **dict.fromkeys(("u", "\u00b5", "\u03bc", "micro"), 1e-6),
    **dict.fromkeys(("n", "nano"), 1e-9),
}


UNRECORDED = (CLOCKS.name, CONDITIONS.name, BACKGROUND.name)
"""What is seen of a cell to decide what may run beside it."""


class Alone:
    """The cells of a page that run alone: by its code, by its head, and by what its names turn out to stand for."""

    def __init__(self, plan: Plan, clocks: Collection[str], *, whole: bool = False) -> None:
        """Begin with the names that are known to read a clock from a run before.

        The ``whole`` of a page has the machine to itself where it may turn out to read one and can run but once; or
        where something of it runs on from a cell that can share the machine to one that reads a clock.
        """
        self.clocks = set(clocks)
        self.too_late = False
        """Whether a cell turned out to read a clock after others had run beside it."""
        self.background = False
        """Whether anything of the page has run on after a cell."""
        self._runs_on = False
        self._began = time.perf_counter()
        self._plan = plan
        self._whole = whole and not plan.lane_stated
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
        """Return whether nothing may come between a cell that has run and the next.

        A clock runs; or something of the page does, and what it prints is to come where it would in stock.
        """
        return self._held[cell.number - 1] or self._runs_on

    def told(
        self, cell: Cell, turn: Turn, captured: Mapping[str, Any], outputs: Sequence[Mapping[str, Any]]
    ) -> dict[str, Any]:
        """Take in what was seen of a cell, and return what of it belongs to the record.

        What falsifies a time is told of a cell that reads a clock. Where others ran beside it, that is told, too; and
        of any cell whose output looks like a time that it may have taken: a clock may be where nobody looks.
        """
        if found := CLOCKS.of(captured):
            self.clocks.update(found)
            self._alone, self._held = self._decided()
        self._runs_on = bool(BACKGROUND.of(captured))
        self.background |= self._runs_on
        kept = {part: seen for part, seen in captured.items() if part not in UNRECORDED}
        reads, shared = self._alone[cell.number - 1], turn.use != "alone" and len(turn.beside)
        self.too_late |= bool(reads and shared) or (turn.use != "alone" and self._held[cell.number - 1])
        conditions = CONDITIONS.of(captured) if reads else []
        longest = (time.perf_counter() - self._began) * (os.cpu_count() or 1)  # of a processor's time, too
        if shared and (reads or any(seconds <= longest for output in outputs for seconds in _times(output))):
            others = f"{shared} other pages" if shared > 1 else "another page"
            conditions.append(f"a shared machine: {others} ran beside this cell")
        return {**kept, CONDITIONS.name: conditions} if conditions else kept

    def _decided(self) -> tuple[list[bool], list[bool]]:
        cells = self._plan.cells
        if self._plan.lane == "together" and (self._plan.lane_stated or not self.clocks):
            return [False] * len(cells), [False] * len(cells)
        alone, held = quiet([cell.source for cell in cells], self.clocks)
        return [cell.alone or known for cell, known in zip(cells, alone, strict=True)], held


def _times(output: Mapping[str, Any]) -> Iterator[float]:
    """Yield the seconds of each time that an output tells; zero for a rate, and for what is no plain number."""
    text = output["text"] if output["output_type"] == "stream" else (output.get("data") or {}).get("text/plain", "")
    plain = letters(str(text))  # no colour: in `\x1b[1min`, no minute passed
    for number, letter, unit, word, name in TIME.findall(plain):
        try:
            value = float(number.replace(",", "")) * SCALES[letter or word.lower()]
        except ValueError:
            value = 0.0
        yield 0.0 if unit == "it/s" else value * 60 if (unit or name.lower()).startswith("min") else value
