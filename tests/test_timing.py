"""How a timing reads."""

from __future__ import annotations

import json
import re
import statistics

import pytest

from witness.records.codec import decode, encode
from witness.records.digits import durations, earned, span
from witness.records.kinds import TIMINGS
from witness.records.timing import Stopped, Timing
from witness.timing.sampling import PILOT


@pytest.mark.parametrize("count", range(1, 6))
def test_below_six_samples_the_range_is_shown(count: int) -> None:
    timing = Timing("f()", 1, [1.0 + 0.1 * k for k in range(count)], [], "none", "by hand")
    assert timing.interval is None
    assert ("range" in timing.line) == (count > 1)
    assert "interval" not in timing.line


def test_from_six_samples_on_the_interval_is_shown() -> None:
    timing = Timing("f()", 1, [1.2, 1.0, 1.5, 1.3, 1.1, 1.4], [], "none", "by hand")
    assert timing.interval == (1.0, 1.5)
    assert timing.line.startswith("1.2 s a call (median of this process; 95% interval within it 1.0 to 1.5 s;")


def test_no_interval_is_shown_where_samples_drift() -> None:
    timing = Timing("f()", 1, [1 + 0.01 * k for k in range(40)], [], "none", "by hand")
    assert timing.drifts
    assert timing.interval is None
    assert "range within it 1.0 to 1.4 s" in timing.line
    assert "drifting" in timing.line


def test_a_timing_says_all_that_it_is() -> None:
    timing = Timing(
        "f(x)",
        10,
        [0.001 + 1e-6 * ((7 * k) % 20) for k in range(20)],
        [0.5] * PILOT,
        "dispatch",
        "by hand",
        by_hand=["-n 10", "-r 20"],
        compiles=2,
        conditions=["jit is disabled"],
    )
    assert timing.median == statistics.median(timing.samples)
    assert timing.line == (
        "1.01 ms a call (median of this process; 95% interval within it 1.01 to 1.01 ms; middle half 9.5 µs wide; "
        "20 samples of 10 loops; -n 10, -r 20 by hand); dispatch only: the result was not awaited; "
        "2 compiled while the clock ran; jit is disabled"
    )


@pytest.mark.parametrize(
    ("stopped", "said"), [("narrow", ""), ("budget", "no time for more"), ("slow", "a sample takes too long for more")]
)
def test_it_says_why_there_are_no_more_samples(stopped: Stopped, said: str) -> None:
    line = Timing("f(x)", 1, [0.1, 0.3, 0.2], [], "execution", stopped).line
    assert line.endswith(f"3 samples; {said})" if said else "3 samples)")


@pytest.mark.parametrize(
    ("loops", "count", "said"), [(1, 1, "a single run"), (5, 1, "it cannot be told"), (1, 2, "it")]
)
def test_a_single_run_is_why_it_cannot_be_told_what_was_awaited(loops: int, count: int, said: str) -> None:
    (mark,) = Timing("f(x)", loops, [0.1] * count, [], "unknown", "by hand").marks
    assert mark.startswith(said)


@pytest.mark.parametrize(
    ("loops", "said"), [(1, "3 samples, the first watched; -n 1"), (2, "3 samples of 2 loops; -n 2")]
)
def test_a_sample_that_is_watched_is_called_so(loops: int, said: str) -> None:
    line = Timing("f(x)", loops, [0.1] * 3, [], "execution", "by hand", [f"-n {loops}"], watched=True).line
    assert said in line


def test_a_timing_comes_back_from_json() -> None:
    timing = Timing("f(x)", 10, [0.1, 0.2, 0.4], [0.3], "execution", "budget", conditions=["a busy machine"])
    data = json.loads(json.dumps(encode(timing)))
    assert decode(Timing, data) == timing
    assert TIMINGS.of({"timings": [data, data]}) == [timing, timing]
    assert TIMINGS.of({}) == []
    for broken in ({}, {**data, "samples": []}, {**data, "samples": None}):
        with pytest.raises(ValueError, match=r"not |no "):
            decode(Timing, broken)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        ([0.0], ["less than 1 ns"]),
        ([5e-10], ["0.50 ns"]),
        ([2.34e-8, 2.3e-8, 2.6e-8], ["23 ns", "23 ns", "26 ns"]),
        ([0.0105412, 0.000303], ["11 ms", "0.30 ms"]),
        ([0.9999, 0.5, 1.5], ["1.0 s", "0.50 s", "1.5 s"]),
        ([0.994, 1.5], ["990 ms", "1500 ms"]),
        ([12.0, 11.0, 900.0], ["12 s", "11 s", "900 s"]),
        ([123456.0], ["120000 s"]),
        ([-0.0021], ["-2.1 ms"]),
    ],
)
def test_times_are_shown_in_one_unit_with_two_digits(seconds: list[float], shown: list[str]) -> None:
    assert durations(seconds) == shown


@pytest.mark.parametrize(
    ("figure", "low", "high", "digits"),
    [(0.81, 0.79, 0.85, 2), (1.043, 1.040, 1.046, 3), (1.04, 0.99, 1.09, 2), (137.0, 135.0, 139.0, 3), (0.0, 0, 0, 2)],
)
def test_a_third_digit_is_earned_by_an_interval_narrower_than_the_second(
    figure: float, low: float, high: float, digits: int
) -> None:
    assert earned(figure, low, high) == digits


def test_a_range_names_its_unit_once() -> None:
    assert span([0.0012, 0.001, 0.0013]) == "1.0 to 1.3 ms"
    assert span([0.0012, 0.0, 0.0013]) == "less than 1 ns to 1.3 ms"


def test_what_one_process_says_is_called_so_and_offers_nothing_about_the_next() -> None:
    for taken in ([1.2, 1.0, 1.5, 1.3, 1.1, 1.4], [1.0, 1.1]):
        line = Timing("f()", 1, taken, [], "none", "by hand").line
        assert "median of this process; " in line
        assert re.search(r"(95% interval|range) within it ", line)
