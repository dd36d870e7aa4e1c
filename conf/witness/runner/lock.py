"""A lock between processes: a second build waits for the first, and says so. It ends with its process."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(path: Path, say: Callable[[str], object]) -> Iterator[None]:
    """Hold the lock on a file, waiting for another process to leave it."""
    lock = Lock(path)
    lock.take(say)
    try:
        yield
    finally:
        lock.leave()


class Lock:
    """A lock that is taken and left at different places."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def take(self, say: Callable[[str], object]) -> None:
        """Take the lock; ``say`` is told when another process holds it."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say(f"another build is using {self._path.parent.name}; waiting for it")
                fcntl.flock(handle, fcntl.LOCK_EX)
        except BaseException:
            os.close(handle)
            raise
        self._handle = handle

    def leave(self) -> None:
        """Leave the lock; doing so twice is harmless."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
