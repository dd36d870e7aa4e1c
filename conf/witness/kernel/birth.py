"""What a new kernel process does first, so that nothing of its parent is left in it; and how its group ends."""

import contextlib
import ctypes
import os
import signal
import sys
from pathlib import Path
from typing import Any, NoReturn

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def _prctl(option: int, value: int) -> None:
    """Set an attribute of this process where the system has them, which is Linux."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def adopt_orphans() -> None:
    """Make this process the parent of descendants whose own parent ends."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def settle(request: dict[str, Any], parent: int) -> None:
    """Turn a fork of ``parent`` into a process of its own: session, signals, files, folder and environment.

    It ends with its parent, and adopts its own orphans, so that they are its parent's when it ends.
    """
    os.setsid()
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    adopt_orphans()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(nothing, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(nothing)
    os.close(log)
    os.chdir(request["cwd"])


def execute(request: dict[str, Any]) -> NoReturn:
    """Become the command of a request."""
    os.execvpe(request["argv"][0], request["argv"], request["environment"])


def end_group(pid: int) -> None:
    """Kill the process group that ``pid`` leads, if there still is one."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def children() -> list[int]:
    """Return the children of this process, where the system tells: Linux."""
    me = os.getpid()
    try:
        return [int(pid) for pid in Path(f"/proc/{me}/task/{me}/children").read_text("ascii").split()]
    except OSError:
        return []
