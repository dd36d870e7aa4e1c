"""How a build ends that cannot go on: one line that says why, and an exit status of its own."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

from witness.runner.environment import NoEnvironment

INTERRUPTED = "interrupted; finished pages are kept"


@contextmanager
def plainly(place: Path) -> Iterator[None]:
    """End the build in one line where it is interrupted, where JAX is missing, or where files cannot be written.

    Sphinx would report any of these as a fault of its own, with a traceback.
    """
    try:
        yield
        return
    except NoEnvironment as error:
        why, status = str(error), 2
    except OSError as error:
        why, status = f"{error.filename or place}: {error.strerror}", 2
    except KeyboardInterrupt:
        why, status = INTERRUPTED, 130
    _end(why, status)


class Interrupts:
    """While they are taken, an interrupt ends the build in one line, whatever Sphinx is doing.

    Nothing changes where the program that calls Sphinx takes interrupts itself.
    """

    def __init__(self) -> None:
        self._mine = os.getpid()
        self._came = False

    def take(self) -> None:
        """Take them from here on."""
        if (
            threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        ):
            signal.signal(signal.SIGINT, self._end)

    def leave(self) -> None:
        """Take them no more; end the build if one came and got lost: Python ignores what its own callbacks raise."""
        if signal.getsignal(signal.SIGINT) == self._end:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        if self._came:
            raise SystemExit(130)

    def _end(self, _: int, frame: FrameType | None) -> NoReturn:
        if os.getpid() != self._mine:  # a process of `-j`: its parent tells
            raise SystemExit(130)
        self._came = True
        _end(INTERRUPTED, 130)


def _end(why: str, status: int) -> NoReturn:
    print(f"witness: {why}", file=sys.stderr)
    raise SystemExit(status)
