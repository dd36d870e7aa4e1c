"""Samples: how many there are, of how many loops each, whatever a call takes."""

from __future__ import annotations

import random
import statistics

import pytest

from tests.shapes import SHAPES, Draw
from witness.records.median import interval
from witness.records.timing import NARROW, Timing
from witness.timing.sampling import BUDGET, ENOUGH, LEAST, STEADY, TICK, Sample, Samples, samples


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
