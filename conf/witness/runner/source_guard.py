"""The folder of pages, which no page may change."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

DROPPINGS = re.compile(r"\.|__pycache__$|.*(?:~|\.sw.)$")
"""Names of what editors and Python itself leave behind."""

Trace = tuple[int, int]
"""Size in bytes and time of the last change in ns; zeros for a folder."""


class SourceGuard:
    """What changes in a folder, and when; each look is one walk through it, however many pages ask."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._seen = dict(_walk(folder)) if folder else {}
        self._changes: list[str] = []

    def now(self) -> int:
        """Return this moment: what was seen so far happened before it."""
        return len(self._changes)

    def changes(self, since: int) -> list[str]:
        """Look again; return the names of what changed after a moment, sorted."""
        if self._folder:
            seen = dict(_walk(self._folder))
            names = seen.keys() | self._seen.keys()
            self._changes += [name for name in names if seen.get(name) != self._seen.get(name)]
            self._seen = seen
        return sorted({*self._changes[since:]})


def _walk(folder: Path, above: str = "") -> Iterator[tuple[str, Trace]]:
    """Yield the name and trace of all that is below a folder; a link is followed to a file only."""
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        if DROPPINGS.match(entry.name):
            continue
        name = f"{above}{entry.name}"
        try:
            if entry.is_dir():
                yield name, (0, 0)
                if not entry.is_symlink():
                    yield from _walk(Path(entry.path), f"{name}/")
            else:
                status = entry.stat()
                yield name, (status.st_size, status.st_mtime_ns)
        except OSError:
            continue
