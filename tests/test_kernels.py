"""Kernels, forked or not: they act like stock ones, see nothing of one another, and leave nothing behind."""

from __future__ import annotations

import asyncio
import json
import os
import re
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
import zmq.asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient

from tests.kernels import ENVIRONMENT, Page, Pages, Reply, alive, left
from witness.kernels.forkserver import Forkserver
from witness.kernels.manager import KernelFailed, UnknownKernel
from witness.kernels.protocol import Ended, Messages, Started
from witness.python.clocks import reading
from witness.reading.plan import Cell, Plan
from witness.records.store import Store
from witness.runner.environment import find
from witness.runner.execution import PREAMBLE
from witness.runner.facts import Facts
from witness.runner.local import Local
from witness.runner.progress import Progress
from witness.runner.run import run

CONF = Path(__file__).parents[1] / "conf"
LINUX = sys.platform == "linux"
FORKED = pytest.param(True, id="forked", marks=pytest.mark.skipif(not LINUX, reason="nothing is forked here"))
ORDINARY = pytest.param(False, id="ordinary")


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[bool, Pages]]:
    with (
        Pages(tmp_path_factory.mktemp("a"), may_fork=True) as a,
        Pages(tmp_path_factory.mktemp("b"), may_fork=False) as b,
    ):
        yield {True: a, False: b}


@pytest.fixture(params=[FORKED, ORDINARY], scope="module")
def pages(request: pytest.FixtureRequest, both: dict[bool, Pages]) -> Pages:
    return both[request.param]


@pytest.fixture(scope="module")
def neighbour(pages: Pages) -> Iterator[Page]:
    """Return a page that goes on while others come and go."""
    with pages.start() as page:
        yield page


@pytest.fixture
def forked(both: dict[bool, Pages]) -> Pages:
    if not LINUX:
        pytest.skip("nothing is forked here")
    return both[True]


# ---------------------------------------------------------------------------------------------------------------------
# One page does not see another

STATE = """
import builtins, gc, json, locale, logging, os, random, re, signal, sys, threading, warnings
import jax, numpy

def state():
    folder = "/proc/self/fd" if os.path.exists("/proc/self/fd") else "/dev/fd"
    links = [os.path.join(folder, name) for name in os.listdir(folder)]
    umask = os.umask(0)
    os.umask(umask)
    return {
        "jax.config": {name: str(value) for name, value in jax.config.values.items()},
        "jax is patched": jax.numpy.sin.__name__,
        "json is patched": json.load.__name__,
        "builtins": sorted(vars(builtins)),
        "variables": dict(os.environ),
        "variables of children": os.popen("env | sort | grep -v -e ^_= -e ^PWD=").read(),
        "folder": os.path.basename(os.getcwd())[:4],
        "files in it": os.listdir(),
        "modules": sorted(sys.modules),
        "path": sys.path,
        "open files": sorted(re.sub("[0-9]+", "", os.readlink(l)) for l in links if os.path.exists(l)),
        "threads": sorted(thread.name for thread in threading.enumerate()),
        "warnings": [str(entry) for entry in warnings.filters],
        "signals": [str(signal.getsignal(number)) for number in sorted(signal.valid_signals() - {32, 33})],
        "numpy": {name: str(value) for name, value in numpy.get_printoptions().items()},
        "logging": logging.root.level,
        "locale": locale.setlocale(locale.LC_ALL),
        "umask": umask,
        "recursion": sys.getrecursionlimit(),
        "garbage": gc.get_threshold(),
        "names": sorted(name for name in globals() if not re.match(r"_[0-9i]|_told", name)),
    }
"""
MISCHIEF = """
jax.config.update("jax_enable_x64", True)
jax.numpy.sin = jax.numpy.cos
json.load = json.dump
builtins.left_behind = 1
os.environ["LEFT_BEHIND"] = "1"
open("left_behind", "w").close()
import wave
sys.path.append("/left/behind")
left_open = open("left_behind")
threading.Thread(target=threading.Event().wait, name="left behind", daemon=True).start()
warnings.simplefilter("ignore")
signal.signal(signal.SIGUSR1, signal.SIG_IGN)
numpy.set_printoptions(precision=3)
logging.root.setLevel(5)
locale.setlocale(locale.LC_ALL, "C")
os.umask(0o77)
sys.setrecursionlimit(5000)
gc.set_threshold(7)
"""


def test_nothing_that_a_page_does_is_seen_by_the_next(pages: Pages) -> None:
    with pages.start() as first:
        before = first.tell("state()", STATE)
        assert first.run(MISCHIEF).status == "ok"
        after = first.tell("state()")
        with pages.start() as second:
            assert second.tell("state()", STATE) == before
    unseen = {name for name in before if before[name] == after[name]}
    assert unseen == {"folder"}, "the state does not show the mischief"


DRAWS = """
import multiprocessing, os, random, secrets, tempfile, uuid
import numpy

def draws():
    return {
        "random": random.random(),
        "numpy": numpy.random.rand(),
        "numpy's generators": numpy.random.default_rng().random(),
        "secrets": secrets.token_hex(),
        "uuid": str(uuid.uuid4()),
        "names of temporary files": next(tempfile._get_candidate_names()),
        "keys of child processes": multiprocessing.current_process().authkey.hex(),
    }
"""


def test_no_two_pages_draw_the_same(pages: Pages, neighbour: Page) -> None:
    with pages.start() as page:
        drawn, other = page.tell("draws()", DRAWS), neighbour.tell("draws()", DRAWS)
    assert {name for name in drawn if drawn[name] == other[name]} == set()


# ---------------------------------------------------------------------------------------------------------------------
# Only what is given arrives


@pytest.mark.parametrize("may_fork", [FORKED, ORDINARY])
def test_no_variable_and_no_profile_of_ours_arrives(
    may_fork: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_SECRET", "hush")
    profile = tmp_path / ".ipython" / "profile_default"
    (profile / "startup").mkdir(parents=True)
    (profile / "startup" / "start.py").write_text("started = True")
    (profile / "ipython_config.py").write_text("get_config().InteractiveShellApp.exec_lines = ['lines = True']")
    environment = {**ENVIRONMENT, "HOME": str(tmp_path)}
    with Pages(tmp_path, may_fork=may_fork, environment=environment) as pages, pages.start() as page:
        assert page.kernel.forked == may_fork
        found = page.tell("dict(os.environ)", "import os, jax")
        shell = {"TERM", "CLICOLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "PAGER", "GIT_PAGER", "MPLBACKEND"}
        imports = {"PYDEVD_USE_FRAME_EVAL", "TF_CPP_MIN_LOG_LEVEL", "TPU_SKIP_MDS_QUERY"}
        assert {name: found[name] for name in found if name not in shell | imports} == environment
        if LINUX:
            for pid in (page.kernel.pid, page.tell("os.getppid()"), page.forkserver):
                assert "hush" not in Path(f"/proc/{pid}/environ").read_text()
        assert page.tell("[name for name in ('started', 'lines') if name in globals()]") == []
    assert sorted(path.name for path in profile.iterdir()) == ["ipython_config.py", "startup"]


def test_nothing_the_kernel_prints_reaches_ours(pages: Pages, capfd: pytest.CaptureFixture[str]) -> None:
    with pages.start() as page:
        page.run("import os, sys; os.write(1, b'low'); os.system('echo child'); print('high', file=sys.__stderr__)")
    assert capfd.readouterr() == ("", "")


# ---------------------------------------------------------------------------------------------------------------------
# A forked kernel acts like an ordinary one

CELLS = r"""
import os, sys, warnings, threading, signal, asyncio
__name__, sys.modules["__main__"].__dict__ is globals(), __doc__, __spec__
[re.sub("witness-.*/", "", part) for re in [__import__("re")] for part in sys.argv + sys.orig_argv]
sys.flags, sys.executable, sys._xoptions, sys.path, sys.meta_path, sys.path_hooks
type(get_ipython()).__mro__, get_ipython().history_manager.enabled
os.getpgrp() == os.getpid() == os.getsid(0), os.umask(0o22), os.nice(0)
sorted(thread.name.partition("-")[0] for thread in threading.enumerate())
[(s.name, str(signal.getsignal(s))) for s in signal.Signals], signal.pthread_sigmask(signal.SIG_BLOCK, [])
len(os.listdir("/proc/self/fd")), [os.readlink(f"/proc/self/fd/{number}").split("[")[0] for number in range(3)]
sys.stdin.read(), sys.stdout.encoding, sys.stderr.encoding, sys.excepthook, sys.displayhook
input("name? ")
__import__("getpass").getpass()
warnings.warn("old", DeprecationWarning)
warnings.warn("odd")
import jax, numpy
sorted(str(entry) for entry in warnings.filters)
sorted(os.environ.items())
threading.Thread(target=print).name, asyncio.current_task().get_name(), len(__import__("inspect").stack())
await asyncio.sleep(0); 7
_, __, In[1], Out[len(In) - 2]
def broken(): raise ValueError("a message")
broken()
get_ipython().run_cell("def reach():\n try: return 1 + reach()\n except RecursionError: return 0"); reach()
1 +
raise SystemExit(3)
%history -n 1-2
%env WITNESS_TEST=1
!echo $WITNESS_TEST; echo wrong >&2
get_ipython().run_cell_magic("writefile", "some.py", "word = 1"); from some import word; word
%timeit?
from IPython.display import Markdown, display; display(Markdown("*a*")); print("b"); 5
%matplotlib inline
import matplotlib.pyplot as plt, matplotlib; plt.plot([1, 2]); matplotlib.get_backend()
print("out"); print("err", file=sys.stderr); os.write(1, b"low\n"); None
__import__("subprocess").run([sys.executable, "-c", "import sys; print(sys.path[1:], sys.flags)"]).returncode
__import__("concurrent.futures").futures.ProcessPoolExecutor(1).submit(abs, -1).result()
jax.make_jaxpr(lambda x: jax.lax.cond(x > 0, lambda y: y + 1, lambda y: y, x))(1.0)
print(jax.jit(lambda x: x * 2).lower(1.0).as_text(debug_info=True))
print(jax.jit(lambda x: x * 2).lower(1.0).compile().as_text())
jax.jit(lambda x: x if x else -x)(1.0)
numpy.seterr(), numpy.get_printoptions(), numpy.float32(1) / 0
_unused = %timeit -o -q -n1 -r1 reach
sorted(vars(_unused))
exit()
"""


def normalised(reply: Reply) -> Reply:
    """Return a reply without what no two kernels share."""
    text = json.dumps({**vars(reply), "captured": {}})
    text = re.sub(r"ipykernel_\d+", "ipykernel_N", text)
    text = re.sub(r"/[^ \"]*/witness-\w+/\d+", "PRIVATE", text)
    text = re.sub(r"\b0x[0-9a-f]+", "0x0", text)
    return Reply(**json.loads(text))


def test_a_forked_kernel_acts_like_an_ordinary_one(forked: Pages) -> None:
    with forked.start() as ours, forked.start(code="os.environ") as stock:
        assert (ours.kernel.forked, stock.kernel.forked) == (True, False)
        for kernel in (ours, stock):
            kernel.run(PREAMBLE)  # without it, what is written to a descriptor may be lost, as in a stock run
        for cell in CELLS.strip().splitlines():
            assert normalised(ours.run(cell)) == normalised(stock.run(cell)), cell
        assert ours.exit_reason() == stock.exit_reason() == "exited with status 0"


def test_code_that_sets_variables_gets_an_ordinary_kernel(forked: Pages) -> None:
    code = "import os\nos.environ['JAX_ENABLE_X64'] = '1'"
    with forked.start(code=code) as page:
        assert not page.kernel.forked
        assert page.tell("str(jax.numpy.arange(3.).dtype)", f"{code}\nimport jax") == "float64"


def test_hardly_anything_is_imported_after_the_fork(forked: Pages) -> None:
    """Says which modules a new ipykernel or JAX imports lazily, to be added to `warmth.LATER`."""
    code = "import sys; from witness.kernels.parent import preload; assert preload.preload() == ''; print(*sys.modules)"
    environment = {**ENVIRONMENT, "PYTHONPATH": str(CONF)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    with forked.start() as page:
        page.run("import jax; jax.jit(lambda x: x + 1)(1.0)")
        page.run("%timeit -n1 -r1 1")
        page.run("1 / 0")
        late = set(page.tell("list(sys.modules)", "import sys")) - set(done.stdout.split())
    assert len(late := {name for name in late if not name.startswith(("witness", "runpy"))}) <= 5, late


# ---------------------------------------------------------------------------------------------------------------------
# What became of it


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


# ---------------------------------------------------------------------------------------------------------------------
# Nothing is left behind

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
def test_killing_the_client_leaves_nothing(held: bool, tmp_path: Path) -> None:
    temporary = tmp_path / "t"
    temporary.mkdir()
    with killed_client(tmp_path, temporary, held=held) as pids:
        assert left(pids) == []
        assert [path for path in temporary.iterdir() if path.name.startswith("witness-")] == []


@pytest.mark.skipif(not LINUX, reason="nothing else tells a process that its parent died")
def test_killing_the_client_and_the_forge_at_once_ends_the_kernel(tmp_path: Path) -> None:
    with killed_client(tmp_path, tmp_path, held=False, forkserver=True) as (kernel, *_, forkserver):
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


# ---------------------------------------------------------------------------------------------------------------------
# What cannot be started


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


FAKES = {
    "no jax": {"jax.py": "raise ImportError('none')"},
    "a thread": {
        "jax/__init__.py": "import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()",
        "jax/_src/xla_bridge.py": "",
    },
    "a backend": {
        "jax/__init__.py": "import jax._src.xla_bridge",
        "jax/_src/xla_bridge.py": "def backends_are_initialized(): return True",
    },
    "a crash": {"jax.py": "import os; os.abort()"},
}


@pytest.mark.parametrize("fake", FAKES)
def test_where_forking_is_not_safe_kernels_are_ordinary(fake: str, tmp_path: Path) -> None:
    for name, text in FAKES[fake].items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    environment = {**ENVIRONMENT, "PYTHONPATH": str(tmp_path)}
    with Pages(tmp_path, may_fork=True, environment=environment) as pages, pages.start() as page:
        assert not page.kernel.forked
        assert page.tell("1 + 1") == 2


def test_a_long_temporary_folder_leaves_room_for_sockets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = tmp_path / ("long" * 25)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    with Pages(tmp_path, may_fork=False) as pages, pages.start() as page:
        assert page.tell("1 + 1") == 2


# ---------------------------------------------------------------------------------------------------------------------
# What was imported ahead is not seen before it is imported


@pytest.mark.parametrize("first", ["pass", "1/0", "import numpy", "import numpy.ma", "import secrets"])
def test_a_forked_kernel_has_the_modules_of_an_ordinary_one(forked: Pages, first: str) -> None:
    names = "[n for n in sys.modules if n.partition('.')[0] in ('jax', 'jaxlib', 'numpy', 'ml_dtypes', 'filelock')]"
    with forked.start() as ours, forked.start(code="os.environ") as stock:
        for cell in (first, "import jax; jax.jit(lambda x: x + 1)(1.0)"):
            assert ours.run(cell).status == stock.run(cell).status
            assert sorted(ours.tell(names, "import sys")) == sorted(stock.tell(names, "import sys"))
            assert ours.tell("sorted(os.environ)", "import os") == stock.tell("sorted(os.environ)", "import os")


OTHERWISE = {
    "a variable": "os.environ.update(JAX_ENABLE_X64='1')",
    "C's own variable": "import ctypes; ctypes.CDLL(None).setenv(b'XLA_FLAGS', b'', 1)",
    "a variable that is gone": "os.environ.pop('PATH')",
    "a finder": "sys.meta_path.insert(0, type('F', (), {'find_spec': lambda *_: None})())",
    "an import of its own": "import builtins as b; s = b.__import__; b.__import__ = lambda *a, **k: s(*a, **k)",
    "another numpy": "open('numpy.py', 'w').write('name = 1')",
    "a profile": "sys.setprofile(lambda *_: None)",
    "a helper with a clock": "open('_h.py', 'w').write('from time import perf_counter as now'); import _h",
    "a function with a clock": "import time\ndef f():\n  t = time.time(); import jax; return t\nf()",
    "a part of it": "import ml_dtypes",
}


@pytest.mark.parametrize("name", OTHERWISE)
def test_a_fork_ends_where_a_fresh_import_could_go_otherwise(forked: Pages, name: str) -> None:
    with forked.start() as page:
        page.begin(f"import os, sys\n{OTHERWISE[name]}\nimport jax")
        assert page.exit_reason() == "killed by SIGKILL (signal 9)"
        assert '"why"' in page.kernel.notes.read_text()


UNLIKE = {
    "a variable": [
        "import os; vars(os)['env' + 'iron']['JAX_ENABLE_X64'] = '1'",
        "import jax; print(jax.numpy.ones(1).dtype)",
    ],
    "one clock": ["%%time\nimport jax"],
    "around": ["from time import time\nbegan = time()", "import jax", "time() - began"],
    "a statement": ["import time\nt = time.time()\nif t:\n    import jax\ntime.time() - t"],
}
LIKE = {
    "after": ["import time\nimport jax\njax.numpy.ones(1)\nt = time.time()\njax.numpy.ones(1)\ntime.time() - t"],
    "magic": ["import jax; jax.numpy.ones(1)", "%timeit -n1 -r1 jax.numpy.ones(1)"],
}


MARK = """
import os
assert not os.path.exists("mark")
open("mark", "w").close()
print("started anew" if b"-f" in open("/proc/self/cmdline", "rb").read().split(b"\\0") else "")
"""


@pytest.mark.skipif(not LINUX, reason="nothing is forked here")
@pytest.mark.parametrize("name", [*UNLIKE, *LIKE])
def test_a_page_that_would_see_the_fork_runs_again_in_a_fresh_folder(name: str, tmp_path: Path) -> None:
    sources = [MARK, *(UNLIKE | LIKE)[name]]
    cells = [
        Cell(n, n, source, alone=alone)
        for n, (source, alone) in enumerate(zip(sources, reading(sources), strict=True), 1)
    ]
    facts = Facts(tmp_path, reproducible=False)
    environment = find(facts)
    store = Store(tmp_path / environment.name)
    plan = Plan("page", "page.md", "python3", cells, reproducible=False)
    run([plan], store, environment, Progress(), None, Local(facts.take_forkserver()))
    record = store.read("page")
    assert record
    assert record.problems == []
    text = json.dumps([cell.outputs for cell in record.cells])
    assert ("started anew" in text) == (name in UNLIKE)
    if name == "a variable":
        assert "float64" in text
