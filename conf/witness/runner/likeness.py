"""Whether a forked kernel is, for its page, what a fresh one is: if not, the page runs in an ordinary one.

That is seen while it runs, and it runs again. Where it works in the folder of its site, what it has done there cannot
be done again: the kernel ends before it does something while imports are to come, and where a clock may be read before
an import, no fork is begun.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

from witness.python.cell import parse
from witness.python.clocks import reading
from witness.reading.plan import Cell

AHEAD = frozenset({"numpy", "jax", "jaxlib"})
"""What a fork has imported ahead; pages import nothing of it without one of these."""

UNTOLD = re.compile(
    r"%run\b|\b(__import__|exec|import_module|load_ext|run_cell\w*|run_line_magic|run_module|run_path|LazyLoader)\b"
)
"""Code whose imports its text does not tell."""


def packages(texts: Sequence[str], folder: Path) -> dict[str, list[str]]:
    """Return the packages that code imports, each with what it may need of AHEAD; ``folder`` has modules of its own.

    An empty name stands for what the texts do not tell, and for modules of which nothing is known.
    """
    found = {name for text in texts for name in parse(text).imported} - sys.stdlib_module_names
    own = {name for name in found if (folder / name).is_dir() or (folder / f"{name}.py").is_file()}
    needed = {name: _needed(name) for name in found - own}
    if any(map(UNTOLD.search, texts)) or None in needed.values():
        needed[""] = AHEAD
    return {name: sorted(needs) for name, needs in needed.items() if needs is not None}


@cache
def _needed(package: str) -> frozenset[str] | None:
    """Return what a package needs of AHEAD by its requirements and theirs; None where it is none that is installed."""
    waiting = [package] if _requirements(package) is not None else [*_holders().get(package, ())]
    if not waiting:
        return None
    found: set[str] = set()
    while waiting:
        if (name := waiting.pop()) not in found:
            found.add(name)
            waiting += _requirements(name) or []
    return AHEAD & found


@cache
def _requirements(name: str) -> list[str] | None:
    try:
        stated = requires(name) or []
    except PackageNotFoundError:
        return None
    return [re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in stated if "extra ==" not in line]


_holders = cache(packages_distributions)


def imports_late(cells: Iterable[Cell]) -> bool:
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
