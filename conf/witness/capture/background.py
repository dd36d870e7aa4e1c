"""The part that tells whether anything of a page runs on after a cell."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import thread as pool
from contextlib import suppress
from pathlib import Path
from typing import Any

WORKER = getattr(getattr(pool, "_worker", None), "__code__", None)
"""What a thread of a pool is in, itself, while it has nothing to do."""

HOUSEKEEPERS = ("tqdm._monitor",)
"""Modules whose threads only look after what others do."""


class Background:
    """Looks, once asked, after each cell for threads and child processes that were not there before the first."""

    def __init__(self) -> None:
        self._asked = False
        self._threads = {thread.ident for thread in threading.enumerate()}
        self._children = {*_children()}

    def ask(self) -> None:
        """Look after each cell from now on."""
        self._asked = True

    def before(self) -> None:
        """Begin a cell."""

    def after(self, _: Any) -> bool | None:
        """End a cell; return whether anything runs on."""
        return (self._asked and (self._has_threads() or self._has_children())) or None

    def text(self, _: Any) -> str:
        """Say nothing: this is for who decides what comes between two cells."""
        return ""

    def _has_threads(self) -> bool:
        return any(_is_busy(thread) for thread in threading.enumerate() if thread.ident not in self._threads)

    def _has_children(self) -> bool:
        tracker = getattr(sys.modules.get("multiprocessing.resource_tracker"), "_resource_tracker", None)
        return bool({*_children()} - self._children - {getattr(tracker, "_pid", None)})


def _is_busy(thread: threading.Thread) -> bool:
    """Return whether a thread may do something of itself."""
    frame = sys._current_frames().get(thread.ident or 0)
    return (frame is None or frame.f_code is not WORKER) and type(thread).__module__ not in HOUSEKEEPERS


def _children() -> Iterator[int]:
    """Yield this process's children that have not ended, as Linux lists them; of none, there or elsewhere, nothing."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)  # fails where there are none, which is soon known
    except (ChildProcessError, AttributeError):
        return
    for file in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):
            for child in file.read_text("ascii").split():
                state = Path("/proc", child, "stat").read_text("ascii", "replace").rpartition(")")[2].split()[0]
                if state != "Z":
                    yield int(child)
