"""A process that a fork server started: whether it lives, how it ended, and what it said last."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from pathlib import Path


class Child:
    """A kernel process that the fork server started; it leads its process group."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        """Its exit status once it has ended; a signal is negative."""

    @property
    def status(self) -> int | None:
        """Return how it ended, or None while it runs."""
        return self.ended.result() if self.ended.done() else None

    @property
    def exit_reason(self) -> str:
        """Return that it is alive, or its signal or exit status, in words."""
        if self.status is None:
            return "alive"
        if self.status >= 0:
            return f"exited with status {self.status}"
        number = -self.status
        name = signal.Signals(number).name if number in list(signal.Signals) else "a signal"
        return f"killed by {name} (signal {number})"

    def send_signal(self, number: int) -> None:
        """Send a signal to its whole process group, unless it has ended."""
        if not self.ended.done():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)

    def end(self, status: int) -> None:
        """Note how it ended, once."""
        if not self.ended.done():
            self.ended.set_result(status)


def last_line(log: Path) -> str:
    """Return the last line of what a process printed, after a colon; an empty text if it printed nothing."""
    try:
        lines = [line.strip() for line in log.read_text("utf-8", "replace").splitlines()]
    except OSError:
        return ""
    return next((f": {line}" for line in reversed(lines) if line), "")
