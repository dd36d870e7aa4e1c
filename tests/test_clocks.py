"""Clocks that are not in a page's text: in modules, behind decorators and names, in the scripts that it runs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.kernels import Page, Pages
from witness.python.clocks import used
from witness.python.open_clocks import quiet
from witness.reading.scripts import with_scripts
from witness.records.kinds import CLOCKS
from witness.timing.clock_readers import INSTALLED, STDLIB, packages

HELPERS = """
import contextlib
import datetime
import functools
import logging
import time
import timeit
import time as _time
from time import perf_counter as _now, sleep

import _deeper


class Stopwatch:
    def __enter__(self):
        self.began = time.perf_counter()
        return self

    def __exit__(self, *_):
        print(time.perf_counter() - self.began)

    @classmethod
    def started(cls):
        return cls()

    def plain(self):
        return 1


class Child(Stopwatch):
    pass


class Static:
    @staticmethod
    def seconds():
        return _time.time()


class Property:
    @property
    def elapsed(self):
        return _now()


class Given:
    def __init__(self, clock=time.monotonic):
        self.clock = clock


@contextlib.contextmanager
def timer():
    began = _now()
    yield
    print(_now() - began)


def timed(function):
    @functools.wraps(function)
    def inner(*arguments):
        began = datetime.datetime.now()
        result = function(*arguments)
        print(datetime.datetime.now() - began)
        return result
    return inner


def tic():
    global _began
    _began = time.time()


def imports_late():
    import time as clock
    from time import time_ns
    return time_ns(), clock


def calls_deeper():
    return _deeper.seconds()


def nested():
    return [timeit.timeit(lambda: 1) for _ in range(2)]


_watch = Stopwatch()


def with_one_of_its_own():
    with _watch:
        pass


twice = functools.partial(calls_deeper)
watch = Stopwatch()


def there(n):
    return back(n - 1) if n else time.time()


def back(n):
    return n and there(n)


def sleeps():
    time.sleep(0)
    sleep(0)
    return time.strftime("%Y")


def logs():
    logging.getLogger("x").warning("text")


def itself(n):
    return n and itself(n - 1)


class Calm:
    def time(self):
        return self.now
"""
DEEPER = "import time\ndef seconds():\n    return time.process_time()\n"
READS = [
    *("Stopwatch", "Stopwatch.started", "Child", "Static", "Static.seconds", "Property", "Given", "timer", "timed"),
    *(
        "tic",
        "imports_late",
        "calls_deeper",
        "nested",
        "with_one_of_its_own",
        "twice",
        "there",
        "back",
        "watch",
        "watch.plain",
    ),
    *("_now", "time.perf_counter", "_time.time", "datetime.datetime.now", "timeit.repeat"),
]
HARMLESS = ["sleeps", "logs", "itself", "Calm", "Calm.time", "time.sleep", "_deeper", "missing", "Calm.missing"]


@pytest.fixture(scope="module")
def kernel(ordinary: Pages) -> Iterator[Page]:
    with ordinary.watched("import sys\nsys.path.insert(0, '')") as kernel:
        (kernel.folder / "helpers.py").write_text(HELPERS)
        (kernel.folder / "_deeper.py").write_text(DEEPER)
        yield kernel


def told(kernel: Page, cell: str, names: list[str]) -> list[str]:
    """Return which of these names a cell is said to have made readers of a clock."""
    kernel.run(f"%reset -f\nget_ipython()._witness.look_for_clocks({names!r})")
    reply = kernel.run(cell)
    assert reply.traceback == ""
    return CLOCKS.of(reply.captured)


def test_what_reads_a_clock_in_a_module_is_told_and_nothing_else(kernel: Page) -> None:
    names = [f"helpers.{name}" for name in (*READS, *HARMLESS)]
    assert told(kernel, "import helpers", names) == [f"helpers.{name}" for name in READS]


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("from helpers import Stopwatch", "Stopwatch"),
        ("from helpers import *", "timer"),
        ("import helpers as h", "h.timer"),
        ("%run helpers.py", "Stopwatch"),
        ("exec(open('helpers.py').read())", "Child"),
        ("import helpers\n@helpers.timed\ndef work():\n    pass", "work"),
        ("import helpers\nwork = helpers.timed(print)", "work"),
        ("import helpers\nw = helpers.Stopwatch()", "w.__enter__"),
        ("import helpers\nclass Mine(helpers.Child):\n    pass", "Mine"),
        ("import importlib\nm = importlib.import_module('helpers')", "m.tic"),
        ("import helpers, jax\nquick = jax.jit(helpers.tic)", "quick"),
        ("from IPython.utils.timing import clock", "clock"),
        ("from IPython.utils import timing", "timing.clock2"),
        ("from timeit import Timer as T", "T"),
        ("from time import *", "time"),
        ("from datetime import datetime as d", "d.now"),
        ("import importlib\nn = getattr(importlib.import_module('time'), 'perf_' + 'counter')", "n"),
    ],
)
def test_it_is_told_however_it_comes_to_the_page(kernel: Page, cell: str, name: str) -> None:
    assert told(kernel, cell, [name]) == [name]


LIBRARIES = """
import asyncio, logging, subprocess, threading
import jax, jax.numpy as jnp, numpy as np, matplotlib, matplotlib.pyplot as plt
f = jax.jit(lambda x: x + 1)
y = f(jnp.ones(3))
"""
USES = [
    *("jax.jit", "jax.grad", "jax.vmap", "jax.block_until_ready", "jnp.ones", "jnp.linalg.norm", "np.ones", "f", "y"),
    *("f.lower", "y.block_until_ready", "plt.plot", "plt.figure", "plt.show", "plt.subplots", "logging.warning"),
    *("subprocess.run", "subprocess.Popen", "threading.Thread", "asyncio.run", "jax.random.key", "print"),
]


def test_libraries_that_read_a_clock_for_their_own_ends_are_not_told(kernel: Page) -> None:
    assert told(kernel, LIBRARIES, USES) == []


def test_packages_are_where_python_looks_before_the_page_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "docs" / "part"
    page.mkdir(parents=True)
    monkeypatch.chdir(page)
    monkeypatch.setattr(sys, "path", ["", str(tmp_path), str(tmp_path / "lib"), str(page / "sub"), *sys.path])
    module: Any = ModuleType("__editable___its_finder")
    module.MAPPING = {"its": str(tmp_path / "src" / "its")}
    monkeypatch.setitem(sys.modules, module.__name__, module)
    found = packages()
    assert {f"{tmp_path / it}/" for it in ("lib", "src/its")} == {it for it in found if it.startswith(str(tmp_path))}
    assert not any(it.startswith(STDLIB) for it in set(found) - set(INSTALLED))


def test_a_name_is_told_once_and_when_it_comes_to_stand_for_a_reader(kernel: Page) -> None:
    assert told(kernel, "import helpers\nit = print", ["it"]) == []
    assert kernel.run("it = helpers.tic").captured[CLOCKS.name] == ["it"]
    assert CLOCKS.name not in kernel.run("it = helpers.timer").captured


def test_looking_asks_nothing_of_what_a_page_holds(kernel: Page) -> None:
    rude = (
        "class Rude:\n    def __getattribute__(self, name):\n        asked.append(name)\n        raise OSError\n"
        "    __eq__ = __hash__ = __getattribute__\nasked = []\nrude = Rude()"
    )
    assert told(kernel, rude, ["rude", "rude.part.other", "asked"]) == []
    assert kernel.tell("asked", "") == []


def test_the_names_that_cells_use_have_their_dots() -> None:
    cells = ["import a.b as c\nx = c.d.e(y)[0].f", "%timeit g()", "with h.k() as t:\n    print(len(t.u))", "!ls", "n ="]
    assert used(cells) == {"c.d.e", "y", "h.k", "t.u", "g"}


BENCH = "import time\n\ndef bench():\n    return time.time()\n"


@pytest.mark.parametrize(
    ("cells", "alone"),
    [
        (["%run bench.py", "%run -i other.py"], [True, False]),
        (["!python bench.py"], [True]),
        (["import subprocess, sys\nsubprocess.run([sys.executable, 'bench.py'])"], [True]),
        (["exec(open('sub/defines.py').read())", "bench()", "x = 1"], [False, True, False]),
        (["%%writefile new.py\nimport time\nprint(time.perf_counter())", "!python new.py"], [False, True]),
        (["'missing.py', 'binary.py'"], [False]),
    ],
)
def test_a_script_that_a_cell_runs_is_read_as_the_cell_is(tmp_path: Path, cells: list[str], alone: list[bool]) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "bench.py").write_text(f"{BENCH}\nif __name__ == '__main__':\n    print(bench())\n")
    (tmp_path / "other.py").write_text("x = 1\n")
    (tmp_path / "sub" / "defines.py").write_text(BENCH)
    (tmp_path / "binary.py").write_bytes(b"\xff\xfe")
    assert quiet(with_scripts(cells, tmp_path))[0] == alone
