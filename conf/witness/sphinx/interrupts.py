"""How a build ends that cannot go on: one line that says why, and an exit status of its own."""

from __future__ import annotations

import atexit
import errno
import os
import re
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

from sphinx.errors import SphinxParallelError

from witness.bundle.archive import BadBundle
from witness.reading.settings import WrongSetting
from witness.runner.environment import NoEnvironment

INTERRUPTED = "interrupted; finished pages are kept"

SOON = 0.01
"""Seconds after which an interrupt that got lost is raised once more."""

NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO}
"""What the place that a build writes to is to blame for, whoever writes."""


@contextmanager
def plainly(place: Path) -> Iterator[None]:
    """End the build in one line where it is interrupted, JAX is missing, a bundle or a setting is bad, or files fail.

    Sphinx would report any of these as a fault of its own, with a traceback.
    """
    try:
        yield
        return
    except (BadBundle, NoEnvironment, WrongSetting) as error:
        why, status = str(error), 2
    except OSError as error:
        why, status = f"{error.filename or place}: {error.strerror}", 2
    except KeyboardInterrupt:
        why, status = INTERRUPTED, 130
    _end(why, status)


def end_without_room(error: BaseException | None, place: Path) -> None:
    """End the build in one line if what Sphinx raised comes from a lack of room, here or in a process of `-j`."""
    while error:
        file, said = getattr(error, "filename", None), re.search(r"\[Errno (\d+)\]", str(error))
        if isinstance(error, OSError | SphinxParallelError) and said and (number := int(said[1])) in NO_ROOM:
            _end(f"{file or place}: {os.strerror(number)}", 2)
        error = error.__cause__ or error.__context__


class Interrupted(SystemExit):
    """An interrupt that ends the build, or a process of `-j`."""


class Interrupts:
    """While they are installed, an interrupt ends the build in one line, whatever Sphinx is doing.

    Nothing changes where the program that calls Sphinx takes interrupts itself.
    """

    def __init__(self) -> None:
        self._mine = os.getpid()
        self._came = False
        self._unraisable = sys.unraisablehook

    def install(self) -> None:
        """Handle interrupts from here on."""
        if (
            threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        ):
            signal.signal(signal.SIGINT, self._end)
            atexit.register(self._rest)
            if signal.getsignal(signal.SIGALRM) is signal.SIG_DFL:
                signal.signal(signal.SIGALRM, self._end)
                self._unraisable, sys.unraisablehook = sys.unraisablehook, self._again

    def restore(self) -> None:
        """Put the handlers back; end the build if one came and got lost."""
        if signal.getsignal(signal.SIGINT) == self._end:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        if signal.getsignal(signal.SIGALRM) == self._end:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            sys.unraisablehook = self._unraisable
        if self._came:
            raise Interrupted(130)

    def _rest(self) -> None:
        """Take nothing any more once Python itself ends: an alarm that comes then would kill it."""
        for number in (signal.SIGINT, signal.SIGALRM):
            if signal.getsignal(number) == self._end:
                signal.signal(number, signal.SIG_IGN)

    def _end(self, _: int, frame: FrameType | None) -> NoReturn:
        if os.getpid() == self._mine and not self._came:  # of a process of `-j`, its parent tells
            self._came = True
            _tell(INTERRUPTED)
        raise Interrupted(130)

    def _again(self, unraisable: sys.UnraisableHookArgs) -> None:
        """Raise an interrupt once more, and soon: Python drops what is raised around a fork, or in a ``__del__``."""
        if not isinstance(unraisable.exc_value, Interrupted):
            self._unraisable(unraisable)
        else:
            signal.setitimer(signal.ITIMER_REAL, SOON)


def _end(why: str, status: int) -> NoReturn:
    _tell(why)
    raise SystemExit(status)


def _tell(why: str) -> None:
    """Write a line past the stream: an interrupt may have come while it was written to, and it allows no second."""
    try:
        os.write(sys.stderr.fileno(), f"witness: {why}\n".encode())
    except (OSError, ValueError, AttributeError):  # it is no file
        print(f"witness: {why}", file=sys.stderr)
