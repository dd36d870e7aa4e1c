"""What the bench says of its own figures."""

from __future__ import annotations

import pytest

from tests.bench.measure import Measured, Turn, by_chance, spread, spreads


def test_chance_makes_nothing_of_figures_that_are_alike() -> None:
    assert by_chance([0.1, 0.2, 0.3], [0.1, 0.2, 0.3]) == pytest.approx((1, 1))
    assert by_chance([], []) == (1, 1)


def test_chance_makes_much_of_few_figures_and_little_of_many() -> None:
    few, many = (by_chance([0.1, 0.2] * count, [0.2, 0.1] * count) for count in (1, 6))
    assert few == pytest.approx((1 / 2, 2))
    assert few[0] < many[0] < 1 < many[1] < few[1]


def test_the_range_is_the_same_whoever_is_called_ours() -> None:
    one, other = [0.05, 0.12, 0.2, 0.31, 0.07], [0.08, 0.1, 0.25, 0.22, 0.02]
    low, high = by_chance(one, other)
    assert by_chance(other, one) == pytest.approx((low, high))
    assert low * high == pytest.approx(1)


def test_a_spread_has_no_unit() -> None:
    assert spread([1.0, 2.0, 3.0]) == pytest.approx(spread([1e-6, 2e-6, 3e-6])) == pytest.approx(0.5)


def turns(*figures: tuple[float, float]) -> list[Turn]:
    return [(Measured("f()", "stock", 5.0, stock), Measured("f()", "ours", 0.5, ours)) for stock, ours in figures]


def test_the_row_of_spreads_is_their_mean_over_the_statements() -> None:
    row = spreads("spread", [turns((1, 1), (3, 1)), turns((5, 5), (5, 15))])
    assert (row.stock, row.ours, row.holds) == ("35.4%", "35.4%", True)
    row = spreads("spread", [turns((1, 1), (3, 4))])
    assert row.ratio == pytest.approx(1.2)
    assert row.holds is False


def test_without_figures_there_is_no_verdict() -> None:
    for few in ([], [turns((1, 2)), turns((3, 4))]):
        row = spreads("spread", few)
        assert (row.ratio, row.holds) == (None, None)
