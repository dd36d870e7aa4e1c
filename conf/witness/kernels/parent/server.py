"""The parent of all kernels: starts them on request, and ends them with itself.

`witness.kernels.parent.start` runs it with the arguments FD FOLDER [warm] [ask], where FD is a connected Unix socket;
`witness.kernels.protocol` is what both sides say. A warm one has imported what kernels need and forks one in
milliseconds; a cold one executes commands, and imports only the standard library and the protocol; one that is asked
says what JAX finds on this machine. All have one thread, so that a fork is safe. When the client is gone, every kernel
goes with all that it started, then FOLDER, then the fork server.
"""

import contextlib
import os
import select
import shutil
import signal
import socket
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from witness.kernels.parent import devices, preload, process
from witness.kernels.parent.guard import KILL_TIMEOUT, children, end_all, guard, prepare
from witness.kernels.protocol import Ended, Failed, Hello, Message, Messages, Start, Started, line

NOTES = "imports"
"""The file beside a forked kernel's log that tells what its page imported of what was imported ahead."""


@dataclass
class Guard:
    """What is known of a guard."""

    pid: int
    number: int
    """Of the request for its kernel."""
    kernel: int | None = None
    done: bool = False
    """Whether it has told all that it is going to."""
    messages: Messages = field(default_factory=Messages)


class Server:
    """The kernels of one client, each below a guard of its own."""

    def __init__(self, client: socket.socket) -> None:
        self._client = client
        self._parent = os.getppid()
        self._guards: dict[int, Guard] = {}
        """By the descriptor at which each tells of its kernel."""
        self._woken, self._waker = socket.socketpair()
        self._waker.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)

    def send(self, message: Message) -> None:
        """Tell the client; when it is gone, the next read says so."""
        with contextlib.suppress(OSError):
            self._client.sendall(line(message))

    def serve(self) -> Start | None:
        """Serve until the client is gone (None); in a forked kernel, return what it was asked to become."""
        messages = Messages()
        while os.getppid() == self._parent:  # a fork of the client may hold its end of the socket
            heard: list[Any] = [self._client, self._woken, *self._guards]
            ready, _, _ = select.select(heard, [], [], 1.0)
            if self._woken in ready:
                self._woken.recv(4096)
            for told in self._guards.keys() & set(ready):
                self._relay(told)
            self._reap()
            if self._client not in ready:
                continue
            try:
                received = self._client.recv(65536)
            except ConnectionError:  # it left before it had read all that it was told
                return None
            if not received:
                return None
            for wanted in messages.of(received):
                if isinstance(wanted, Start) and self._start(wanted):
                    return wanted
        return None

    def close(self) -> None:
        """End every kernel and wait until they are gone."""
        for it in self._guards.values():
            with contextlib.suppress(ProcessLookupError):
                os.kill(it.pid, signal.SIGTERM)
        deadline = time.monotonic() + KILL_TIMEOUT
        while time.monotonic() < deadline and self._reap():
            time.sleep(0.002)
        end_all()

    def _start(self, wanted: Start) -> bool:
        """Start one kernel below a guard; return True in a fork that is to become it."""
        told, tell = os.pipe()
        forkserver = os.getpid()
        pid = os.fork()
        if pid:
            os.close(tell)
            self._guards[told] = Guard(pid, wanted.id)
            return False
        try:
            self._leave(told)
            prepare(forkserver)
            started, say = os.pipe()
            parent = os.getpid()
            kernel = os.fork()
        except BaseException:
            os._exit(1)
        if kernel:
            os.close(say)
            guard(wanted.id, kernel, started, tell)
        try:
            process.detach(wanted, parent)
            if not wanted.fork:
                process.execute(wanted)
        except BaseException as error:
            os.write(say, f"{type(error).__name__}: {error}".encode())
            os._exit(127)
        for ours in (started, say, tell):
            os.close(ours)
        return True

    def _leave(self, told: int) -> None:
        """Undo, in a child, what makes this process a fork server."""
        signal.set_wakeup_fd(-1)
        for ours in (self._client, self._woken, self._waker):
            ours.close()
        for ear in (told, *self._guards):
            os.close(ear)

    def _relay(self, told: int) -> None:
        """Pass on what a guard tells; of one that ended early, tell that its kernel ended with it."""
        it = self._guards[told]
        received = os.read(told, 65536)
        for message in it.messages.of(received):
            if isinstance(message, Started):
                it.kernel = message.pid
            else:
                it.done = True
            self.send(message)
        if received:
            return
        os.close(told)
        del self._guards[told]
        if not it.done and it.kernel:
            self.send(Ended(it.kernel, -int(signal.SIGKILL)))
        elif not it.done:
            self.send(Failed(it.number, "it ended while it was started"))

    def _reap(self) -> bool:
        """Collect who ended, and end what a guard left that was killed; return whether there are guards."""
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        guards = {it.pid for it in self._guards.values()}
        for child in children():
            if child not in guards:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
        return bool(guards & set(children()))


def main() -> None:
    """Serve the client at the other end of the socket and exit; return in a fork that is to be a kernel."""
    if not sys.flags.safe_path:
        del sys.path[0]  # the folder that holds this package; a page's kernel starts without it
    client, words = socket.socket(fileno=int(sys.argv[1])), sys.argv[3:]
    process.adopt_orphans()
    why = preload.preload() if "warm" in words else ""
    facts = devices.found_by_a_fork() if "ask" in words and not why else None
    forkserver = Server(client)
    forkserver.send(Hello(why, facts))
    wanted = (
        forkserver.serve()
    )  # one that is of no use waits for its client to leave, too, and takes the folder with it
    if wanted is None:
        forkserver.close()
        shutil.rmtree(sys.argv[2], ignore_errors=True)
        os._exit(0)  # there is nothing to finalise, and the client waits
    preload.reset_after_fork(wanted.argv, Path(wanted.log).with_name(NOTES))
