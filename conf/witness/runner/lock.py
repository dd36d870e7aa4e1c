"""A lock between processes: a second build waits for the first, and says so. It ends with its process."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(path: Path, say: Callable[[str], object]) -> Iterator[None]:
    """Hold the lock on a file, waiting for another process to release it."""
    lock = Lock(path)
    lock.acquire(say)
    try:
        yield
    finally:
        lock.release()


class Lock:
    """A lock that is acquired and released at different places, and by different threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    def acquire(self, say: Callable[[str], object]) -> None:
        """Acquire the lock; ``say`` is told when another process holds it. Who has it already keeps it."""
        if self._file is not None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say(f"another build is using {self._path.parent.name}; waiting for it")
                fcntl.flock(file, fcntl.LOCK_EX)
        except BaseException:
            os.close(file)
            raise
        self._file = file

    def release(self) -> None:
        """Release the lock; doing so twice is harmless."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
