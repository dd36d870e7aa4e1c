"""What samples say: the interval of their median, drift, when there are enough, and how it reads."""

from __future__ import annotations

import json
import math
import random
import re
import statistics
from collections.abc import Callable

import compare
import pytest

from witness.records.codec import decode, encode
from witness.records.digits import durations, earned, span
from witness.records.drift import drifts
from witness.records.kinds import TIMINGS
from witness.records.median import interval, probability, ranks
from witness.records.timing import NARROW, Stopped, Timing
from witness.timing.sampling import BUDGET, ENOUGH, LEAST, PILOT, STEADY, TICK, Sample, Samples, samples

Draw = Callable[[random.Random], float]


def two_modes(share: float, apart: float, noise: float) -> Draw:
    """Return samples from two modes, a part of them from the lower."""
    return lambda r: (1.0 if r.random() < share else 1.0 + apart) * math.exp(r.gauss(0, noise))


def quantile_of_modes(share: float, apart: float, noise: float) -> float:
    """Return the true median of `two_modes`, by bisection."""
    mode = statistics.NormalDist(0, noise)
    low, high = 0.5, 2 + apart
    for _ in range(200):
        middle = (low + high) / 2
        below = share * mode.cdf(math.log(middle)) + (1 - share) * mode.cdf(math.log(middle / (1 + apart)))
        low, high = (middle, high) if below < 0.5 else (low, middle)
    return low


LN2 = math.log(2)
SHAPES: dict[str, tuple[Draw, float]] = {
    "lognormal, little noise": (lambda r: r.lognormvariate(0, 0.005), 1.0),
    "lognormal, some noise": (lambda r: r.lognormvariate(0, 0.04), 1.0),
    "lognormal, much noise": (lambda r: r.lognormvariate(0, 1.0), 1.0),
    "a floor and an exponential tail": (lambda r: 1 + r.expovariate(20), 1 + LN2 / 20),
    "exponential": (lambda r: r.expovariate(1), LN2),
    "a floor and a tail without a mean": (lambda r: 1 + 0.03 * (r.random() ** -1.25 - 1), 1 + 0.03 * (2**1.25 - 1)),
    **{
        f"{share:.0%} in the lower of two modes, {apart:.0%} apart": (
            two_modes(share, apart, noise),
            quantile_of_modes(share, apart, noise),
        )
        for share, apart, noise in [
            (0.5, 0.5, 0.02),
            (0.5, 3.0, 0.002),
            (0.52, 0.1, 0.005),
            (0.6, 0.5, 0.02),
            (0.8, 0.5, 0.02),
            (0.95, 2.0, 0.1),
            (0.45, 0.5, 0.002),
        ]
    },
}


def sampled(draw: Draw, seed: int, per_call: float) -> Samples:
    """Return the samples of a statement that would take so long, of that distribution."""
    r = random.Random(seed)
    return samples(lambda loops: Sample(loops * per_call * draw(r)))


@pytest.mark.parametrize("per_call", [0.003, 0.006])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_interval_holds_the_median_as_often_as_it_says_with_the_number_of_samples_found_on_the_way(
    shape: str, per_call: float
) -> None:
    draw, median = SHAPES[shape]
    held = []
    for seed in range(1200):
        found = sampled(draw, seed, per_call)
        taken = [sample.seconds / found.loops for sample in found.taken]
        if len(taken) >= 12:
            low, high = interval(taken)
            held.append(low <= per_call * median <= high)
    assert len(held) >= 1100
    assert 0.93 <= sum(held) / len(held) <= 0.98


@pytest.mark.parametrize("count", range(12, 400))
def test_the_interval_of_any_number_of_samples_is_near_95_percent(count: int) -> None:
    low, high = ranks(count)
    exact = 1 - sum(math.comb(count, k) for k in [*range(low), *range(high, count + 1)]) / 2**count
    assert 0.938 <= exact <= 0.975


@pytest.mark.parametrize("count", range(6, 12))
def test_few_samples_have_an_interval_that_promises_no_more_than_it_holds(count: int) -> None:
    assert probability(count, *ranks(count)) >= 0.95


def test_many_samples_have_the_interval_that_their_normal_limit_gives() -> None:
    low, high = ranks(1_000_000)
    assert low + high == 1_000_001
    assert statistics.NormalDist().cdf((high - low) / 1000) * 2 - 1 == pytest.approx(0.95, abs=0.003)


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


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("count", [12, 60, 300])
def test_samples_without_a_drift_hardly_ever_show_one(shape: str, count: int) -> None:
    draw, _ = SHAPES[shape]
    r = random.Random(count)
    assert sum(drifts([draw(r) for _ in range(count)]) for _ in range(300)) <= 3


@pytest.mark.parametrize(
    "path",
    [
        lambda t: 1 + 0.3 * t,
        lambda t: 1 - 0.3 * t,
        lambda t: 1.0 if t < 0.5 else 1.3,
        lambda t: 1.4 if t < 0.35 else 1.0,
        lambda t: 1 + t**3,
    ],
)
def test_a_drift_in_noise_is_seen(path: Callable[[float], float]) -> None:
    r = random.Random(0)
    seen = [drifts([path(k / 60) * r.lognormvariate(0, 0.05) for k in range(60)]) for _ in range(100)]
    assert sum(seen) >= 98


def test_a_drift_too_small_to_matter_is_none() -> None:
    assert not drifts([1 + 0.0001 * k for k in range(100)])


# ---------------------------------------------------------------------------------------------------------------------
# When there are enough


def test_little_noise_takes_few_samples_and_much_noise_all_there_is_time_for() -> None:
    little, much = (sampled(SHAPES[f"lognormal, {noise} noise"][0], 0, 0.003) for noise in ("little", "much"))
    assert len(little.taken) == LEAST
    assert little.stopped == "narrow"
    assert much.stopped == "budget"
    assert STEADY / 2 < sum(sample.seconds for sample in much.taken) < 4 * STEADY


def test_some_noise_takes_as_many_samples_as_make_the_interval_narrow() -> None:
    narrow = 0
    for seed in range(100):
        found = sampled(lambda r: r.lognormvariate(0, 0.03), seed, per_call=0.002)
        taken = [sample.seconds for sample in found.taken]
        low, high = interval(taken)
        narrow += high - low <= 0.02 * statistics.median(taken)
    assert narrow >= 75


@pytest.mark.parametrize("per_call", [1e-8, 3e-7, 2e-5, 1e-3, 4e-3, 0.015, 0.05, 0.099, 0.3, 1.1, 7.0])
def test_the_budget_is_kept_whatever_a_call_takes(per_call: float) -> None:
    calls: list[int] = []

    def take(loops: int) -> Sample:
        calls.append(loops)
        return Sample(loops * per_call)

    found = samples(take)
    assert sum(calls) * per_call <= max(3 * BUDGET, 1.1 * per_call)
    assert {*calls[len(calls) - len(found.taken) :]} == {found.loops}
    assert (len(found.taken) >= ENOUGH) == (per_call * ENOUGH <= BUDGET)
    assert found.stopped == ("narrow" if per_call < 0.1 else "slow")


@pytest.mark.parametrize("per_call", [0.004, 0.015, 0.09])
def test_of_long_samples_none_is_left_out(per_call: float) -> None:
    taken: list[Sample] = []
    r = random.Random(0)

    def take(loops: int) -> Sample:
        taken.append(Sample(loops * per_call * r.lognormvariate(0, 0.2)))
        return taken[-1]

    found = samples(take)
    assert (found.loops, found.taken, found.pilot, found.stopped) == (1, taken, [], "budget")
    assert len(taken) >= ENOUGH


def test_long_samples_are_as_many_as_there_is_time_for() -> None:
    assert len(samples(lambda loops: Sample(0.004 * loops)).taken) == 75
    assert len(samples(lambda loops: Sample(0.09 * loops)).taken) == ENOUGH
    assert len(samples(lambda loops: Sample(0.3 * loops)).taken) == 4
    assert len(samples(lambda loops: Sample(1.1 * loops)).taken) == 2


@pytest.mark.parametrize("held_up", [0.0015, 0.02, 0.3, 1.1, 1.7])
@pytest.mark.parametrize("per_call", [6e-8, 2e-5, 0.002])
def test_a_first_sample_that_was_held_up_decides_nothing(held_up: float, per_call: float) -> None:
    times = iter([held_up])
    found = samples(lambda loops: Sample(next(times, per_call * loops)))
    assert (len(found.taken), found.stopped) == (LEAST, "narrow")
    assert 0.7 * TICK <= found.taken[0].seconds <= 3 * TICK
    assert found.loops == round(float(f"{found.loops:.0e}"))
    assert str(found.loops)[0] in "125"


def test_a_first_sample_in_which_something_was_compiled_is_never_the_only_one() -> None:
    first = iter([Sample(9.0, compiles=1)])
    found = samples(lambda loops: next(first, Sample(2e-5 * loops)))
    assert (len(found.taken), found.stopped, sum(sample.compiles for sample in found.taken)) == (LEAST, "narrow", 0)


@pytest.mark.parametrize("quick", [1e-7, 0.001, 0.005])
@pytest.mark.parametrize("after", [1, 3, 8, 40])
def test_calls_that_come_to_take_longer_end_in_time(quick: float, after: int) -> None:
    spent: list[float] = []

    def take(loops: int) -> Sample:
        spent.append(loops * quick if len(spent) < after else 0.4)
        return Sample(spent[-1])

    found = samples(take)
    assert sum(spent) < 2.5 * BUDGET
    assert found.stopped in ("slow", "budget")
    assert found.taken


def test_it_says_narrow_of_long_samples_where_the_interval_is() -> None:
    said = set()
    for seed in range(40):
        found = sampled(lambda r: r.lognormvariate(0, 0.03), seed, 0.006)
        taken = [sample.seconds for sample in found.taken]
        low, high = interval(taken)
        said.add(found.stopped)
        assert (found.stopped == "narrow") == (high - low <= NARROW * statistics.median(taken))
    assert said == {"narrow", "budget"}


def test_a_call_slower_than_the_budget_is_sampled_once() -> None:
    found = samples(lambda loops: Sample(5.0 * loops))
    assert (found.loops, len(found.taken), found.pilot, found.stopped) == (1, 1, [], "slow")
    timing = Timing("f()", 1, [5.0], [], "execution", "slow")
    assert timing.line == "5.0 s a call (a single sample; a sample takes too long for more)"


def test_loops_and_repeats_by_hand_are_obeyed() -> None:
    calls: list[int] = []

    def take(loops: int) -> Sample:
        calls.append(loops)
        return Sample(0.001 * loops)

    both = samples(take, 7, 9)
    assert calls == [7] * 9
    assert (both.loops, len(both.taken), both.pilot, both.stopped) == (7, 9, [], "by hand")
    five = samples(take, repeat=5)
    assert (len(five.taken), five.pilot) == (5, [])
    assert BUDGET / 2 < sum(sample.seconds for sample in five.taken) < 2 * BUDGET
    held_up = iter([1.0])
    one = samples(lambda loops: Sample(next(held_up, 0.7)), repeat=1)
    assert [sample.seconds for sample in one.taken + one.pilot] == [0.7, 1.0]


def test_a_clock_that_sees_nothing_ends_all_the_same() -> None:
    found = samples(lambda loops: Sample(0.0 if loops < 10**6 else 0.003))
    assert len(found.taken) == LEAST


# ---------------------------------------------------------------------------------------------------------------------
# Two statements in turn


@pytest.mark.parametrize("shape", ["a floor and an exponential tail", "80% in the lower of two modes, 50% apart"])
def test_the_interval_of_a_ratio_holds_it_as_often_as_it_says(shape: str) -> None:
    draw, _ = SHAPES[shape]
    r = random.Random(1)
    held = 0
    for _ in range(250):
        low, high = compare.interval([(3 * draw(r), draw(r)) for _ in range(50)])
        held += low <= 3 <= high
    assert 0.92 <= held / 250 <= 0.99


def test_two_statements_take_turns_and_swap_who_is_first(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    monkeypatch.setattr(compare, "seconds", lambda run, calls: run() or {"a": 0.003, "b": 0.001}[name_of(run)])

    def name_of(run: Callable[[], object]) -> str:
        return run.__name__

    def a() -> None:
        calls.append("a")

    def b() -> None:
        calls.append("b")

    found = compare.compare(a, b, rounds=4)
    assert "".join(calls[4:]) == "abbaabba"
    assert (found.first, found.second) == ((0.003,) * 4, (0.001,) * 4)
    assert found.low == found.ratio == found.high == pytest.approx(3)


# ---------------------------------------------------------------------------------------------------------------------
# How it reads


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
