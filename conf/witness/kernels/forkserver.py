"""The client's side of `witness.kernels.parent.server`: the process that starts kernels, and that ends with us."""

from __future__ import annotations

import asyncio
import itertools
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from witness.kernels.child import Child
from witness.kernels.forkserver_process import WARMING, ForkserverProcess
from witness.kernels.protocol import Ended, Failed, Hello, Message, Messages, Start, Started, line


class ForkserverFailed(Exception):
    """The fork server cannot do what was asked; the message says why."""


class Forkserver:
    """A running forkserver. Use `start`."""

    def __init__(self, process: ForkserverProcess, *, warm: bool) -> None:
        self.warm = warm
        """Whether it can fork kernels of our own interpreter."""
        self._process = process
        self._client = process.socket
        self._client.setblocking(False)
        self._loop = asyncio.get_running_loop()
        self._hello: asyncio.Future[Hello] = self._loop.create_future()
        if process.hello is not None:
            self._hello.set_result(process.hello)
        self._answers: dict[int, asyncio.Future[Child]] = {}
        self._children: dict[int, Child] = {}
        self._numbers = itertools.count()
        self._messages = Messages()
        self._loop.add_reader(self._client, self._read)

    @classmethod
    async def start(cls, environment: Mapping[str, str], options: Sequence[str] = (), *, warm: bool) -> Self:
        """Start a fork server with this environment and these interpreter options, and wait until it is ready.

        Raises ForkserverFailed; a warm fork server may find that forking is not safe.
        """
        return await cls.on(ForkserverProcess(environment, options, warm=warm), warm=warm)

    @classmethod
    async def on(cls, process: ForkserverProcess, *, warm: bool) -> Self:
        """Take over a process that was started, and wait until it is ready. Raises ForkserverFailed."""
        forkserver = cls(process, warm=warm)
        try:
            async with asyncio.timeout(WARMING):
                why = (await forkserver._hello).why
        except TimeoutError:
            why = f"it was not ready within {WARMING:g} s"
        except BaseException:
            process.kill()
            forkserver.close()
            raise
        if why:
            why += process.last_line()
            process.kill()
            forkserver.close()
            raise ForkserverFailed(why)
        return forkserver

    @property
    def pid(self) -> int:
        """Return its process number."""
        return self._process.pid

    @property
    def folder(self) -> Path:
        """Return a folder that ends with it."""
        return self._process.folder

    @property
    def alive(self) -> bool:
        """Return whether it can start kernels."""
        return self._client.fileno() >= 0

    async def spawn(
        self, argv: Sequence[str], *, fork: bool, cwd: Path, environment: Mapping[str, str], log: Path
    ) -> Child:
        """Start a kernel: a command, or a fork that acts like that command. Raises ForkserverFailed."""
        number = next(self._numbers)
        wanted = Start(number, [*argv], fork, str(cwd), str(log), dict(environment))
        answer: asyncio.Future[Child] = self._loop.create_future()
        self._answers[number] = answer
        try:
            self._client.setblocking(True)  # requests are small, and the fork server reads them at once
            self._client.sendall(line(wanted))
            self._client.setblocking(False)
        except OSError as error:
            del self._answers[number]
            self.close()
            raise ForkserverFailed("the process that starts kernels is gone") from error
        return await answer

    def close(self) -> None:
        """End the fork server and every kernel, and wait for it. Safe to call twice; needs no time of the loop's."""
        if not self.alive:
            return
        self._loop.remove_reader(self._client)
        for child in self._children.values():
            child.send_signal(signal.SIGKILL)
        self._process.end()
        for child in self._children.values():
            child.end(-signal.SIGKILL)
        if not self._hello.done():
            self._hello.set_result(Hello("it ended"))
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(ForkserverFailed("the process that starts kernels is gone"))

    def _read(self) -> None:
        try:
            received = self._client.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            received = b""
        if not received:
            self.close()
            return
        for message in self._messages.of(received):
            self._take(message)

    def _take(self, message: Message) -> None:
        match message:
            case Hello():
                self._hello.set_result(message)
            case Started(number, pid):
                answer, child = self._answers.pop(number), Child(pid)
                self._children[pid] = child
                if answer.done():  # cancelled: nobody waits for this kernel
                    child.send_signal(signal.SIGKILL)
                else:
                    answer.set_result(child)
            case Failed(number, error):
                if not (answer := self._answers.pop(number)).done():
                    answer.set_exception(ForkserverFailed(error))
            case Ended(pid, status):
                self._children.pop(pid).end(status)
            case Start():
                raise AssertionError("a fork server asks for no kernel")
