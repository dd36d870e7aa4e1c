"""What a page of another's site was seen to read, write and bind while it ran."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.util import source_from_cache
from pathlib import Path
from typing import Any

from witness.reading.inputs import content

UNSETTLED = "changed while the page ran"
"""Stands for the digest of a file that changed after the page had opened it: the page is run again."""

Status = tuple[int, int] | None
"""Time of the last change in ns, and size in bytes, when a file was opened; None where there was none."""


@dataclass(frozen=True)
class Traces:
    """Files by their paths, and ports by their numbers."""

    opened: Mapping[str, Status] = field(default_factory=dict)
    """Files that were opened to be read, and that the page had not written before."""
    wrote: frozenset[str] = frozenset()
    ports: frozenset[int] = frozenset()
    """Ports that were asked for, whether they were free or not."""

    @classmethod
    def told(cls, opened: Mapping[str, Any], wrote: Iterable[str], ports: Iterable[int]) -> Traces:
        """Return what the kernel told."""
        read = {path: tuple(status) if status else None for path, status in opened.items()}
        return cls(read, frozenset(wrote), frozenset(ports))

    def seen(self, root: Path) -> dict[str, str]:
        """Return the digests of files that were read and are the site's, or modules of its own, by name from ``root``.

        Data is the site's below the folder above ``root``; a module that is not installed is, wherever it lies.
        """
        found: dict[str, str] = {}
        for path, status in self.opened.items():
            file = _source(path)
            name = name_of(file, root, anywhere=file.endswith(".py"))
            if name is not None:
                found[name] = self._digest(path, Path(file), status)
        return found

    def _digest(self, path: str, file: Path, status: Status) -> str:
        """Return the digest of what the page read from a file: of what it made of it, where it wrote it, too."""
        own = path in self.wrote or str(file) != path
        try:
            now = file.stat()
            if own or status == (now.st_mtime_ns, now.st_size):
                return content(file)
        except OSError:
            return "" if own or status is None else UNSETTLED
        return UNSETTLED if status else ""

    def left(self, root: Path) -> list[str]:
        """Return the site's files that were written and are still there, by name from ``root``, sorted."""
        names = (name_of(path, root) for path in self.wrote if Path(path).is_file())
        return sorted(name for name in names if name is not None)


def _source(path: str) -> str:
    """Return a module's source for its compiled file, any other file as it is."""
    try:
        return source_from_cache(path)
    except ValueError:
        return path


def name_of(path: str, root: Path, *, anywhere: bool = False) -> str | None:
    """Return a file's name from the folder of pages, or None where it is hidden, compiled, or not of the site."""
    below = (Path(spelling) for spelling in dict.fromkeys((path, os.path.realpath(path))))
    top = root.parent
    for file in below:
        if file.is_relative_to(top):
            folders = file.relative_to(top).parts[:-1]
            ours = not any(part.startswith(".") or part == "__pycache__" for part in folders)
            return os.path.relpath(file, root) if ours else None
    return os.path.relpath(path, root) if anywhere else None
