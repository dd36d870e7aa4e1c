"""The parent of one kernel, below the fork server: it adopts what the page orphans, and ends all of it with the page.

A kernel has the children that it started and no others, as in a stock run, where the system's first process adopts.
What a page leaves is found by descent, whatever its session or its process group.
"""

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import NoReturn

from witness.kernels.parent import process
from witness.kernels.protocol import Ended, Failed, Message, Started, line

KILL_TIMEOUT = 2.0
"""Seconds to wait for processes that were sent SIGKILL; who has not ended then waits for hardware."""


class Asked(BaseException):
    """The fork server has ended, or asks for the end."""


def prepare(forkserver: int) -> None:
    """Make this fork of the fork server a guard that ends all that it guards when the fork server ends or says so."""

    def asked(*_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it says so and ends, and once is enough
        raise Asked

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, asked)
    process.end_with_parent(forkserver, signal.SIGTERM)
    process.adopt_orphans()


def guard(number: int, kernel: int, started: int, tell: int) -> NoReturn:
    """Tell whether the kernel started, and how it ended once nothing of it is left; then exit.

    At the other end of ``started`` it says what went wrong before it was one.
    """
    status, failure = -int(signal.SIGKILL), "it was not started"
    try:
        with os.fdopen(started, "rb") as answer:
            failure = answer.read().decode()
        _say(tell, Failed(number, failure) if failure else Started(number, kernel))
        pid = 0
        while pid != kernel:
            pid, code = os.wait()
        status = os.waitstatus_to_exitcode(code)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # or asks now: nothing below may be cut short
    except Asked:
        pass
    finally:
        process.end_group(kernel)
        end_all()
        if not failure:
            _say(tell, Ended(kernel, status))
        os._exit(0)


def end_all() -> None:
    """End every process below this one and collect it.

    Linux may leave some out when it is asked for children while one of them ends, so only that there is nothing to wait
    for says that there are none. What a process leaves when it ends comes to this one and is seen the next time.
    """
    deadline = time.monotonic() + KILL_TIMEOUT
    while time.monotonic() < deadline:
        for child in children():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(child, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.001)


def children() -> list[int]:
    """Return the children of this process, where the system tells: Linux. Some may be missing."""
    me = os.getpid()
    try:
        return [int(pid) for pid in Path(f"/proc/{me}/task/{me}/children").read_text("ascii").split()]
    except OSError:
        return []


def _say(tell: int, message: Message) -> None:
    with contextlib.suppress(OSError):  # the fork server is gone
        os.write(tell, line(message))
