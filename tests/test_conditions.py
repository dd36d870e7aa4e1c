"""What falsifies a time while it is measured, and is said beside it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import types
from collections import namedtuple
from pathlib import Path

import pytest

from tests.building import Site, page
from tests.kernels import Page
from witness.records.codec import encode
from witness.records.kinds import CONDITIONS, TIMINGS, falsified
from witness.records.timing import Timing
from witness.timing import conditions, cpu_speed

FLAGS = {
    "jax_disable_jit": ("True", "False", "disabled"),
    "jax_debug_nans": ("True", "False", "NaNs"),
    "jax_debug_infs": ("True", "False", "infinities"),
    "jax_log_compiles": ("True", "False", "logs"),
    "jax_enable_checks": ("True", "False", "itself"),
    "jax_check_tracer_leaks": ("True", "False", "leaked"),
    "jax_explain_cache_misses": ("True", "False", "anew"),
    "jax_cpu_enable_async_dispatch": ("False", "True", "asynchronous dispatch is off"),
    "jax_compilation_cache_dir": ("'cache'", "None", "a compilation cache is on"),
}
SWITCHES = [
    *((*(f"jax.config.update({flag!r}, {it})" for it in (on, off)), said) for flag, (on, off, said) in FLAGS.items()),
    ("import os\nos.environ['XLA_FLAGS'] = '--xla_dump_to=dump'", "del os.environ['XLA_FLAGS']", "XLA writes down"),
    ("import sys\nsys.setprofile(lambda *_: None)", "sys.setprofile(None)", "traced"),
    ("import sys\nsys.settrace(lambda *_: None)", "sys.settrace(None)", "traced"),
]


@pytest.mark.parametrize(("on", "off", "said"), SWITCHES)
def test_what_falsifies_a_time_is_said(jitted: Page, on: str, off: str, said: str) -> None:
    told = "%timeit -q -n 1 -r 2 pass"
    assert said not in jitted.timed(told).line
    try:
        assert said in jitted.timed(f"{on}\n{told}").line
    finally:
        jitted.run(off)
    assert said not in jitted.timed(told).line


def test_a_flag_that_holds_within_a_context_is_seen(jitted: Page) -> None:
    assert "disabled" in jitted.timed("with jax.disable_jit():\n    %timeit -q -n 1 -r 2 f(x)").line
    assert "disabled" not in jitted.timed("%timeit -q -n 1 -r 2 f(x)").line


def test_a_compilation_cache_that_is_switched_off_is_none(jitted: Page) -> None:
    jitted.run("jax.config.update('jax_compilation_cache_dir', 'cache')")
    try:
        off = "jax.config.update('jax_enable_compilation_cache', False)"
        assert "cache" not in jitted.timed(f"{off}\n%timeit -q -n 1 -r 2 pass").line
    finally:
        jitted.run("jax.config.update('jax_enable_compilation_cache', True)")
        jitted.run("jax.config.update('jax_compilation_cache_dir', None)")


def test_a_busy_machine_is_said(jitted: Page) -> None:
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() or 1)]
    try:
        assert "busy machine" in jitted.timed("%timeit -q -n 1 -r 40 time.sleep(0.01)").line
    finally:
        for other in others:
            other.kill()
            other.wait()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """What the clocks of a machine with four cores show, to be set: of the wall, of all cores, of this process."""
    clock = {"wall": 0.0, "all": 0.0, "own": 0.0}
    monkeypatch.setattr(conditions, "busy", lambda: clock["all"])
    monkeypatch.setattr(conditions, "own", lambda: clock["own"])
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    monkeypatch.setattr(conditions, "perf_counter", lambda: clock["wall"])
    return clock


def test_only_others_make_a_machine_busy(clock: dict[str, float]) -> None:
    load = conditions.Load()
    clock.update({"wall": 10.0, "all": 45.0, "own": 40.0})
    assert load.others() == pytest.approx(0.5)
    assert load.told() == []
    clock["all"] = 55.0
    assert load.told() == ["a busy machine: others use 1.5 of 4 cores"]
    load = conditions.Load()
    clock.update({"wall": 10.05, "all": 55.1})
    assert load.told() == []  # in so short a time, two ticks of the system's clock look like two busy cores


@pytest.mark.parametrize(("cores", "said"), [(0.9, False), (1.1, True)])
def test_a_machine_is_busy_where_others_use_a_quarter_of_it(clock: dict[str, float], cores: float, said: bool) -> None:
    load = conditions.Load()
    clock.update({"wall": 10.0, "all": 10 * cores})
    assert bool(load.told()) is said


def test_a_child_that_has_ended_was_no_other() -> None:
    before = conditions.own()
    work = "import time\nwhile time.process_time() < 0.3: pass"
    subprocess.run([sys.executable, "-c", work], check=True)
    assert conditions.own() - before > 0.2  # the system counts in hundredths of a second


def test_a_machine_that_waits_for_its_disk_is_idle_and_a_guest_is_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    times = {"user": 1.0, "nice": 2.0, "system": 4.0, "steal": 8.0, "idle": 100.0, "iowait": 200.0, "guest": 400.0}
    told = namedtuple("Times", times)(**times)
    monkeypatch.setattr("psutil.cpu_times", lambda: told)
    assert conditions.busy() == 15.0


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
# Of a cell


@pytest.fixture
def cell(monkeypatch: pytest.MonkeyPatch) -> conditions.Conditions:
    """What tells them, with nothing switched on, and on a machine that keeps its pace."""
    monkeypatch.setattr(conditions, "flags", list)
    monkeypatch.setattr(cpu_speed, "loop", lambda: 30e-6)
    return conditions.Conditions(cpu_speed.CpuSpeed())


def test_a_cell_was_held_up_only_by_what_others_did_meanwhile(
    clock: dict[str, float], cell: conditions.Conditions
) -> None:
    clock.update({"wall": 10.0, "all": 40.0})
    cell.before()
    clock["wall"] = 20.0
    assert cell.after(None) is None
    cell.before()
    clock.update({"wall": 30.0, "all": 55.0})
    assert cell.after(None) == ["a busy machine: others use 1.5 of 4 cores"]


@pytest.mark.parametrize(
    ("at_first", "at_last", "told"),
    [
        (["traced"], [], ["traced"]),  # the cell switches it off, perhaps after it took a time
        ([], ["traced"], ["traced"]),
        (["traced"], ["traced", "logged"], ["traced", "logged"]),
        ([], [], None),
    ],
)
def test_what_is_on_at_either_end_of_a_cell_is_told_once(
    monkeypatch: pytest.MonkeyPatch,
    clock: dict[str, float],
    cell: conditions.Conditions,
    at_first: list[str],
    at_last: list[str],
    told: list[str] | None,
) -> None:
    monkeypatch.setattr(conditions, "flags", lambda: at_first)
    cell.before()
    monkeypatch.setattr(conditions, "flags", lambda: at_last)
    assert cell.after(None) == told


def test_a_cell_with_timings_is_falsified_by_what_these_tell_alone() -> None:
    clean = Timing("f()", 1, [1.0], [], "none", "by hand")
    checked = Timing("f()", 1, [1.0], [], "none", "by hand", conditions=["checked"])
    assert falsified({CONDITIONS.name: ["traced", "traced"]}) == ["traced"]
    assert falsified({CONDITIONS.name: ["traced"], TIMINGS.name: encode([clean])}) == []  # it was on while no clock ran
    assert falsified({CONDITIONS.name: ["traced"], TIMINGS.name: encode([checked, clean, checked])}) == ["checked"]
    assert falsified({}) == []


def test_a_page_may_put_another_clock_in_place(jitted: Page) -> None:
    try:
        reply = jitted.run("true, time.perf_counter = time.perf_counter, lambda: 0.0")
        assert (reply.stdout, reply.stderr) == ("", "")  # where a callback after the cell would complain
        assert jitted.run("1 + 1").stdout == ""
    finally:
        jitted.run("time.perf_counter = true")


# ---------------------------------------------------------------------------------------------------------------------
# Under a cell that takes a time by itself

TRACED = "Python is being traced"


def test_what_falsifies_a_time_by_hand_is_said_under_its_cell(tmp_path: Path) -> None:
    by_hand = "start = time.perf_counter()\nseconds = time.perf_counter() - start"
    trace = "import sys\nimport time\nsys.setprofile(lambda *_: None)"
    text = page(trace, by_hand, "%timeit -n 1 -r 2 start", "start", "sys.setprofile(None)")
    site = Site.at(tmp_path, {"by-hand": text, "card": "# Card\n\n```{build-card}\n```\n"})
    site.right("-W")
    kept = [cell.captured.get(CONDITIONS.name) for cell in site.record("by-hand").cells]
    assert [bool(conditions) for conditions in kept] == [False, True, True, False, False]  # the others read no clock
    _, _, own, timing, plain, _ = re.split(r'<div class="cell ', site.html("by-hand") or "")
    assert "While the clock ran:" in own
    assert own.count(TRACED) == 1
    assert "While the clock ran:" not in timing
    assert TRACED in timing
    assert TRACED not in plain
    rows = re.findall(
        r'href="by-hand\.html#witness-cell-(\d)">[^<]*</a></p></th>\s*<td><p>([^<]*)</p>', site.html("card") or ""
    )
    assert [number for number, what in rows if TRACED in what] == ["2", "3"]
