"""The parent of all kernels: starts them on request, and ends them with itself.

Run as ``python -m witness.kernel.forge FD [warm]``, where FD is a connected Unix socket that carries one JSON object a
line. The first line out is ``{"warm": bool, "why": str}``. A warm forge has imported what a kernel needs and can fork
one in a few milliseconds; a cold one only executes commands, and needs the standard library alone. It is single-threaded
throughout, so that a fork is always safe.

In: ``{"id", "argv", "fork", "cwd", "environment", "log"}``. Out: ``{"id", "pid"}`` or ``{"id", "error"}``, and for each
kernel that ended ``{"ended": pid, "status": code}`` (as `subprocess` has it: a signal is negative). When the client goes
away, every kernel's process group goes too, and then the forge.
"""

import json
import os
import selectors
import signal
import socket
import sys
import time
from typing import Any

from witness.kernel import birth, warmth

Request = dict[str, Any]


class Forge:
    """The kernels of one client."""

    def __init__(self, client: socket.socket) -> None:
        self.client = client
        self.kernels: set[int] = set()
        self.wake, self.waker = socket.socketpair()
        self.wake.setblocking(False)
        self.waker.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.set_wakeup_fd(self.waker.fileno(), warn_on_full_buffer=False)

    def send(self, **message: object) -> None:
        """Tell the client, which may be gone already: then the next read says so."""
        try:
            self.client.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            pass

    def serve(self) -> Request | None:
        """Serve until the client is gone (None); in a forked kernel, return what it was asked to become."""
        pending = b""
        with selectors.DefaultSelector() as selector:
            selector.register(self.client, selectors.EVENT_READ)
            selector.register(self.wake, selectors.EVENT_READ)
            while True:
                ready = {key.fileobj for key, _ in selector.select()}
                if self.wake in ready:
                    self.wake.recv(4096)
                    self.reap()
                if self.client not in ready:
                    continue
                received = self.client.recv(65536)
                if not received:
                    return None
                *lines, pending = (pending + received).split(b"\n")
                for line in lines:
                    request = json.loads(line)
                    if self.start(request):
                        return request  # type: ignore[no-any-return]

    def start(self, request: Request) -> bool:
        """Start one kernel and report it; True in a forked kernel itself."""
        told, tell = os.pipe()
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            os.close(told)
            try:
                self.leave()
                birth.settle(request, parent)
                if not request["fork"]:
                    birth.execute(request)
            except BaseException as error:
                os.write(tell, f"{type(error).__name__}: {error}".encode())
                os._exit(127)
            os.close(tell)
            return True
        os.close(tell)
        with os.fdopen(told, "rb") as answer:
            error = answer.read().decode()
        self.kernels.add(pid)
        if error:
            self.kernels.discard(pid)
            self.send(id=request["id"], error=error)
        else:
            self.send(id=request["id"], pid=pid)
        return False

    def leave(self) -> None:
        """Undo in a child what makes this process a forge."""
        signal.set_wakeup_fd(-1)
        for sock in (self.client, self.wake, self.waker):
            sock.close()

    def reap(self) -> None:
        """Collect who ended, end their groups and their orphans, and report the kernels among them."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid in self.kernels:
                self.kernels.discard(pid)
                birth.end_group(pid)
                self.end_orphans()
                self.send(ended=pid, status=os.waitstatus_to_exitcode(status))
            else:
                self.end_orphans()

    def end_orphans(self) -> None:
        """End what ended kernels left to us, as their reaper: our children that are not kernels."""
        for pid in birth.children():
            if pid not in self.kernels:
                os.kill(pid, signal.SIGKILL)

    def close(self) -> None:
        """End every kernel, and wait until they are gone (two seconds at most: nobody survives SIGKILL)."""
        for pid in self.kernels:
            birth.end_group(pid)
        deadline = time.monotonic() + 2
        while time.monotonic() < deadline:
            self.reap()
            if not birth.children() and not self.kernels:
                return
            time.sleep(0.005)


def main() -> None:
    """Serve the client at the other end of the socket that is named."""
    if not sys.flags.safe_path:
        del sys.path[0]
    client = socket.socket(fileno=int(sys.argv[1]))
    birth.adopt_orphans()
    why = warmth.warm() if sys.argv[2:] else ""
    forge = Forge(client)
    forge.send(why=why)
    if why:
        return
    request = forge.serve()
    if request is None:
        forge.close()
        os._exit(0)
    warmth.renew()
    warmth.become(request["argv"])


if __name__ == "__main__":
    main()
