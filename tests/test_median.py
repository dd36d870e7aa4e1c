"""The interval of a median, and of a ratio of two, holds it as often as it says; a drift in samples is seen."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Callable

import compare
import pytest

from tests.shapes import SHAPES
from witness.records.drift import drifts
from witness.records.median import probability, ranks


def test_the_interval_of_any_number_of_samples_is_near_95_percent() -> None:
    for count in range(12, 400):
        low, high = ranks(count)
        exact = 1 - sum(math.comb(count, k) for k in [*range(low), *range(high, count + 1)]) / 2**count
        assert 0.938 <= exact <= 0.975, count


def test_few_samples_have_an_interval_that_promises_no_more_than_it_holds() -> None:
    assert min(probability(count, *ranks(count)) for count in range(6, 12)) >= 0.95


def test_many_samples_have_the_interval_that_their_normal_limit_gives() -> None:
    low, high = ranks(1_000_000)
    assert low + high == 1_000_001
    assert statistics.NormalDist().cdf((high - low) / 1000) * 2 - 1 == pytest.approx(0.95, abs=0.003)


@pytest.mark.parametrize("shape", ["a floor and an exponential tail", "80% in the lower of two modes, 50% apart"])
def test_the_interval_of_a_ratio_holds_it_as_often_as_it_says(shape: str) -> None:
    draw, _ = SHAPES[shape]
    r = random.Random(1)
    held = 0
    for _ in range(125):
        low, high = compare.interval([(3 * draw(r), draw(r)) for _ in range(50)])
        held += low <= 3 <= high
    assert 0.92 <= held / 125 <= 0.99


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


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        (lambda t: 1.0 if t < 0.5 else 1.03, False),
        (lambda t: 1.0 if t < 0.5 else 1.08, True),
        (lambda t: 1 + 0.065 * t, False),  # from the first third to the last by two thirds of that
        (lambda t: 1 + 0.09 * t, True),
    ],
)
def test_a_trend_matters_from_a_twentieth_between_the_first_third_and_the_last(
    path: Callable[[float], float], seen: bool
) -> None:
    r = random.Random(0)
    assert drifts([path(k / 100) * r.lognormvariate(0, 0.005) for k in range(100)]) is seen


def test_a_drift_is_seen_after_a_hundred_samples_too() -> None:
    r = random.Random(0)
    assert drifts([(1.0 if k < 400 else 1.5) * r.lognormvariate(0, 0.05) for k in range(600)])
