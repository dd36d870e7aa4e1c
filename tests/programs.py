"""Programs in a process of their own that has nothing to import: forks of one that imported what a build needs.

The fork servers that they start have nothing to import either: see `tests.warm`.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from tests.warm import AT_THE_START, Warm

IMPORTED = (
    "sphinx.cmd.build",
    "myst_nb.sphinx_ext",
    "sphinx_exercise",
    "witness.check.command",
    "witness.check.drift_command",
    "witness.sphinx.build",
)
INHERITED: dict[signal.Signals, Any] = {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGQUIT: signal.SIG_DFL,
    signal.SIGHUP: signal.SIG_DFL,
}
"""Signals that a program may be started to ignore, as a shell does in the background, and what handles them if not."""
TIMEOUT = 600
Found = TypeVar("Found")


class Parent:
    """The process that is forked, and our end of its socket."""

    def __init__(self) -> None:
        self.started_with = _at_the_start(os.environ)
        self._socket, theirs = socket.socketpair()
        self._socket.settimeout(TIMEOUT)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.programs", str(theirs.fileno())],
                cwd=Path(__file__).parents[1],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    @property
    def alive(self) -> bool:
        """Return whether it can be forked."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """Return its process number."""
        return self._process.pid

    def call(self, arguments: list[str], cwd: str, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Fork it, and run ``python -m`` with these arguments there."""
        ignored = [number for number in INHERITED if signal.getsignal(number) is signal.SIG_IGN]
        asked = json.dumps([arguments, cwd, dict(env), ignored]).encode()
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            try:
                socket.send_fds(self._socket, [len(asked).to_bytes(4)], [out.fileno(), err.fileno()])
                self._socket.sendall(asked)
                status = int.from_bytes(self._socket.recv(4, socket.MSG_WAITALL), signed=True)
            except BaseException:
                self.end()
                raise
            for file in (out, err):
                file.seek(0)
            return subprocess.CompletedProcess(arguments, status, out.read(), err.read())

    def end(self) -> None:
        """End it, and what it runs."""
        self._socket.close()
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait()


def _at_the_start(env: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if AT_THE_START.match(name)}


_parents: list[Parent] = []


@atexit.register
def _end() -> None:
    for parent in _parents:
        parent.end()


def call(
    *arguments: str, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run ``python -m`` with these arguments; return its status and what it printed.

    It is what ``subprocess.run`` would do, a second earlier. A program that no fork can be is started indeed.
    """
    env = os.environ if env is None else env
    if not _parents or not _parents[-1].alive:
        _parents.append(Parent())
    if _at_the_start(env) != _parents[-1].started_with:
        command, nothing = [sys.executable, "-m", *arguments], subprocess.DEVNULL
        return subprocess.run(
            command, cwd=cwd, env=env, stdin=nothing, capture_output=True, text=True, timeout=TIMEOUT, check=False
        )
    return _parents[-1].call([*arguments], str((cwd or Path()).absolute()), env)


def until(found: Callable[[], Found]) -> Found:
    """Wait until a function returns what is true, and return that; what comes within ten minutes comes at all."""
    deadline = time.monotonic() + TIMEOUT
    while not (it := found()):
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)
    return it


def _serve(connection: socket.socket) -> list[str]:
    """Fork a program whenever one is asked for; return its arguments in the fork, and exit otherwise."""
    while True:
        size, files, *_ = socket.recv_fds(connection, 4, 2)
        if not size:
            sys.exit()
        arguments, cwd, env, ignored = json.loads(connection.recv(int.from_bytes(size), socket.MSG_WAITALL))
        if child := os.fork():
            for file in files:
                os.close(file)
            _, status = os.waitpid(child, 0)
            connection.sendall(os.waitstatus_to_exitcode(status).to_bytes(4, signed=True))
            continue
        connection.close()
        for file, number in zip(files, (1, 2), strict=True):
            os.dup2(file, number)
            os.close(file)
        for number, handler in INHERITED.items():
            signal.signal(number, signal.SIG_IGN if number in ignored else handler)
        os.chdir(cwd)
        os.environ.clear()
        os.environ.update(env)
        sys.path[0] = cwd
        return list(arguments)


if __name__ == "__main__":
    from sphinx.application import builtin_extensions

    from witness.kernels import forkserver_process

    for name in (*IMPORTED, *builtin_extensions):
        import_module(name)
    forkserver_process.subprocess = Warm()  # type: ignore[assignment, attr-defined]
    gc.freeze()
    sys.argv = _serve(socket.socket(fileno=int(sys.argv[1])))
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
