"""Whether a page may see that its kernel is a fork, from its code and from that of its site's modules."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from witness.python.cell import parse
from witness.reading.plan import Cell
from witness.reading.scripts import modules

LOOKS = re.compile(r"\b(environ|putenv|setenv|load_dotenv|meta_path|path_hooks|setprofile|settrace)\b")
"""What may see, or change, how a package is imported."""

CLOCKS = re.compile(
    r"\b(default_timer|timeit|(perf_counter|process_time|monotonic|thread_time)(_ns)?|time\.time(_ns)?)\b"
)
"""What may see how long that takes: in a module, for where a page calls it, its own code does not tell."""


def tells_a_fork(cells: Sequence[Cell], folder: Path) -> bool:
    """Return whether a page, or a module beside it that it imports, may do otherwise in a fork than in a fresh kernel.

    It starts in an ordinary kernel then: what it has done to its folder in a fork cannot be done again.
    """
    sources = [cell.source for cell in cells if not cell.skip]
    looks = any(LOOKS.search(text) for text in (*sources, *modules(sources, folder)))
    return looks or modules_read_clocks(cells, folder) or _imports_late(cells)


def modules_read_clocks(cells: Sequence[Cell], folder: Path) -> bool:
    """Return whether a module beside a page, which it imports, names a clock."""
    sources = [cell.source for cell in cells if not cell.skip]
    return any(CLOCKS.search(text) for text in modules(sources, folder))


def _imports_late(cells: Iterable[Cell]) -> bool:
    """Return whether a page imports a package for the first time in a cell that reads a clock, or after one."""
    timed, known = False, set(sys.stdlib_module_names)
    for cell in cells:
        timed = timed or (cell.alone and not cell.skip)
        fresh = parse(cell.source).imported - known
        if timed and fresh and not cell.skip:
            return True
        known |= fresh
    return False
