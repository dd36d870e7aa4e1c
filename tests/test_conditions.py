"""What falsifies a time while it is measured, and is said beside it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.building import Site, page
from tests.kernels import Page, Pages
from witness.kernel.capture import conditions, pace
from witness.records.captured import CONDITIONS
from witness.records.store import Store
from witness.runner.page import PREAMBLE

SETUP = """
import time

import jax
import jax.numpy as jnp

x = jnp.ones((50, 50))
f = jax.jit(lambda x: jnp.tanh(x @ x))
"""


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with Pages(tmp_path_factory.mktemp("conditions"), may_fork=True) as pages, pages.start() as kernel:
        assert kernel.run(PREAMBLE).status == "ok"
        assert kernel.run(SETUP).traceback == ""
        yield kernel


@pytest.mark.parametrize(
    ("on", "off", "said"),
    [
        ("jax.config.update('jax_disable_jit', True)", "jax.config.update('jax_disable_jit', False)", "disabled"),
        ("jax.config.update('jax_debug_nans', True)", "jax.config.update('jax_debug_nans', False)", "NaNs"),
        ("jax.config.update('jax_debug_infs', True)", "jax.config.update('jax_debug_infs', False)", "infinities"),
        ("jax.config.update('jax_log_compiles', True)", "jax.config.update('jax_log_compiles', False)", "logs"),
        ("jax.config.update('jax_enable_checks', True)", "jax.config.update('jax_enable_checks', False)", "itself"),
        (
            "jax.config.update('jax_compilation_cache_dir', 'cache')",
            "jax.config.update('jax_compilation_cache_dir', None)",
            "a compilation cache is on",
        ),
        ("import sys\nsys.setprofile(lambda *_: None)", "sys.setprofile(None)", "traced"),
    ],
)
def test_what_falsifies_a_time_is_said(kernel: Page, on: str, off: str, said: str) -> None:
    told = "%timeit -q -n 1 -r 2 pass"
    assert said not in kernel.timed(told).line
    try:
        assert said in kernel.timed(f"{on}\n{told}").line
    finally:
        kernel.run(off)
    assert said not in kernel.timed(told).line


def test_a_flag_that_holds_within_a_context_is_seen(kernel: Page) -> None:
    assert "disabled" in kernel.timed("with jax.disable_jit():\n    %timeit -q -n 1 -r 2 f(x)").line
    assert "disabled" not in kernel.timed("%timeit -q -n 1 -r 2 f(x)").line


def test_a_busy_machine_is_said(kernel: Page) -> None:
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() or 1)]
    try:
        assert "busy machine" in kernel.timed("%timeit -q -n 1 -r 40 time.sleep(0.01)").line
    finally:
        for other in others:
            other.kill()
            other.wait()


def test_only_others_make_a_machine_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = {"wall": 0.0, "all": 0.0, "own": 0.0}
    monkeypatch.setattr(conditions, "busy", lambda: clock["all"])
    monkeypatch.setattr(conditions, "own", lambda: clock["own"])
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    monkeypatch.setattr(conditions, "perf_counter", lambda: clock["wall"])
    load = conditions.Load()
    clock.update({"wall": 10.0, "all": 45.0, "own": 40.0})
    assert load.others() == pytest.approx(0.5)
    assert load.told() == []
    clock["all"] = 55.0
    assert load.told() == ["a busy machine: others use 1.5 of 4 cores"]
    load = conditions.Load()
    clock.update({"wall": 10.05, "all": 55.1})
    assert load.told() == []  # in so short a time, two ticks of the system's clock look like two busy cores


def test_what_the_system_does_not_tell_is_not_made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(conditions, "perf_counter", lambda: clock[0])
    monkeypatch.setitem(sys.modules, "psutil", None)
    assert conditions.busy() is None
    load = conditions.Load()
    clock[0] = 10.0
    assert load.told() == []


def test_a_page_may_call_anything_jax(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jax", types.ModuleType("jax"))
    monkeypatch.delenv("XLA_FLAGS", raising=False)
    assert conditions.flags() == []


# ---------------------------------------------------------------------------------------------------------------------
# The pace


def test_a_slow_machine_is_one_that_was_quicker(monkeypatch: pytest.MonkeyPatch) -> None:
    found = pace.Pace()
    goes = iter([40e-6, 9.0, 45e-6, 9.0, 30e-6, 9.0])  # the second of each two is interrupted
    monkeypatch.setattr(pace, "loop", lambda: next(goes))
    assert found.look() == 40e-6
    assert found.told(45e-6) == []
    assert found.look() == 45e-6
    assert found.told(45e-6) == []
    found.look()  # what is quick may be seen last
    assert found.told(45e-6) == ["a slow machine: plain Python took 1.5 times as long as at its quickest"]
    assert found.told(37e-6) == []  # hardly slower


def test_the_pace_is_looked_at_now_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    found, clock = pace.Pace(), [1.0]
    monkeypatch.setattr(pace, "perf_counter", lambda: clock[0])
    monkeypatch.setattr(pace, "loop", lambda: 1e-5)
    looks = 0
    for _ in range(100):
        clock[0] += 0.001
        if found.due():
            found.look()
            looks += 1
    assert 8 <= looks <= 10


@pytest.mark.parametrize(
    ("at_first", "at_last", "said"),
    [
        (30e-6, 30e-6, False),
        (60e-6, 60e-6, True),
        (30e-6, 60e-6, False),  # what the cell left running slows it
        (60e-6, 30e-6, False),
    ],
)
def test_a_cell_was_slow_if_it_was_so_at_both_ends(
    monkeypatch: pytest.MonkeyPatch, at_first: float, at_last: float, said: bool
) -> None:
    shown, now = pace.Pace(), [30e-6]
    monkeypatch.setattr(pace, "loop", lambda: now[0])
    monkeypatch.setattr(conditions, "flags", list)
    shown.look()
    found, now[0] = conditions.Conditions(shown), at_first
    found.before()
    now[0] = at_last
    assert bool(found.after(None)) is said


SLOW = "import witness.kernel.capture.pace as pace\nloop = pace.loop\npace.loop = lambda: 20 * loop()"


@pytest.fixture
def slow(kernel: Page) -> Iterator[Page]:
    assert kernel.run(SLOW).traceback == ""
    yield kernel
    kernel.run("pace.loop = loop")


def test_a_slow_machine_is_said_where_the_result_was_awaited(slow: Page) -> None:
    assert "a slow machine" in slow.timed("%timeit -q -n 1 -r 9 time.sleep(0.011)").line
    assert "a slow machine" in slow.timed("%timeit -q f(x).block_until_ready()").line
    assert "a slow machine" not in slow.timed("%timeit -q -n 1 -r 9 f(x), time.sleep(0.011)").line
    assert "a slow machine" not in slow.timed("%timeit -q -n 1 -r 2 time.sleep(0.011)").line  # too few looks


def test_a_quick_machine_is_not_called_slow(slow: Page) -> None:
    slow.run("pace.loop = lambda: 1e-6")
    assert "a slow machine" not in slow.timed("%timeit -q -n 1 -r 9 time.sleep(0.011)").line


def test_a_page_may_put_another_clock_in_place(kernel: Page) -> None:
    try:
        reply = kernel.run("true, time.perf_counter = time.perf_counter, lambda: 0.0")
        assert (reply.stdout, reply.stderr) == ("", "")  # where a callback after the cell would complain
        assert kernel.run("1 + 1").stdout == ""
    finally:
        kernel.run("time.perf_counter = true")


# ---------------------------------------------------------------------------------------------------------------------
# Under a cell that takes a time by itself

TRACED = "Python is being traced"


def test_what_falsifies_a_time_by_hand_is_said_under_its_cell(tmp_path: Path) -> None:
    by_hand = "start = time.perf_counter()\nseconds = time.perf_counter() - start"
    trace = "import sys\nimport time\nsys.setprofile(lambda *_: None)"
    text = page(trace, by_hand, "%timeit -n 1 -r 2 start", "start", "sys.setprofile(None)")
    site = Site.at(tmp_path, {"by-hand": text, "card": "# Card\n\n```{build-card}\n```\n"})
    done = site.build("-W")
    assert done.returncode == 0, done.stderr
    (records,) = (tmp_path / "records").glob("*/")
    record = Store(records).read("by-hand")
    assert record is not None
    kept = [cell.captured.get(CONDITIONS) for cell in record.cells]
    assert [bool(conditions) for conditions in kept] == [False, True, True, False, False]  # the others read no clock
    _, _, own, timing, plain, _ = re.split(r'<div class="cell ', site.html("by-hand") or "")
    assert "While the clock ran:" in own
    assert own.count(TRACED) == 1
    assert "While the clock ran:" not in timing
    assert TRACED in timing
    assert TRACED not in plain
    rows = re.findall(
        r'href="by-hand\.html#cell-(\d)">[^<]*</a></p></th>\s*<td><p>([^<]*)</p>', site.html("card") or ""
    )
    assert [number for number, what in rows if TRACED in what] == ["2", "3"]
