"""A lock between processes: a second build waits for the first, and says so. It ends with its process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout


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
        self._lock = FileLock(path, thread_local=False)

    def acquire(self, say: Callable[[str], object]) -> None:
        """Acquire the lock; ``say`` is told when another process holds it."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire(blocking=False)
        except Timeout:
            say(f"another build is using {self._path.parent.name}; waiting for it")
            self._lock.acquire()

    def release(self) -> None:
        """Release the lock; doing so twice is harmless."""
        if self._lock.is_locked:
            self._lock.release()
