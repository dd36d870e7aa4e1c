"""The parent of all kernels: starts them on request, and ends them with itself.

`witness.kernel.start` runs it with the arguments FD FOLDER [warm] [ask], where FD is a connected Unix socket that
carries one JSON object a line. The first line out is ``{"why": str}``: why it cannot do what was asked, or an empty
text; a forge that is asked adds ``facts``: what JAX finds on this machine. A warm forge has imported what kernels need
and forks one in milliseconds; a cold one executes commands, and imports only the standard library. Both have one
thread, so that a fork is safe.

In: ``{"id", "argv", "fork", "cwd", "environment", "log"}``. Out: ``{"id", "pid"}`` or ``{"id", "error"}``, and for each
kernel that ended ``{"ended": pid, "status": code}`` (a signal is negative, as in `subprocess`). When the client is
gone, every kernel goes with its whole process group, then FOLDER, then the forge.
"""

import contextlib
import json
import os
import selectors
import shutil
import signal
import socket
import sys
import time
from typing import Any

from witness.kernel import birth, facts, warmth

Request = dict[str, Any]


class Forge:
    """The kernels of one client."""

    def __init__(self, client: socket.socket) -> None:
        self._client = client
        self._parent = os.getppid()
        self._kernels: set[int] = set()
        self._woken, self._waker = socket.socketpair()
        self._waker.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)

    def send(self, **message: object) -> None:
        """Tell the client; when it is gone, the next read says so."""
        with contextlib.suppress(OSError):
            self._client.sendall(json.dumps(message).encode() + b"\n")

    def serve(self) -> Request | None:
        """Serve until the client is gone (None); in a forked kernel, return what it was asked to become."""
        pending = b""
        with selectors.DefaultSelector() as selector:
            selector.register(self._client, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while os.getppid() == self._parent:  # a fork of the client may hold its end of the socket
                ready = [key.fileobj for key, _ in selector.select(1.0)]
                if self._woken in ready:
                    self._woken.recv(4096)
                    self._reap()
                if self._client not in ready:
                    continue
                received = self._client.recv(65536)
                if not received:
                    return None
                *lines, pending = (pending + received).split(b"\n")
                for line in lines:
                    request: Request = json.loads(line)
                    if self._start(request):
                        return request
        return None

    def close(self) -> None:
        """End every kernel and wait until they are gone; two seconds at most, for nobody survives SIGKILL."""
        for pid in self._kernels:
            birth.end_group(pid)
        deadline = time.monotonic() + 2
        while time.monotonic() < deadline and (self._kernels or birth.children()):
            self._reap()
            time.sleep(0.002)

    def _start(self, request: Request) -> bool:
        """Start one kernel and say so; return True in a fork that is to become it."""
        told, tell = os.pipe()
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            try:
                self._leave()
                birth.settle(request, parent)
                if not request["fork"]:
                    birth.execute(request)
            except BaseException as error:
                os.write(tell, f"{type(error).__name__}: {error}".encode())
                os._exit(127)
            os.close(told)
            os.close(tell)
            return True
        os.close(tell)
        with os.fdopen(told, "rb") as answer:
            failure = answer.read().decode()
        if failure:
            self.send(id=request["id"], error=failure)
        else:
            self._kernels.add(pid)
            self.send(id=request["id"], pid=pid)
        return False

    def _leave(self) -> None:
        """Undo, in a child, what makes this process a forge."""
        signal.set_wakeup_fd(-1)
        for ours in (self._client, self._woken, self._waker):
            ours.close()

    def _reap(self) -> None:
        """Collect who ended; end the rest of their groups, and what they orphaned; report the kernels among them."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            ended = pid in self._kernels
            if ended:
                self._kernels.discard(pid)
                birth.end_group(pid)
            for child in birth.children():
                if child not in self._kernels:
                    os.kill(child, signal.SIGKILL)
            if ended:
                self.send(ended=pid, status=os.waitstatus_to_exitcode(status))


def main() -> None:
    """Serve the client at the other end of the socket and exit; return in a fork that is to be a kernel."""
    if not sys.flags.safe_path:
        del sys.path[0]  # the folder that holds this package; a page's kernel starts without it
    client, folder, words = socket.socket(fileno=int(sys.argv[1])), sys.argv[2], sys.argv[3:]
    birth.adopt_orphans()
    why = warmth.warm() if "warm" in words else ""
    known = {"facts": facts.found_by_a_fork()} if "ask" in words and not why else {}
    forge = Forge(client)
    forge.send(why=why, **known)
    request = forge.serve()  # one that is of no use waits for its client to leave, too, and takes the folder with it
    if request is None:
        forge.close()
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(0)  # there is nothing to finalise, and the client waits
    warmth.renew(request["argv"])
