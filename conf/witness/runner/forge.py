"""The client side of `witness.kernel.forge`: one process that starts kernels and ends with us."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self


class ForgeFailed(Exception):
    """The forge cannot start kernels; the message says why."""


@dataclass(eq=False)
class Child:
    """A kernel process that the forge started."""

    pid: int
    ended: asyncio.Future[int]
    """How it ended, once it has: its exit status, or the negative number of a signal."""

    @property
    def status(self) -> int | None:
        """Return how it ended, or None while it runs."""
        return self.ended.result() if self.ended.done() else None

    def signal(self, number: int) -> None:
        """Send a signal to its whole process group; nothing happens if it has ended."""
        if not self.ended.done():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)


@dataclass(eq=False)
class Forge:
    """A running forge."""

    process: subprocess.Popen[bytes]
    client: socket.socket
    warm: bool
    _children: dict[int, Child] = field(default_factory=dict)
    _answers: dict[int, asyncio.Future[dict[str, Any]]] = field(default_factory=dict)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)
    _pending: bytes = b""

    @classmethod
    async def start(cls, environment: Mapping[str, str], options: Sequence[str], budget: float, *, warm: bool) -> Self:
        """Start a forge with this environment and these interpreter options; wait until it is ready.

        Raises ForgeFailed, with a reason, if it does not become ready: a warm one may find that forking is unsafe.
        """
        ours, theirs = socket.socketpair()
        command = [sys.executable, *options, "-m", "witness.kernel.forge", str(theirs.fileno()), *["warm"][:warm]]
        with theirs:
            process = subprocess.Popen(
                command,
                cwd=Path(__file__).parents[2],
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        ours.setblocking(False)
        forge = cls(process, ours, warm)
        loop = asyncio.get_running_loop()
        hello = forge._answers[-1] = loop.create_future()
        loop.add_reader(ours, forge._read)
        try:
            async with asyncio.timeout(budget):
                why = (await hello)["why"]
        except TimeoutError:
            why = f"it was not ready within {budget:g} s"
        except BaseException:
            forge.close()
            raise
        if why:
            forge.close()
            raise ForgeFailed(why)
        return forge

    @property
    def alive(self) -> bool:
        """Return whether it can start kernels."""
        return self.client.fileno() >= 0

    async def spawn(
        self, argv: Sequence[str], *, fork: bool, cwd: Path, environment: Mapping[str, str], log: Path
    ) -> Child:
        """Start a kernel: a command, or a fork that acts like that command. Raises ForgeFailed."""
        number = next(self._numbers)
        request = {"id": number, "argv": list(argv), "fork": fork, "cwd": str(cwd)}
        request |= {"environment": dict(environment), "log": str(log)}
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        self._send(request)
        started = await answer
        if "error" in started:
            raise ForgeFailed(started["error"])
        return self._children[started["pid"]]

    def _send(self, request: Mapping[str, object]) -> None:
        """Send a request whole: requests are small, and the forge reads all the time."""
        self.client.setblocking(True)
        try:
            self.client.sendall(json.dumps(request).encode() + b"\n")
        except OSError as error:
            raise ForgeFailed("it is gone") from error
        finally:
            self.client.setblocking(False)

    def _read(self) -> None:
        try:
            received = self.client.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            received = b""
        if not received:
            self.close()
            return
        *lines, self._pending = (self._pending + received).split(b"\n")
        for line in lines:
            self._take(json.loads(line))

    def _take(self, message: dict[str, Any]) -> None:
        """Note a start or an end. A kernel that nobody waits for any more is ended at once."""
        if "ended" in message:
            child = self._children.pop(message["ended"], None)
            if child and not child.ended.done():
                child.ended.set_result(message["status"])
            return
        answer = self._answers.pop(message.get("id", -1), None)
        if "pid" in message:
            child = Child(message["pid"], asyncio.get_running_loop().create_future())
            self._children[child.pid] = child
            if answer is None or answer.done():
                child.signal(signal.SIGKILL)
        if answer and not answer.done():
            answer.set_result(message)

    def close(self) -> None:
        """End every kernel and the forge, and wait for it; safe to call twice, and without waiting for the loop."""
        if not self.alive:
            return
        asyncio.get_running_loop().remove_reader(self.client)
        self.client.close()
        for child in self._children.values():
            child.signal(signal.SIGKILL)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for child in self._children.values():
            if not child.ended.done():
                child.ended.set_result(-signal.SIGKILL)
        self._children.clear()
        for answer in self._answers.values():
            if not answer.done():
                answer.set_result({"error": "it is gone", "why": "it ended before it was ready"})
        self._answers.clear()
