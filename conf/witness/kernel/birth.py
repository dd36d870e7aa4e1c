"""What makes a fork a process of its own, so that nothing reaches its parent; and how its group ends."""

import contextlib
import ctypes
import os
import signal
import sys
from pathlib import Path
from typing import Any, NoReturn

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Make this process the parent of all descendants whose own parent ends, where the system can: Linux."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def settle(request: dict[str, Any], parent: int) -> None:
    """Give a fork of ``parent`` its own session, signals, files and folder.

    It ends when its parent does. It adopts its orphans, so that they all are its parent's when it ends.
    """
    os.setsid()
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    adopt_orphans()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.chdir(request["cwd"])
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for target, source in ((0, nothing), (1, log), (2, log)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(log)


def execute(request: dict[str, Any]) -> NoReturn:
    """Become the command of a request, with exactly its environment."""
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


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
