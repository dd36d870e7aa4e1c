"""Kernels for pages: forked from a warm parent where that is safe, ordinary ones elsewhere."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import re
import shutil
import signal
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from types import TracebackType
from typing import Any, Self

import zmq
import zmq.asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
from jupyter_client.manager import AsyncKernelManager

from witness.kernels import kernelspec
from witness.kernels.child import Child, last_line
from witness.kernels.forkserver import Forkserver, ForkserverFailed
from witness.kernels.forkserver_process import ForkserverProcess
from witness.kernels.provisioner import ForkserverProvisioner

_silent = logging.getLogger("witness.kernels")
_silent.addHandler(logging.NullHandler())
_silent.propagate = False  # jupyter_client logs a traceback for each exception that it also raises


PAGE, TEMPORARY = "page", "temporary"
"""Folders of a kernel that has one to work in and one for temporary files of its own."""
ENDING = re.compile(r"\b(atexit|finalize|TemporaryDirectory|MemoryHandler)\b")
"""Code that leaves something to do when Python ends: with JAX, that takes half a second."""
SHUTDOWN = 5.0
"""Seconds that a kernel has to end by itself, as in jupyter_client."""
CALL = re.compile(r'^  File "(.+)", line (\d+) in ', re.MULTILINE)
"""A line of what ``faulthandler`` writes."""


class UnknownKernel(Exception):
    """There is no kernel of that name; the message says which there are, in one line."""

    def __init__(self, name: str, available: list[str]) -> None:
        super().__init__(f"no kernel is named {name!r}; there are: {', '.join(available)}")
        self.name = name
        self.available = available


class KernelFailed(Exception):
    """A kernel did not become ready; the message says why, in one line."""


@dataclass(frozen=True)
class Kernel:
    """A kernel that is ready."""

    client: AsyncKernelClient
    """Its channels are started, and what the kernel publishes arrives."""
    manager: AsyncKernelManager
    pid: int
    forked: bool
    notes: Path
    """Where a forked one tells of the imports that it did not make anew."""
    _child: Child
    folder: Path
    """Its own, which holds what is made for it and ends with it."""

    def kill(self) -> None:
        """End its whole process group, if it has not ended."""
        self._child.send_signal(signal.SIGKILL)

    async def stack(self) -> list[tuple[str, int]]:
        """Return the file and line of each call that the kernel is in, the innermost first; nothing if it is silent."""
        if not self.manager.ipykernel or self._child.status is not None:
            return []
        os.kill(self.pid, signal.SIGUSR1)
        for _ in range(50):
            await asyncio.sleep(0.02)
            text = (self.folder / "stack").read_text("utf-8", "replace") if (self.folder / "stack").exists() else ""
            if "<module>" in text.rpartition("(most recent call first):")[2]:
                break
        return [(file, int(line)) for file, line in CALL.findall(text)]

    def exit_reason(self) -> str:
        """Return ``alive``, ``killed by SIGKILL (signal 9)`` or ``exited with status 1``."""
        return self._child.exit_reason


class Kernels:
    """The kernels of one run, within a context that leaves no process and no file behind."""

    def __init__(
        self, environment: Mapping[str, str], *, may_fork: bool, started: ForkserverProcess | None = None
    ) -> None:
        """Kernels will have this environment, and nothing else of ours; a fork server may be ``started``."""
        self._environment = dict(environment)
        self._may_fork = may_fork and sys.platform == "linux"
        self._specs = KernelSpecManager(log=_silent)
        self._started = started
        self._numbers = itertools.count()
        self._starting: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._forkservers: dict[int, Forkserver] = {}
        self._context = zmq.asyncio.Context()
        self._context.setsockopt(zmq.RECONNECT_IVL, 10)  # ms; we connect before the kernel listens
        self._context.setsockopt(zmq.RCVHWM, 0)  # a quick kernel's output waits for us, it is not dropped
        self._context.setsockopt(zmq.LINGER, 0)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._started:
            self._started.end()
        for forkserver in self._forkservers.values():
            forkserver.close()
        self._context.destroy(linger=0)

    @asynccontextmanager
    async def start(
        self, name: str, cwd: Path | None, budget: float, code: str = "", *, fork: bool = True, parent: int = 0
    ) -> AsyncIterator[Kernel]:
        """Yield a kernel that works in ``cwd`` and was ready within ``budget`` seconds; then end it and its group.

        Without ``cwd`` it has a folder of its own, and one for temporary files, which go with it; with it, it ends as
        Python does where something is to be done then, such as to write to a file that the page has left open.
        ``code`` is what it is going to run, which may be a reason not to ``fork`` it. The forks of one parent have
        their memory at the same addresses, and the same hashes of strings; each number of a ``parent`` is another.
        Raises UnknownKernel and KernelFailed.
        """
        try:
            spec = self._specs.get_kernel_spec(name)
        except NoSuchKernel:
            raise UnknownKernel(name, sorted(self._specs.find_kernel_specs())) from None
        try:
            forkserver = await self._ready_forkserver(parent)
        except ForkserverFailed as error:
            raise KernelFailed(f"the kernel {name} cannot be started: {error}") from error
        private = forkserver.folder / str(next(self._numbers))
        own = {} if cwd else {"TMPDIR": str(private / TEMPORARY)}
        for folder in ("ipython", PAGE, TEMPORARY):
            (private / folder).mkdir(parents=True)
        manager = AsyncKernelManager(
            kernel_name=name,
            kernel_spec_manager=self._specs,
            context=self._context,
            transport="ipc",
            connection_file=str(private / "k.json"),
            log=_silent,
        )
        provisioner = manager.provisioner = ForkserverProvisioner(kernel_spec=spec, parent=manager)
        provisioner.log_file = private / "log"
        provisioner.forkserver = forkserver
        provisioner.fork = forkserver.warm and fork and kernelspec.may_fork(name, code)
        client: AsyncKernelClient | None = None
        try:
            try:
                async with asyncio.timeout(budget):
                    settings = kernelspec.settings(spec, private)
                    await manager.start_kernel(
                        cwd=cwd or private / PAGE, env={**self._environment, **own}, extra_arguments=settings
                    )
                    client = manager.client(context=self._context)
                    client.start_channels(hb=False)
                    assert provisioner.child is not None
                    await _ready(client, provisioner.child)
            except TimeoutError:
                raise KernelFailed(f"the kernel {name} was not ready within {budget:g} s") from None
            except ForkserverFailed as error:
                raise KernelFailed(f"the kernel {name} cannot be started: {error}") from error
            child = provisioner.child
            if child.status is not None:
                why = last_line(provisioner.log_file)
                raise KernelFailed(f"the kernel {name} ended before it was ready: {child.exit_reason}{why}")
            yield Kernel(client, manager, child.pid, provisioner.fork, private / "imports", child, private)
            if cwd and (ENDING.search(code) or _writes(child.pid, private)):
                await _shut_down(client, child)
        finally:
            await _end(manager, client, provisioner.child)
            shutil.rmtree(private, ignore_errors=True)

    async def _ready_forkserver(self, number: int) -> Forkserver:
        """Return a fork server, started if need be."""
        async with self._starting[number]:
            forkserver = self._forkservers.get(number)
            if not forkserver or not forkserver.alive:
                forkserver = self._forkservers[number] = await self._started_forkserver()
            return forkserver

    async def _started_forkserver(self) -> Forkserver:
        """Return a fork server that was just started: a warm one, or a cold one once that proved impossible."""
        options = kernelspec.interpreter_options(self._specs) if self._may_fork else None
        if started := self._taken(options or []):
            try:
                return await Forkserver.on(started, warm=options is not None)
            except ForkserverFailed as error:
                _silent.info("the fork server that was started is of no use: %s", error)
        if options is not None:
            try:
                return await Forkserver.start(self._environment, options, warm=True)
            except ForkserverFailed as error:
                self._may_fork = False
                _silent.info("kernels are not forked: %s", error)
        return await Forkserver.start(self._environment, warm=False)

    def _taken(self, options: list[str]) -> ForkserverProcess | None:
        """Take the fork server that was started, once; one that is not what is wanted ends."""
        started, self._started = self._started, None
        if started and (started.environment, started.options) != (self._environment, options):
            started.end()
            return None
        return started


async def _ready(client: AsyncKernelClient, child: Child) -> None:
    """Wait until the kernel answers, and until what it publishes arrives here (its first output shall not be lost).

    Returns at once when it ends.
    """
    asked = {client.kernel_info()}
    answer: asyncio.Future[Any] = asyncio.ensure_future(client.get_shell_msg(timeout=None))
    try:
        await asyncio.wait([answer, child.ended], return_when=asyncio.FIRST_COMPLETED)
    finally:
        answer.cancel()
    while child.status is None:
        try:
            message = await client.get_iopub_msg(timeout=0.05)
        except Empty:
            asked.add(client.kernel_info())  # it answered before it knew that we listen
            continue
        idle = message["msg_type"] == "status" and message["content"]["execution_state"] == "idle"
        if idle and message["parent_header"].get("msg_id") in asked:
            return


def _writes(pid: int, private: Path) -> bool:
    """Return whether a process has a file open to write to it, but for its own; where the system does not tell, it has.

    Source: proc_pid_fdinfo(5).
    """
    if sys.platform != "linux":
        return True
    with suppress(OSError), os.scandir(f"/proc/{pid}/fd") as links:  # unless it has ended
        for link in links:
            with suppress(OSError):  # it was closed a moment ago
                path = Path(link.path).readlink()
                if str(path).startswith(f"{private}{os.sep}") or not path.is_file():
                    continue
                flags = re.search(r"^flags:\s+(\d+)", Path(f"/proc/{pid}/fdinfo/{link.name}").read_text(), re.MULTILINE)
                if flags and int(flags[1], 8) & os.O_ACCMODE:
                    return True
    return False


async def _shut_down(client: AsyncKernelClient, child: Child) -> None:
    """Ask a kernel to end by itself, and wait as long as nbclient does."""
    if child.status is None:
        client.shutdown()
        await asyncio.wait([child.ended], timeout=SHUTDOWN)


async def _end(manager: AsyncKernelManager, client: AsyncKernelClient | None, child: Child | None) -> None:
    """End a kernel's process group, then wait until it is collected; all but the wait is done even when cancelled."""
    if child:
        child.send_signal(signal.SIGKILL)
    if client:
        client.stop_channels()
    await manager.cleanup_resources()
    if child:
        await asyncio.wait([child.ended], timeout=5)
