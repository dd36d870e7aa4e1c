"""What makes a fork a process of its own, so that nothing reaches its parent; and how its group ends."""

import contextlib
import ctypes
import os
import signal
import sys
from typing import NoReturn

from witness.kernels.protocol import Start

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Make this process the parent of all descendants whose own parent ends, where the system can: Linux."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def end_with_parent(parent: int, number: int) -> None:
    """Have this process sent a signal when its parent ends, where the system can: Linux."""
    _prctl(PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:
        os._exit(1)


def detach(wanted: Start, parent: int) -> None:
    """Give a fork of ``parent`` its own session, signals, variables, files and folder; it ends when its parent does."""
    os.setsid()
    end_with_parent(parent, signal.SIGKILL)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    os.chdir(wanted.cwd)
    wanted.environment["JPY_PARENT_PID"] = str(parent)  # as Jupyter tells a kernel, which then has a thread for it
    os.environ.update(wanted.environment)
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(wanted.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for target, source in ((0, nothing), (1, log), (2, log)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(log)


def execute(wanted: Start) -> NoReturn:
    """Become the command that is wanted, with exactly its environment."""
    os.execvpe(wanted.argv[0], wanted.argv, wanted.environment)


def end_group(pid: int) -> None:
    """Kill the process group that ``pid`` leads, if there still is one."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
