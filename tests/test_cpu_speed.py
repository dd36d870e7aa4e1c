"""The pace of a machine: one that was quicker is called slow, beside what was awaited."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kernels import Page
from witness.timing import conditions, cpu_speed


def test_a_slow_machine_is_one_that_was_quicker(monkeypatch: pytest.MonkeyPatch) -> None:
    found = cpu_speed.CpuSpeed()
    goes = iter([40e-6, 9.0, 45e-6, 9.0, 30e-6, 9.0])  # the second of each two is interrupted
    monkeypatch.setattr(cpu_speed, "loop", lambda: next(goes))
    assert found.look() == 40e-6
    assert found.told(45e-6) == []
    assert found.look() == 45e-6
    assert found.told(45e-6) == []
    found.look()  # what is quick may be seen last
    assert found.told(45e-6) == ["a slow machine: plain Python took 1.5 times as long as at its quickest"]
    assert found.told(39e-6) == ["a slow machine: plain Python took 1.3 times as long as at its quickest"]
    assert found.told(37e-6) == []  # hardly slower


def test_the_pace_is_looked_at_now_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    found, clock = cpu_speed.CpuSpeed(), [1.0]
    monkeypatch.setattr(cpu_speed, "perf_counter", lambda: clock[0])
    monkeypatch.setattr(cpu_speed, "loop", lambda: 1e-5)
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
    shown, now = cpu_speed.CpuSpeed(), [30e-6]
    monkeypatch.setattr(cpu_speed, "loop", lambda: now[0])
    monkeypatch.setattr(conditions, "flags", list)
    shown.look()
    found, now[0] = conditions.Conditions(shown), at_first
    found.before()
    now[0] = at_last
    assert bool(found.after(None)) is said


SLOW = "import witness.timing.cpu_speed as cpu_speed\nloop = cpu_speed.loop\ncpu_speed.loop = lambda: 20 * loop()"


@pytest.fixture
def slow(jitted: Page) -> Iterator[Page]:
    assert jitted.run(SLOW).traceback == ""
    yield jitted
    jitted.run("cpu_speed.loop = loop")


def test_a_slow_machine_is_said_where_the_result_was_awaited(slow: Page) -> None:
    assert "a slow machine" in slow.timed("%timeit -q -n 1 -r 9 time.sleep(0.011)").line
    assert "a slow machine" in slow.timed("%timeit -q f(x).block_until_ready()").line
    assert "a slow machine" not in slow.timed("%timeit -q -n 1 -r 9 f(x), time.sleep(0.011)").line
    assert "a slow machine" not in slow.timed("%timeit -q -n 1 -r 2 time.sleep(0.011)").line  # too few looks


def test_a_slow_machine_is_not_said_where_it_cannot_be_told_whether_the_result_was_awaited(slow: Page) -> None:
    shared = slow.timed("import numpy as np\n%timeit -q -n 1 -r 9 np.from_dlpack(f(x)), time.sleep(0.011)")
    assert shared.kind == "unknown"
    assert "a slow machine" not in shared.line


@pytest.mark.parametrize(("slow_ones", "said"), [({1, 2}, False), ({0, 3, 4, 5, 6, 7, 8}, True)])
def test_two_looks_of_nine_make_a_machine_neither_slow_nor_quick(slow: Page, slow_ones: set[int], said: bool) -> None:
    looks = f"(1e-5 if look in {slow_ones} else 1e-6 for look in itertools.count() for go in range(2))"
    slow.run(f"import itertools\nlooks = {looks}")
    timing = slow.timed("cpu_speed.loop = lambda: next(looks)\n%timeit -q -n 1 -r 9 time.sleep(0.011)")
    assert ("a slow machine" in timing.line) is said


def test_a_quick_machine_is_not_called_slow(slow: Page) -> None:
    slow.run("cpu_speed.loop = lambda: 1e-6")
    assert "a slow machine" not in slow.timed("%timeit -q -n 1 -r 9 time.sleep(0.011)").line
