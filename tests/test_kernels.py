"""Kernels, forked or not: they start or say why not in a line, are interrupted, and say how they ended."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import pytest
import zmq.asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient

from tests.kernels import Pages
from witness.kernels.manager import KernelFailed, UnknownKernel


@pytest.mark.parametrize(
    ("code", "fate"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", "killed by SIGKILL (signal 9)"),
        ("__import__('ctypes').string_at(0)", "killed by SIGSEGV (signal 11)"),
        ("os.kill(os.getpid(), signal.SIGRTMIN + 1)", "killed by a signal (signal 35)"),
        ("os._exit(3)", "exited with status 3"),
    ],
)
def test_a_kernel_that_ends_says_how(pages: Pages, code: str, fate: str) -> None:
    with pages.start() as page:
        assert page.kernel.exit_reason() == "alive"
        page.begin(f"import os, signal; {code}")
        assert page.exit_reason() == fate
        page.kernel.kill()
        assert page.kernel.exit_reason() == fate


def test_a_cell_can_be_interrupted(pages: Pages) -> None:
    with pages.start() as page:
        cell = page.begin("open('begun', 'w').close()\nimport time\ntime.sleep(1000)")
        while not (page.folder / "begun").exists():
            page.wait(0.01)
        page.interrupt()
        assert page.end(cell)["ename"] == "KeyboardInterrupt"
        assert page.tell("1 + 1") == 2


def test_the_first_output_is_not_lost(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    def late(client: AsyncKernelClient, identity: bytes | None = None) -> zmq.asyncio.Socket:
        """Connect like the client, whose first attempt comes before the kernel listens, but wait before the second."""
        socket = client.context.socket(zmq.SUB)
        socket.reconnect_ivl = 700
        socket.subscribe(b"")
        socket.connect(client._make_url("iopub"))
        return socket

    monkeypatch.setattr(AsyncKernelClient, "connect_iopub", late)
    with pages.start() as page:
        assert page.run("print('first')").stdout == "first\n"


def test_an_unknown_kernel_is_one_line_with_the_known_ones(pages: Pages) -> None:
    message = r"^no kernel is named 'klingon'; there are: .*python3.*$"
    with pytest.raises(UnknownKernel, match=message) as caught, pages.start("klingon"):
        pass
    assert caught.value.name == "klingon"
    assert "python3" in caught.value.available


@pytest.mark.parametrize(
    ("argv", "budget", "message"),
    [
        (["no-such-program"], 30, "cannot be started: FileNotFoundError: .*no-such-program.*"),
        ([sys.executable, "-c", "exit('a\\nno luck')"], 30, "ended before .*: exited with status 1: no luck"),
        ([sys.executable, "-c", "import time; time.sleep(9)"], 0.3, "was not ready within 0.3 s"),
    ],
)
def test_a_kernel_that_does_not_start_says_why_in_one_line(
    pages: Pages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, argv: list[str], budget: float, message: str
) -> None:
    spec = tmp_path / "kernels" / "poor" / "kernel.json"
    spec.parent.mkdir(parents=True)
    spec.write_text(json.dumps({"argv": argv, "display_name": "Poor", "language": "python"}))
    monkeypatch.setattr(pages.kernels._specs, "kernel_dirs", [str(tmp_path / "kernels")])
    with pytest.raises(KernelFailed, match=f"^the kernel poor {message}$"), pages.start("poor", budget=budget):
        pass


def test_a_long_temporary_folder_leaves_room_for_sockets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = tmp_path / ("long" * 25)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    with Pages(tmp_path, may_fork=False) as pages, pages.start() as page:
        assert page.tell("1 + 1") == 2
