"""Real kernels for tests: started, asked and watched from ordinary functions."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import psutil

from witness.kernels.forkserver_process import ForkserverProcess
from witness.kernels.manager import Kernel, Kernels
from witness.records.kinds import TIMINGS, seen
from witness.records.timing import Timing
from witness.runner.execution import PREAMBLE

CONF = Path(__file__).parents[1] / "conf"
LINUX = sys.platform == "linux"
ENVIRONMENT = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}


@dataclass
class Reply:
    """What one cell did."""

    status: str = ""
    stdout: str = ""
    stderr: str = ""
    result: str = ""
    mimes: list[str] = field(default_factory=list)
    traceback: str = ""
    """The whole of it, with its colours."""
    captured: dict[str, Any] = field(default_factory=dict)
    """What the kernel extension saw of the cell, where it is loaded."""

    def take(self, message: Mapping[str, Any]) -> None:
        """Add a message of the kernel."""
        content = message["content"]
        if message["msg_type"] == "stream":
            setattr(self, content["name"], getattr(self, content["name"]) + content["text"])
        elif (captured := seen(content)) is not None:
            self.captured = captured
        elif message["msg_type"] in ("execute_result", "display_data"):
            self.result += content["data"].get("text/plain", "")
            self.mimes += sorted(content["data"])
        elif message["msg_type"] == "error":
            self.traceback = "\n".join(content["traceback"])


class Page:
    """A kernel that runs cells."""

    def __init__(self, runner: asyncio.Runner, kernel: Kernel, folder: Path) -> None:
        self.kernel = kernel
        self.folder = folder
        self._runner = runner

    @property
    def forkserver(self) -> int:
        """Return the process that started the kernel: its parent is only its guard."""
        guard = psutil.Process(self.kernel.pid).parent()
        assert guard
        return int(guard.ppid())

    def run(self, code: str) -> Reply:
        """Execute a cell as nbclient would."""
        reply = Reply()
        execute: Any = self.kernel.client.execute_interactive
        coroutine = execute(code, output_hook=reply.take, allow_stdin=False, stop_on_error=False, timeout=300)
        reply.status = self._runner.run(coroutine)["content"]["status"]
        return reply

    def timed(self, code: str) -> Timing:
        """Return the one timing of a cell, where the extension is loaded."""
        reply = self.run(code)
        assert reply.traceback == ""
        (timing,) = TIMINGS.of(reply.captured)
        return timing

    def tell(self, expression: str, code: str = "") -> Any:
        """Return the value of an expression in the kernel, by way of JSON, after executing code."""
        assert self.run(f"import json\n{code}\n_told = json.dumps({expression})").traceback == ""
        reply = self.run("print(_told)")
        assert reply.status == "ok"
        return json.loads(reply.stdout)

    def exit_reason(self) -> str:
        """Wait until the kernel has ended; return how."""
        deadline = time.monotonic() + 120
        while self.kernel.exit_reason() == "alive" and time.monotonic() < deadline:
            self.wait(0.01)
        return self.kernel.exit_reason()

    def wait(self, seconds: float) -> None:
        """Let the loop run."""
        self._runner.run(asyncio.sleep(seconds))

    def begin(self, code: str) -> asyncio.Task[dict[str, Any]]:
        """Start a cell, and return what `end` waits for."""
        execute: Any = self.kernel.client.execute
        cell: asyncio.Task[dict[str, Any]] = self._runner.get_loop().create_task(
            execute(code, stop_on_error=False, reply=True, timeout=300)
        )
        self.wait(0.01)
        return cell

    def end(self, cell: asyncio.Task[dict[str, Any]]) -> dict[str, Any]:
        """Wait for a cell's reply, and return its content."""
        self._runner.run(asyncio.wait([cell]))
        content: dict[str, Any] = cell.result()["content"]
        return content

    def interrupt(self) -> None:
        """Interrupt the cell that runs, as nbclient would."""

        async def interrupt() -> None:
            await self.kernel.manager.interrupt_kernel()

        self._runner.run(interrupt())


BEGIN = "getattr(__import__('sys').modules.get('witness.kernels.parent.preload'), 'begin', int)()"
"""What the runner lets a fork do before its page begins."""


class Pages:
    """The kernels of one run, on a loop of their own."""

    def __init__(
        self,
        folder: Path,
        *,
        may_fork: bool,
        environment: Mapping[str, str] = ENVIRONMENT,
        started: ForkserverProcess | None = None,
    ) -> None:
        self.runner = asyncio.Runner()
        self.kernels = Kernels(environment, may_fork=may_fork, started=started)
        self.runner.run(self.kernels.__aenter__())
        self._folder = folder
        self._count = 0

    @contextmanager
    def watched(self, setup: str = "pass") -> Iterator[Page]:
        """Yield a kernel that has loaded the extension, as the runner has it do, and has run a cell of the test's."""
        with self.start() as page:
            assert page.run(PREAMBLE).status == "ok"
            assert page.run(setup).traceback == ""
            yield page

    @contextmanager
    def start(self, name: str = "python3", *, budget: float = 300, code: str = "", parent: int = 0) -> Iterator[Page]:
        """Yield a kernel in a folder of its own."""
        self._count += 1
        cwd = self._folder / f"page{self._count}"
        cwd.mkdir()
        stack = AsyncExitStack()
        starting = self.kernels.start(name, cwd, budget, code, parent=parent)
        kernel = self.runner.run(stack.enter_async_context(starting))
        begin: Any = kernel.client.execute_interactive
        self.runner.run(begin(BEGIN, silent=True, output_hook=lambda _: None, timeout=300))
        try:
            yield Page(self.runner, kernel, cwd)
        finally:
            self.runner.run(stack.aclose())

    def leave(self) -> None:
        """End them all."""
        self.runner.run(self.kernels.__aexit__(None, None, None))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()
        self.runner.close()


def alive(pids: Sequence[int]) -> list[int]:
    """Return the processes that have not ended. A zombie has: it only waits for its parent to notice."""
    found = []
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                found.append(pid)
    return found


def left(pids: Sequence[int], seconds: float = 120) -> list[int]:
    """Return the processes that have not ended after some seconds."""
    deadline = time.monotonic() + seconds
    while (found := alive(pids)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found
