"""What the bench says of its own figures."""

from __future__ import annotations

import contextlib
import io
import math
from pathlib import Path

import pytest

from tests.bench.margins import SAID, margin, telling
from tests.bench.margins import spreads as distance
from tests.bench.measure import BOTH, EMPTY, WATCHED, Measured, Turn, by_chance, equal, spread, spreads, told
from tests.bench.reproduce import Printed, flips, hindsight, intervals, printed, share
from witness.reading.plan import Cell
from witness.records.codec import encode
from witness.records.kinds import TIMINGS
from witness.records.page_record import CellRecord, LiveValue, OtherRun, PageRecord, Problem, Replicate
from witness.records.timing import Timing


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


def test_in_less_time_stock_prints_the_mean_of_its_first_runs() -> None:
    stock = Measured("f()", "stock", 7.0, 2e-3, runs=(1.0, 1.0, 4.0))  # a second to find the loops, then three runs
    assert [stock.within(seconds) for seconds in (7.0, 6.9, 3.0, 2.5, 0.1)] == pytest.approx([2e-3] + [1e-3] * 4)
    turn = equal((stock, Measured("f()", "ours", 3.0, 5e-3)))
    assert [one.figure for one in turn] == pytest.approx([1e-3, 5e-3])


@pytest.mark.slow
def test_both_magics_measure_the_statements_of_a_page(tmp_path: Path) -> None:
    awaited, handed = "f(x).block_until_ready()", "f(x)"
    page = ["import jax\nx = 1.0\nf = jax.jit(lambda x: x + 1)", f"_measured({awaited!r})", f"_measured({handed!r})"]
    found = told(tmp_path, [BOTH.format(turn=0), *page])
    assert [(one.statement, one.name, one.kind) for one in found] == [
        (awaited, "ours", "execution"),
        (awaited, "stock", ""),
        (handed, "ours", "dispatch"),
        (handed, "stock", ""),
    ]
    assert all(one.figure > 0 and one.spent > sum(one.runs) for one in found)
    assert [len(one.runs) for one in found] == [0, 7, 0, 7]
    for part in (EMPTY.replace("1000000", "10"), WATCHED.replace("range(40)", "range(2)")):
        assert {one.name for one in told(tmp_path, [part])} == {"ours", "stock"}


def test_without_figures_there_is_no_verdict() -> None:
    for few in ([], [turns((1, 2)), turns((3, 4))]):
        row = spreads("spread", few)
        assert (row.ratio, row.holds) == (None, None)


# ---------------------------------------------------------------------------------------------------------------------
# Reproduce


def test_the_share_of_intervals_is_over_pairs_of_builds() -> None:
    shown = [Printed(1.0, 0.9, 1.1), Printed(1.05, 1.0, 1.06), Printed(2.0, 1.0, 3.0)]
    assert share(shown) == 4 / 6


def test_hindsight_is_the_least_width_that_would_have_held_nine_in_ten() -> None:
    shown = [Printed(math.exp(0.1 * k), 0.0, 0.0) for k in range(3)]
    assert hindsight(shown) == pytest.approx(0.4)
    assert hindsight([Printed(1.0, 1.0, 1.0), Printed(1.0, 1.0, 1.0)]) == 0.0


def timed(samples: list[float], *others: float, problems: list[Problem] | None = None, word: str = "") -> PageRecord:
    """Return the record of a page with one timing and one live word, run as often as there are others."""
    timing = Timing("f()", 1, samples, [], "execution", "by hand")
    cell = CellRecord(1, 1, "", 1.0, 1, [], captured={TIMINGS.name: encode([timing])})
    live = [LiveValue("word", "", 1, word, kind="text", measured=True)] if word else []
    runs = [Replicate("", 1.0, [OtherRun(1, False, "f()", other)], [word] * len(live), []) for other in others]
    return PageRecord("a", "", {}, "", 1.0, [cell], live, replicates=runs, problems=problems or [])


def test_one_process_prints_the_interval_within_it_and_several_the_one_between_them() -> None:
    ((_, alone),) = printed(timed([1.0 + 0.001 * ((7 * k) % 12) for k in range(12)]))
    assert alone.high - alone.low < 0.02
    ((_, several),) = printed(timed([1.0], 1.2, 0.9, 1.1, 1.3))
    assert several.figure == 1.1
    assert several.high - several.low > 0.5


def test_the_rows_say_what_holds_and_name_the_worst(capsys: pytest.CaptureFixture[str]) -> None:
    held, width, worst = intervals([{"a": timed([1.0], 1.1, 0.9)}, {"a": timed([1.05], 1.1, 0.95)}])
    assert held.holds
    assert width.ratio is None
    assert "a, cell 1, timing 1: f()" in worst.stock
    missed, *_ = intervals([{"a": timed([1.0], 1.01, 0.99)}, {"a": timed([3.0], 3.1, 2.9)}])
    assert not missed.holds
    assert "0%" in missed.ours


def test_a_conclusion_flips_where_an_assert_fails_in_some_builds_only(capsys: pytest.CaptureFixture[str]) -> None:
    fails = Problem("unexpected-error", 7, 1, "no error", "AssertionError: ")
    row = flips([{"a": timed([1.0], word="faster")}, {"a": timed([1.0], word="slower", problems=[fails])}])
    assert (row.ours, row.holds) == ("1", False)
    assert "1 live words" in row.what
    assert "failed in 1 of 2: a:7 unexpected-error" in capsys.readouterr().out
    assert flips([{"a": timed([1.0])}] * 2).holds


# ---------------------------------------------------------------------------------------------------------------------
# Margins


def sides(source: str) -> list[tuple[str, ...]]:
    """Return what a cell on lines 10 and following tells when it runs: line, number, the less and the more."""
    heard = io.StringIO()
    with contextlib.redirect_stdout(heard), contextlib.suppress(AssertionError):
        exec(telling(Cell(1, 10, source)).source, {})
    return SAID.findall(heard.getvalue())


def test_a_comparison_tells_both_sides_before_it_fails() -> None:
    assert sides("x = 1\nassert x > 2.5") == [("11", "0", "2.5", "1.0")]
    assert sides("for x in (1, 2):\n    assert x < 2 * x, x") == [("11", "0", "1.0", "2.0"), ("11", "0", "2.0", "4.0")]


def test_a_chain_and_an_and_are_several_comparisons() -> None:
    assert sides("assert 1 < 2 <= 3 and 5 >= 4") == [
        ("10", "0", "1.0", "2.0"),
        ("10", "1", "2.0", "3.0"),
        ("10", "2", "4.0", "5.0"),
    ]


@pytest.mark.parametrize(
    "source", ["assert 'a' < 'b'", "assert 1 == 1", "%%bash\nls", "x = 1; assert x < 2", "def f(:"]
)
def test_what_is_no_comparison_of_numbers_is_left_alone(source: str) -> None:
    cell = Cell(1, 10, source)
    assert telling(cell) == cell or sides(source) == []


def test_a_margin_is_a_logarithm_where_both_sides_allow() -> None:
    assert margin(1.0, math.e) == pytest.approx(1.0)
    assert margin(2.0, 1.0) < 0
    assert margin(-1.0, 2.0) == 3.0


def test_the_distance_from_failing_is_in_standard_deviations() -> None:
    assert distance([1.0, 2.0, 3.0]) == distance([1.0, 2.0, 30.0]) == 2.0
    assert distance([-1.0, -2.0, -3.0]) == -2.0
    assert distance([1.0, 1.0]) == math.inf
