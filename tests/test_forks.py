"""A forked kernel acts like an ordinary one, or is not forked: all that was imported ahead is out of its sight."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kernels import CONF, ENVIRONMENT, LINUX, Pages, Reply
from witness.runner.execution import PREAMBLE

CELLS = r"""
import gc, os, sys, warnings, threading, signal, asyncio
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
gc.get_freeze_count() < 1_000, gc.get_threshold(), gc.isenabled(), len(gc.get_objects()) > 60_000
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
    text = re.sub(r"('JPY_PARENT_PID', ')\d+", r"\1N", text)
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


def test_forks_of_different_parents_have_different_addresses(forked: Pages) -> None:
    """Where they differ from process to process, as addresses of memory do, one parent's forks are one process."""
    found = []
    for parent in (1, 1, 2, 3):
        with forked.start(parent=parent) as page:
            assert page.kernel.forked
            found.append(page.tell("str((id(sys), hash('a')))", "import sys"))
    assert found[0] == found[1]
    assert len(set(found)) == 3


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


FIRST = """
import json, os, sys
from pathlib import Path
from witness.kernels.parent import preload

assert not preload.preload()
names = [name for step in preload._ahead._steps for name in step.modules if "._" not in name]
for name in names:
    reads, writes = os.pipe()
    if not (fork := os.fork()):
        os.dup2(writes, 1)
        preload.reset_after_fork(["python", "-m", "ipykernel_launcher"], Path("notes"))
        preload.begin()
        try:
            module = __import__(name, fromlist=["it"])
            parent, _, child = name.rpartition(".")
            getattr(sys.modules[parent or name], child, None)
            what = "right" if sys.modules[name] is module else "another module"
        except BaseException as error:
            what = repr(error)
        print(what, flush=True)
        os._exit(0)
    os.close(writes)
    with open(reads) as told:
        print(json.dumps([name, told.read().strip()]), flush=True)
    os.waitpid(fork, 0)
"""


@pytest.mark.skipif(not LINUX, reason="nothing is forked here")
def test_whatever_was_imported_ahead_can_be_what_a_page_imports_first(tmp_path: Path) -> None:
    environment = {**ENVIRONMENT, "PYTHONPATH": str(CONF)}
    command = [sys.executable, "-c", FIRST]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True)
    told = dict(map(json.loads, done.stdout.splitlines()))
    assert {told["numpy.random"], told["jax.numpy"]} == {"right"}
    assert told["ml_dtypes"] == ""  # an ordinary kernel takes over
    assert {name: what for name, what in told.items() if what not in ("right", "")} == {}


THREADS = """
import os, signal, sys, threading
from pathlib import Path
from witness.kernels.parent import preload

assert not preload.preload()
numpy = sys.modules["numpy"]
for names in [("numpy", "jax.numpy", "jax", "numpy.linalg")] * 20:
    if not (fork := os.fork()):
        signal.alarm(60)
        preload.reset_after_fork(["python", "-m", "ipykernel_launcher"], Path("notes"))
        preload.begin()
        barrier = threading.Barrier(len(names))
        def imports(name):
            barrier.wait()
            __import__(name)
        threads = [threading.Thread(target=imports, args=(name,)) for name in names]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print("right" if sys.modules["numpy"] is numpy else "again", flush=True)
        os._exit(0)
    print(os.waitpid(fork, 0)[1], flush=True)
"""


@pytest.mark.skipif(not LINUX, reason="nothing is forked here")
def test_what_threads_import_at_once_neither_hangs_nor_is_imported_again(tmp_path: Path) -> None:
    environment = {**ENVIRONMENT, "PYTHONPATH": str(CONF)}
    command = [sys.executable, "-c", THREADS]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["right", "0"] * 20, done.stderr
