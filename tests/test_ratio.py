"""What a ratio between two environments may say: a change is found, and a like one is none."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import pytest

from witness.records.ratio import LEAST, LEVEL, Ratio, expected, resolution, spare


def ratio(before: Sequence[float], after: Sequence[float]) -> Ratio:
    return Ratio(tuple(zip(before, after, strict=True)))


def machine(chance: random.Random, rounds: int, slower: float = 1.0, *, own: float = 0.06, pace: float = 0.15) -> Ratio:
    """Return what a figure is on a machine whose pace varies, and that has a bad moment in every thirtieth process."""
    pairs = []
    for _ in range(rounds):
        now = chance.lognormvariate(0, pace)
        bad = [1 + chance.expovariate(1) if chance.random() < 1 / 30 else 1.0 for _ in range(2)]
        a, b = (now * it * chance.lognormvariate(0, own) for it in bad)
        pairs.append((a, slower * b))
    return Ratio(tuple(pairs))


@pytest.mark.parametrize("rounds", [5, 7, 20])
@pytest.mark.parametrize("own", [0.02, 0.06, 0.3])
def test_of_two_runs_of_one_version_at_most_one_figure_in_a_hundred_changes(rounds: int, own: float) -> None:
    chance = random.Random(20)
    alarms = sum(machine(chance, rounds, own=own).changed for _ in range(5000))
    assert alarms <= 0.01 * 5000
    assert [expected(number) for number in (0, 200, 201, 250)] == [0, 1, 2, 2]


def test_a_planted_slowdown_is_found_where_the_pace_of_the_machine_varies() -> None:
    chance = random.Random(20)
    assert sum(machine(chance, 5, 1.5).changed for _ in range(1000)) > 700
    assert sum(machine(chance, 5, 1.5, pace=0.5).changed for _ in range(1000)) > 700  # both have it
    assert sum(machine(chance, 10, 1.5, own=0.1).changed for _ in range(1000)) > 850


def test_the_interval_holds_what_the_ratio_is() -> None:
    chance = random.Random(2)
    found = [Ratio(tuple((1.0, 1.5 * chance.lognormvariate(0, 0.2)) for _ in range(5))).interval for _ in range(4000)]
    held = sum(low <= 1.5 <= high for low, high in found)
    assert 1 - 2 * LEVEL < held / len(found) < 1
    low, high = ratio((1, 1, 1), (2, 4, 8)).interval  # by hand: 4 times or over exp(t log(2) / sqrt(3)), t 14.089
    assert math.isclose(high, 4 * math.exp(14.089 * math.log(2) / math.sqrt(3)))
    assert math.isclose(low * high, 16)


def test_how_fine_a_comparison_is_is_told() -> None:
    busy = [Ratio(((1.0, 1.0), (1.0, 2.0), (1.0, 4.0)))] * 3
    assert resolution([]) is None
    assert resolution([ratio((2, 2, 2), (2, 2, 2))]) is None
    assert math.isclose(resolution(busy) or 0, math.exp(14.089 * math.log(2) / math.sqrt(3)))


def test_a_change_that_is_sure_and_small_is_of_no_account() -> None:
    before, small, large = (1.0, 1.01, 1.0, 1.0, 1.0), (1.06, 1.06, 1.07, 1.06, 1.06), (1.12, 1.13, 1.13, 1.12, 1.12)
    assert ratio(before, small).interval[0] > 1
    assert not ratio(before, small).changed
    assert ratio(before, large).changed
    assert ratio(large, before).changed
    assert not ratio((2.0,) * 5, (2.0,) * 5).changed
    assert ratio((2.0,) * 5, (3.0,) * 5).changed


def test_what_is_given_up_early_could_not_have_been_found_to_change() -> None:
    chance = random.Random(3)
    changed = 0
    for _ in range(3000):
        rounds = chance.choice([5, 6, 9])
        whole = machine(chance, rounds, chance.choice([1.3, 2.0, 0.5]), own=0.1)
        below = min(sum(a < b for a, b in whole.pairs), sum(a > b for a, b in whole.pairs))
        if whole.changed:
            changed += 1
            assert below <= spare(rounds)
            assert all(Ratio(whole.pairs[:count]).may_change(rounds) for count in range(1, rounds) if own(whole, count))
    assert changed > 1000
    assert not ratio((1.0, 1.0, 1.0), (2.0, 2.0, 0.9)).may_change(5)
    assert ratio((1.0, 1.0, 1.0), (2.0, 2.0, 0.9)).may_change(6)
    assert not ratio((1.0, 1.0, 1.0), (1.05, 1.05, 1.05)).may_change(5)


def own(whole: Ratio, count: int) -> bool:
    """Return whether a change was of account in the first rounds, too."""
    figure = Ratio(whole.pairs[:count]).figure
    return max(figure, 1 / figure) >= LEAST
