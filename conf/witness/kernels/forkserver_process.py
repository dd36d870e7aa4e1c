"""The process of a fork server, as its client starts it: before there is an event loop, if need be."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from witness.kernels.child import last_line
from witness.kernels.protocol import Hello, Messages

WARMING = 120.0
"""Seconds within which a fork server must be ready; one that looks for devices has longer."""


class ForkserverProcess:
    """A fork server that was started: its process, our end of its socket, and a folder that ends with it."""

    def __init__(
        self, environment: Mapping[str, str], options: Sequence[str] = (), *, warm: bool, ask: bool = False
    ) -> None:
        """Start one with this environment and these interpreter options.

        A warm one imports what it needs to fork kernels; one that is asked finds out what JAX finds, too.
        """
        self.environment = dict(environment)
        self.options = [*options]
        self.folder = _short_folder()
        self.socket, theirs = socket.socketpair()
        self.hello: Hello | None = None
        """What it said first, once that was read."""
        module = ["-m", "witness.kernels.parent.start.ipykernel_launcher"]
        words = [word for word, wanted in (("warm", warm), ("ask", ask)) if wanted]
        try:
            with theirs, self._log.open("wb") as output:
                self._process = subprocess.Popen(
                    [sys.executable, *options, *module, str(theirs.fileno()), str(self.folder), *words],
                    cwd=Path(__file__).parents[2],
                    env=self.environment,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,
                )
        except BaseException:  # an interrupt, too: nobody else knows of the folder
            self.socket.close()
            shutil.rmtree(self.folder, ignore_errors=True)
            raise

    @property
    def pid(self) -> int:
        """Return its process number."""
        return self._process.pid

    @property
    def _log(self) -> Path:
        return self.folder / "forkserver.log"

    def wait(self, seconds: float) -> Hello:
        """Wait for what it says first, and return it."""
        if self.hello is None:
            self.socket.settimeout(seconds)
            said = b""
            try:
                while not said.endswith(b"\n") and (piece := self.socket.recv(1)):
                    said += piece
            except OSError:
                said = b""
            found = next(Messages().of(said), None)
            self.hello = found if isinstance(found, Hello) else Hello(f"it was not ready{self.last_line()}")
        return self.hello

    def last_line(self) -> str:
        """Return the last line of what it printed, after a colon."""
        return last_line(self._log)

    def kill(self) -> None:
        """End it at once; its kernels end with it."""
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGKILL)

    def end(self) -> None:
        """Leave it, wait until it has ended its kernels and itself, and remove the folder. Safe to call twice."""
        self.socket.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def _short_folder() -> Path:
    """Return a new folder whose path leaves room for a socket's, which has 103 bytes at most on some systems."""
    base = tempfile.gettempdir()
    return Path(tempfile.mkdtemp(prefix="witness-", dir=base if len(base.encode()) < 70 else "/tmp"))
