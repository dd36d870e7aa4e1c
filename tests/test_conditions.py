"""What falsifies a time while it is measured, and is said beside it."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kernels import Page, Pages
from witness.kernel.capture import conditions, pace
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
    cores = 64 if conditions.busy() is None else len(Path("/proc/stat").read_text().split("\ncpu")) - 1
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(cores)]
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
    monkeypatch.setattr("time.perf_counter", lambda: clock["wall"])
    load = conditions.Load()
    clock.update({"wall": 10.0, "all": 45.0, "own": 40.0})
    assert load.others() == pytest.approx(0.5)
    assert load.told() == []
    clock["all"] = 55.0
    assert load.told() == ["a busy machine: others use 1.5 of 4 cores"]
    load = conditions.Load()
    clock.update({"wall": 10.05, "all": 55.1})
    assert load.told() == []  # in so short a time, two ticks of the system's clock look like two busy cores


@pytest.mark.parametrize(
    ("quickest", "sampled", "said"),
    [
        (30e-6, [45e-6] * 3, "1.5"),
        (30e-6, [45e-6] * 2, ""),  # too few looks
        (30e-6, [37e-6] * 9, ""),  # hardly slower
        (30e-6, [30e-6, 30e-6, 60e-6], ""),  # slow for less than half of the time
        (30e-6, [30e-6, 60e-6, 60e-6], "2.0"),
        (60e-6, [60e-6, 60e-6, 30e-6], "2.0"),  # what is quick may be seen last
    ],
)
def test_a_slow_machine_is_one_that_was_quicker(
    monkeypatch: pytest.MonkeyPatch, quickest: float, sampled: list[float], said: str
) -> None:
    found = pace.Pace()
    goes = iter([go for look in [quickest, *sampled] for go in (look, 9.0)])  # the second of each is interrupted
    monkeypatch.setattr(pace, "loop", lambda: next(goes))
    found.before()
    found.begin()
    for _ in sampled:
        found.look()
    told = [f"a slow machine: plain Python took {said} times as long as at its quickest"]
    assert found.told() == (told if said else [])


def test_the_pace_is_looked_at_now_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    found, clock, goes = pace.Pace(), [1.0], itertools.count()
    monkeypatch.setattr("time.perf_counter", lambda: clock[0])
    monkeypatch.setattr(pace, "loop", lambda: next(goes) * 1e-5)
    for _ in range(100):
        clock[0] += 0.001
        found.between()
    assert 2 * 8 <= next(goes) <= 2 * 10


def test_a_slow_machine_is_said_where_the_result_was_awaited(kernel: Page) -> None:
    kernel.run("import witness.kernel.capture.pace as pace\nloop = pace.loop\npace.loop = lambda: 20 * loop()")
    try:
        assert "a slow machine" in kernel.timed("%timeit -q -n 1 -r 9 time.sleep(0.011)").line
        assert "a slow machine" in kernel.timed("%timeit -q f(x).block_until_ready()").line
        assert "a slow machine" not in kernel.timed("%timeit -q -n 1 -r 9 f(x), time.sleep(0.011)").line
    finally:
        kernel.run("pace.loop = loop")
    kernel.run("pace.loop = lambda: 1e-5")
    try:
        assert "a slow machine" not in kernel.timed("%timeit -q -n 1 -r 9 time.sleep(0.011)").line
    finally:
        kernel.run("pace.loop = loop")
