"""What a page starts ends with it, however it ends, and with whoever started the page."""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import psutil
import pytest

from tests.kernels import CONF, ENVIRONMENT, LINUX, Page, Pages, alive, left
from witness.kernels.forkserver import Forkserver
from witness.kernels.forkserver_process import ForkserverProcess
from witness.kernels.protocol import Ended, Messages, Started

CHILDREN = """
import os, signal, subprocess, sys
stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(1000)"
def child(**options):
    process = subprocess.Popen([sys.executable, "-c", stubborn], stdout=subprocess.PIPE, **options)
    process.stdout.readline()
    return process.pid
pids = [os.getpid(), child()]
"""
ESCAPED = """
pids.append(child(start_new_session=True))
if os.fork() == 0:
    os.setsid()
    with open("grandchild", "w") as file:
        print(child(), file=file)
    os._exit(0)
os.wait()
pids.append(int(open("grandchild").read()))
"""
if LINUX:
    CHILDREN += ESCAPED  # elsewhere no process is told about its orphans


@pytest.mark.parametrize("how", ["end of the page", "kill", "death"])
def test_what_a_page_starts_ends_with_it(pages: Pages, neighbour: Page, how: str) -> None:
    safe = neighbour.tell("pids", CHILDREN)
    with pages.start() as page:
        pids = page.tell("pids", CHILDREN)
        assert alive(pids) == pids
        if how == "kill":
            page.kernel.kill()
            assert left(pids) == []
        elif how == "death":
            page.begin("os._exit(0)")
            assert page.exit_reason() == "exited with status 0"
            assert left(pids) == []
    assert left(pids) == []
    assert alive(safe) == safe


ORPHANS = """
import os, subprocess, sys
code = "import os, time; print(os.getpid(), flush=True); time.sleep(1000)"
shell = f"{sys.executable} -c '{code}' & setsid {sys.executable} -c '{code}' & (exit 5) &"
started = subprocess.run(["sh", "-c", shell], stdout=open("pids", "w"))
def orphans():
    while len(pids := open("pids").read().split()) < 2: pass
    try:
        mine = os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        mine = "no children"
    return [int(pid) for pid in pids], mine
"""


@pytest.mark.skipif(not LINUX, reason="elsewhere no process is told about its orphans")
@pytest.mark.parametrize("killed", ["", "guard"])
def test_orphans_live_as_long_as_the_page_and_are_not_its_children(pages: Pages, neighbour: Page, killed: str) -> None:
    safe, _ = neighbour.tell("orphans()", ORPHANS)
    with pages.start() as page:
        pids, mine = page.tell("orphans()", ORPHANS)
        assert mine == "no children"
        if killed:
            os.kill(psutil.Process(page.kernel.pid).ppid(), signal.SIGKILL)
            assert page.exit_reason() == "killed by SIGKILL (signal 9)"
        else:
            assert alive(pids) == pids
    assert left(pids) == []
    assert alive(safe) == safe


LEFT_OUT = """
import subprocess, sys
from witness.kernels.parent import guard, process
process.adopt_orphans()
seen, left_out = guard.children, []
def children():
    left_out.append(1)
    return seen()[:-1] if len(left_out) < 3 else seen()  # as Linux may do when one of them ends
guard.children = children
for _ in range(3):
    print(subprocess.Popen(["sleep", "1000"]).pid)
guard.end_all()
"""


@pytest.mark.skipif(not LINUX, reason="nothing tells whose children are left here")
def test_children_that_the_system_left_out_once_are_ended(tmp_path: Path) -> None:
    environment = {**ENVIRONMENT, "PYTHONPATH": str(CONF)}
    done = subprocess.run([sys.executable, "-c", LEFT_OUT], env=environment, stdout=subprocess.PIPE, text=True)
    assert left([int(pid) for pid in done.stdout.split()], 0.5) == []


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give a folder for temporary files, with a path that is short enough for a socket's."""
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


def test_leaving_the_context_ends_all_and_removes_all(tmp_path: Path, temporary: Path) -> None:
    with (
        Pages(tmp_path, may_fork=LINUX) as pages,
        pages.start() as page,
        pages.start(code="os.environ") as other,
    ):
        pids = [*page.tell("pids", CHILDREN), *other.tell("pids", CHILDREN), page.forkserver]
        assert list(temporary.glob("witness-*"))
        pages.leave()
        assert left(pids) == []
        assert list(temporary.glob("witness-*")) == []


@pytest.mark.skipif(not LINUX, reason="nothing tells whose children are left here")
def test_a_cancelled_page_leaves_nothing(pages: Pages, tmp_path: Path) -> None:
    async def page() -> None:
        async with pages.kernels.start("python3", tmp_path, 60):
            await asyncio.sleep(60)

    async def cancel(children: Path, before: set[str]) -> None:
        for moment in (0.0, 0.005, 0.02, 0.05, 0.1, 0.4):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(page(), moment)
        await asyncio.sleep(0.1)
        new = [int(pid) for pid in set(children.read_text().split()) - before]
        assert await asyncio.to_thread(left, new) == []  # the fork server's late answers are read meanwhile

    with pages.start() as witness:
        forkserver = witness.forkserver
        children = Path(f"/proc/{forkserver}/task/{forkserver}/children")
        before = set(children.read_text().split())
        pages.runner.run(cancel(children, before))


@pytest.mark.skipif(not LINUX, reason="nothing tells whose children are left here")
def test_a_process_whose_start_was_cancelled_is_ended(tmp_path: Path) -> None:
    async def run() -> None:
        forkserver = await Forkserver.start(ENVIRONMENT, warm=False)
        spawn = partial(
            forkserver.spawn, ["sleep", "1000"], fork=False, cwd=tmp_path, environment=ENVIRONMENT, log=tmp_path / "log"
        )
        cancelled = asyncio.create_task(spawn())
        await asyncio.sleep(0)
        cancelled.cancel()
        await asyncio.wait([cancelled])
        other = await spawn()
        guards = Path(f"/proc/{forkserver.pid}/task/{forkserver.pid}/children").read_text().split()
        mine = psutil.Process(other.pid).ppid()
        cancelled_guards = [int(pid) for pid in guards if int(pid) != mine]
        assert await asyncio.to_thread(left, cancelled_guards) == []  # its answer may come after the other's
        assert other.exit_reason == "alive"
        forkserver.close()

    asyncio.run(run())


LATE = """
import os, signal, subprocess, sys
from witness.kernels.parent import guard

started, say = os.pipe()
guard.prepare(os.getppid())
kernel = os.fork()
if not kernel:
    os.setsid()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    print(subprocess.Popen(["sleep", "1000"], start_new_session=True, **quiet).pid, flush=True)
    os._exit(0)
os.close(say)
stock, asked = signal.signal, []

def late(number, handler):
    if handler == signal.SIG_IGN and not asked:
        asked.append(number)
        os.kill(os.getpid(), number)  # the fork server ends when the kernel has ended
    return stock(number, handler)

signal.signal = late
guard.guard(1, kernel, started, 2)
"""


@pytest.mark.skipif(not LINUX, reason="nothing is adopted here")
def test_a_guard_that_is_asked_while_it_ends_leaves_nothing() -> None:
    done = subprocess.run([sys.executable, "-c", LATE], capture_output=True, text=True, timeout=60)
    assert left([int(done.stdout)], 5) == [], done.stderr
    assert [type(it) for it in Messages().of(done.stderr.encode())] == [Started, Ended]


def test_a_kernel_dies_with_the_forge_and_the_next_has_a_new_one(tmp_path: Path) -> None:
    with Pages(tmp_path, may_fork=LINUX) as pages:
        with pages.start() as page:
            pids = page.tell("pids", CHILDREN)
            os.kill(page.forkserver, signal.SIGKILL)
            assert page.exit_reason() == "killed by SIGKILL (signal 9)"
            assert left(pids) == []
        with pages.start() as page:
            assert page.tell("1 + 1") == 2
            assert page.kernel.forked == LINUX


CLIENT = r"""
import asyncio, json, os, sys, time
from pathlib import Path
from witness.kernels.manager import Kernels

async def main():
    environment, may_fork, held, children = json.loads(sys.argv[1])
    async with Kernels(environment, may_fork=may_fork) as kernels:
        async with kernels.start("python3", Path.cwd(), 60) as kernel:
            code = children + "import psutil\n"
            code += "pids.append(psutil.Process().parent().ppid())\nopen('pids', 'w').write(str(pids))"
            await kernel.client.execute(code, reply=True)
            if held and os.fork() == 0:
                time.sleep(1000)  # holds our end of everything
            print(Path("pids").read_text(), flush=True)
            await asyncio.sleep(1000)

asyncio.run(main())
"""


@pytest.mark.parametrize("held", [False, True])
def test_killing_the_client_leaves_nothing(held: bool, tmp_path: Path, temporary: Path) -> None:
    with killed_client(tmp_path, temporary, held=held) as pids:
        assert left(pids) == []
        assert list(temporary.glob("witness-*")) == []


def test_a_client_that_leaves_before_it_was_read_leaves_nothing() -> None:
    """Its end of the socket is reset then, and not only closed."""
    process = ForkserverProcess(ENVIRONMENT, warm=False)
    try:
        assert select.select([process.socket], [], [], 60)[0]
        process.socket.close()
        psutil.Process(process.pid).wait(60)
        assert not process.folder.exists()
    finally:
        process.end()


def test_a_forkserver_that_cannot_be_started_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "missing"))
    with pytest.raises(FileNotFoundError):
        ForkserverProcess(ENVIRONMENT, warm=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not LINUX, reason="nothing else tells a process that its parent died")
def test_killing_the_client_and_the_forge_at_once_ends_the_kernel(tmp_path: Path, temporary: Path) -> None:
    with killed_client(tmp_path, temporary, held=False, forkserver=True) as (kernel, *_, forkserver):
        assert left([kernel, forkserver]) == []


@contextmanager
def killed_client(cwd: Path, temporary: Path, *, held: bool, forkserver: bool = False) -> Iterator[list[int]]:
    """Yield the processes that were there when a client was killed: its kernel, that one's children, its forkserver."""
    client = subprocess.Popen(
        [sys.executable, "-c", CLIENT, json.dumps([ENVIRONMENT, LINUX, held, CHILDREN])],
        env={**ENVIRONMENT, "PYTHONPATH": str(CONF), "TMPDIR": str(temporary)},
        cwd=cwd,
        stdout=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    assert client.stdout
    with client.stdout as output:
        pids: list[int] = json.loads(output.readline())
    try:
        assert alive(pids) == pids
        assert list(temporary.glob("witness-*"))
        if forkserver:
            os.kill(pids[-1], signal.SIGKILL)
        client.kill()
        client.wait()
        yield pids
    finally:
        with suppress(ProcessLookupError):
            os.killpg(client.pid, signal.SIGKILL)
        for pid in alive(pids):
            os.kill(pid, signal.SIGKILL)
