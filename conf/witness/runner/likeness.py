"""Whether a forked kernel is, for its page, what a fresh one is: if not, the page runs in an ordinary one.

That is seen while it runs, and it runs again. Where it works in the folder of its site, what it has done there cannot
be done again: it is foreseen, as far as its code tells.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path

from witness.python.cell import parse
from witness.python.clocks import reading
from witness.reading.plan import Cell

LOOKS = re.compile(
    r"\b(meta_path|path_hooks|setprofile|settrace|tracemalloc|setLoggerClass|TYPE_CHECKING\s*=)"
    r"|\bsys\.modules\[|\blogging\.(DEBUG|NOTSET)\b"
)
"""What may see how a package is imported, or have it go otherwise. Of variables, `kernelspec.may_fork` knows."""

UNLIKE = {"awkward", "chex", "jaxlib", "ml_dtypes", "netCDF4", "opt_einsum", "quantecon", "vector"}
"""Packages that change the import system or a variable, or that JAX imports after NumPy: measured, one by one."""


def foreseen(cells: Sequence[Cell], beside: Iterable[str]) -> bool:
    """Return whether a page may see that its kernel is a fork, by its code and by that of the modules ``beside`` it."""
    texts = [*(cell.source for cell in cells if not cell.skip), *beside]
    imported = (parse(text).imported for text in texts)
    return any(map(LOOKS.search, texts)) or not UNLIKE.isdisjoint(chain.from_iterable(imported)) or _imports_late(cells)


def _imports_late(cells: Iterable[Cell]) -> bool:
    """Return whether a page imports a package for the first time in a cell that reads a clock, or after one."""
    timed, known = False, set(sys.stdlib_module_names)
    for cell in cells:
        if cell.skip:
            continue
        timed, fresh = timed or cell.alone, parse(cell.source).imported - known
        if timed and fresh:
            return True
        known |= fresh
    return False


class Unlike(Exception):
    """A page would see that its kernel is a fork; nothing of this run is to be kept."""


class Likeness:
    """What a forked kernel tells of the imports that it did not make anew."""

    def __init__(self, notes: Path, cells: Sequence[Cell]) -> None:
        """``notes`` is where the kernel writes it, for a page with these cells."""
        self._notes = notes
        self._cells = cells
        self._read = 0

    def check(self, number: int) -> None:
        """Raise Unlike if an import in cell ``number``, the last that ran, went another way than in a fresh kernel.

        It did if that could have given something else, or if a clock was read before it in the page: its time would be
        true of no reader.
        """
        try:
            with self._notes.open() as file:
                file.seek(self._read)
                notes = [json.loads(line) for line in file]
                self._read = file.tell()
        except FileNotFoundError:
            return
        for note in notes:
            if "why" in note:
                raise Unlike(note["why"])
            if self._timed(number, note["line"]):
                raise Unlike(f"{note['module']} is imported under a clock")

    def _timed(self, number: int, line: int | None) -> bool:
        before = [cell for cell in self._cells[: max(0, number - 1)] if not cell.skip]
        if any(cell.alone for cell in before):
            return True
        if number == 0 or not self._cells[number - 1].alone:
            return False
        sources = [cell.source for cell in before]
        source = self._cells[number - 1].source
        if line is None or source.lstrip().startswith("%%") or not reading([*sources, source])[-1]:
            return True  # what the code does not tell was declared
        return reading([*sources, _until(source, line)])[-1]


def _until(source: str, line: int) -> str:
    """Return the first lines of a cell, as far as the statement that holds a line goes."""
    lines = source.split("\n")
    for end in range(line, len(lines)):
        if parse("\n".join(lines[:end])).tree and not lines[end][:1].isspace():
            return "\n".join(lines[:end])
    return source
