"""Fork servers for the programs of tests, which take two seconds to start, as forks of one that was started once."""

from __future__ import annotations

import hashlib
import json
import os
import re
import select
import signal
import socket
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from witness.runner.variables import decisive

AT_THE_START = re.compile(r"PYTHON|LC_|LANG|TZ$")
"""Variables that an interpreter reads when it starts, and no fork obeys."""
OURS = {"JAX_PPRINT_USE_COLOR": "false"}
"""What kernels are given that may be set for one build and not for another."""


class Clone:
    """A fork server that is no child of ours."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._process = os.pidfd_open(pid)

    def wait(self, seconds: float | None = None) -> None:
        """Wait until it has ended."""
        if not select.select([self._process], [], [], seconds)[0]:
            raise subprocess.TimeoutExpired("a fork server", seconds or 0)

    def send_signal(self, number: int) -> None:
        """Send it a signal."""
        signal.pidfd_send_signal(self._process, number)

    def kill(self) -> None:
        """End it."""
        with suppress(ProcessLookupError):
            self.send_signal(signal.SIGKILL)


class Warm:
    """What stands for ``subprocess`` where fork servers are started: a process starts each kind once, for all."""

    DEVNULL, TimeoutExpired = subprocess.DEVNULL, subprocess.TimeoutExpired

    def __init__(self) -> None:
        """All that is started ends with this process, whichever fork of it starts it."""
        self._owner = os.getpid()
        self._here = dict(os.environ)

    def Popen(self, command: list[str], *, env: Mapping[str, str], **more: Any) -> Any:  # noqa: N802
        """Return a fork, where it would be what the command is; else start the command."""
        first = command.index(str(more["pass_fds"][0]))
        given, here = ({**decisive(it), **OURS, "PYTHONPATH": it.get("PYTHONPATH")} for it in (env, self._here))
        if given == here and command[first + 2 :][:1] == ["warm"]:
            with suppress(OSError):
                return self._fork(command[:first], command[first + 1], env, **more)
        return subprocess.Popen(command, env=env, **more)

    def _fork(self, command: list[str], folder: str, env: Mapping[str, str], **more: Any) -> Clone:
        read = {name: value for name, value in env.items() if AT_THE_START.match(name)}
        kind = [command, sorted({**read, **decisive(env)}.items())]
        name = f"\0{self._owner}-" + hashlib.sha256(json.dumps(kind).encode()).hexdigest()[:16]
        asked = json.dumps({"env": dict(env), "cwd": str(more["cwd"]), "folder": folder}).encode()
        with socket.socket(socket.AF_UNIX) as connection:
            try:
                connection.connect(name)
            except ConnectionRefusedError:
                self._start(name, command, env, more["cwd"])
                connection.connect(name)
            socket.send_fds(connection, [len(asked).to_bytes(4)], [more["pass_fds"][0], more["stdout"].fileno()])
            connection.sendall(asked)
            if not (pid := connection.recv(4, socket.MSG_WAITALL)):
                raise ConnectionResetError("it may not be forked")
            return Clone(int.from_bytes(pid))

    def _start(self, name: str, command: list[str], env: Mapping[str, str], cwd: Path) -> None:
        """Start a fork server that others are forks of, and that listens to who asks for one."""
        path = os.pathsep.join(filter(None, [str(Path(__file__).parent), env.get("PYTHONPATH")]))
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(name)
            listening.listen()
            subprocess.Popen(
                [*command, str(listening.fileno()), f"/nowhere/{self._owner}", "warm", "ask"],
                cwd=cwd,
                env={**env, "PYTHONPATH": path},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[listening.fileno()],
                start_new_session=True,
            )
