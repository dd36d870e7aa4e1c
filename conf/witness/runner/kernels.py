"""Kernels for pages: forked from a warm parent where that is safe, ordinary ones elsewhere."""

from __future__ import annotations

import asyncio
import logging
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from types import TracebackType
from typing import Self

import zmq
import zmq.asyncio
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel
from jupyter_client.manager import AsyncKernelManager

from witness.runner.forge import Child, Forge, ForgeFailed
from witness.runner.provisioner import ForgeProvisioner

_LAUNCH = ["-m", "ipykernel_launcher", "-f", "{connection_file}"]
_SILENT = logging.getLogger("witness.kernels")
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False  # jupyter_client logs a traceback beside every exception that it raises


class UnknownKernel(Exception):
    """There is no kernel of that name; says which there are."""

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
    """Its channels are started, and what it publishes arrives."""
    manager: AsyncKernelManager
    pid: int
    forked: bool
    child: Child

    def kill(self) -> None:
        """End its whole process group, if it has not ended."""
        self.child.signal(signal.SIGKILL)

    def fate(self) -> str:
        """Return what became of it: that it is alive, its signal or its exit status."""
        return _fate(self.child)


class Kernels:
    """A context in which kernels can be started; it leaves no process behind."""

    def __init__(self, environment: Mapping[str, str], *, may_fork: bool) -> None:
        self._environment = dict(environment)
        self._may_fork = may_fork and sys.platform == "linux"
        self._specs = KernelSpecManager()
        self._lock = asyncio.Lock()
        self._forge: Forge | None = None
        self._context = zmq.asyncio.Context()
        self._context.setsockopt(zmq.RECONNECT_IVL, 5)  # milliseconds: we connect before the kernel listens
        self._context.setsockopt(zmq.LINGER, 0)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._forge:
            self._forge.close()
        self._context.destroy(linger=0)

    @asynccontextmanager
    async def start(self, name: str, cwd: Path, budget: float) -> AsyncIterator[Kernel]:
        """Yield a kernel that works in ``cwd`` and is ready within ``budget`` seconds; end all of it afterwards."""
        try:
            spec = self._specs.get_kernel_spec(name)
        except NoSuchKernel as error:
            raise UnknownKernel(name, sorted(self._specs.find_kernel_specs())) from error
        private = _private_folder()
        (private / "ipython").mkdir()
        manager = AsyncKernelManager(
            kernel_name=name,
            kernel_spec_manager=self._specs,
            context=self._context,
            transport="ipc",
            connection_file=str(private / "k.json"),
            log=_SILENT,
        )
        client: AsyncKernelClient | None = None
        child: Child | None = None
        try:
            async with asyncio.timeout(budget):
                forge = await self._lit(budget)
                provisioner = ForgeProvisioner(kernel_spec=spec, parent=manager)
                provisioner.forge = forge
                provisioner.fork = forge.warm and name == "python3" and _options(spec) is not None
                provisioner.log_file = private / "log"
                manager.provisioner = provisioner
                await manager.start_kernel(
                    cwd=cwd, env=self._environment, extra_arguments=_arguments(spec, private, forge)
                )
                child = provisioner.child
                assert child is not None
                client = manager.client(context=self._context)
                client.start_channels(hb=False)
                await _ready(client, child, private / "log")
            yield Kernel(client, manager, child.pid, provisioner.fork, child)
        except TimeoutError as error:
            raise KernelFailed(f"the kernel {name} was not ready within {budget:g} s") from error
        except ForgeFailed as error:
            raise KernelFailed(f"the kernel {name} did not start: {error}") from error
        finally:
            try:
                if child:
                    child.signal(signal.SIGKILL)
                if client:
                    client.stop_channels()
                await manager.cleanup_resources()
                if child:
                    await asyncio.wait([child.ended], timeout=5)
            finally:
                shutil.rmtree(private, ignore_errors=True)

    async def _lit(self, budget: float) -> Forge:
        """Return the forge, started if need be: a warm one, or a cold one if that once failed."""
        async with self._lock:
            if self._forge and self._forge.alive:
                return self._forge
            spec = self._specs.get_kernel_spec("python3")
            options = _options(spec)
            if self._may_fork and options is not None:
                try:
                    self._forge = await Forge.start(self._environment, options, budget, warm=True)
                    return self._forge
                except ForgeFailed:
                    self._may_fork = False
            self._forge = await Forge.start(self._environment, [], budget, warm=False)
            return self._forge


def _options(spec: KernelSpec) -> list[str] | None:
    """Return the interpreter options of a spec that starts ipykernel with our interpreter; None for any other."""
    argv = list(spec.argv)
    python = {"python", f"python{sys.version_info[0]}", "python{}.{}".format(*sys.version_info[:2]), sys.executable}
    if argv[0] not in python or argv[-4:] != _LAUNCH or spec.env or spec.interrupt_mode != "signal":
        return None
    return argv[1:-4]


def _arguments(spec: KernelSpec, private: Path, forge: Forge) -> list[str]:
    """Return what ipykernel is told besides: no history, no profile of a user, and to end with its parent."""
    if "ipykernel_launcher" not in spec.argv:
        return []
    watch = 1 if sys.platform == "linux" else forge.process.pid
    return [
        f"--ipython-dir={private / 'ipython'}",
        "--HistoryManager.enabled=False",
        f"--IPKernelApp.parent_handle={watch}",
    ]


def _private_folder() -> Path:
    """Return a new folder whose path leaves room for a socket's name (107 bytes at most)."""
    base = tempfile.gettempdir()
    return Path(tempfile.mkdtemp(prefix="witness-", dir=base if len(base.encode()) < 80 else "/tmp"))


async def _ready(client: AsyncKernelClient, child: Child, log: Path) -> None:
    """Wait until the kernel answers, and until what it publishes arrives here: its first output is not lost."""
    asked = {client.kernel_info()}
    answer = asyncio.ensure_future(client.get_shell_msg(timeout=None))
    try:
        await asyncio.wait([answer, child.ended], return_when=asyncio.FIRST_COMPLETED)
    finally:
        answer.cancel()
    while True:
        if child.status is not None:
            words = log.read_text("utf-8", "replace").split("\n") if log.exists() else []
            last = next((line.strip() for line in reversed(words) if line.strip()), "")
            raise KernelFailed(f"the kernel {_fate(child)} before it was ready{last and ': '}{last}")
        try:
            message = await client.get_iopub_msg(timeout=0.05)
        except Empty:
            asked.add(client.kernel_info())  # it answered before our subscription arrived there
            continue
        if message["msg_type"] == "status" and message["parent_header"].get("msg_id") in asked:
            if message["content"]["execution_state"] == "idle":
                return


def _fate(child: Child) -> str:
    status = child.status
    if status is None:
        return "alive"
    if status >= 0:
        return f"exited with status {status}"
    return f"killed by {signal.Signals(-status).name} (signal {-status})"
