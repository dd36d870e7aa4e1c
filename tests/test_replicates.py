"""What several runs of a page say together: figures, their intervals between processes, and what differed."""

from __future__ import annotations

import math
import random
import re
import statistics
from dataclasses import replace

import pytest

from witness.records.between import Between
from witness.records.page_record import CellRecord, LiveValue, OtherRun, PageRecord, Replicate
from witness.records.replicate import Together, combined, disagreeing, line, medians
from witness.records.timing import Timing
from witness.runner.repeat import timed


def test_medians_are_those_of_the_same_statement_in_the_same_place() -> None:
    run = Replicate("", 1.0, [OtherRun(2, False, "f()", 1.0), OtherRun(2, True, "g()", 2.0)], [])
    other = Replicate("", 1.0, [OtherRun(2, False, "h()", 3.0)], [])
    assert medians([run, other], 2, False, 0, "f()") == [1.0]
    assert medians([run, other], 2, True, 0, "g()") == [2.0]
    assert medians([run, other], 2, False, 1, "f()") == []


def page_record(live: list[LiveValue], *others: Replicate) -> PageRecord:
    return PageRecord("a", "", {}, "", 1.0, [], live, replicates=list(others))


def number(expression: str, value: float, form: str = "", *, measured: bool = True) -> LiveValue:
    return LiveValue(expression, form, 1, str(value), kind="number", number=value, measured=measured)


def others(*values: float) -> list[Replicate]:
    return [Replicate("", 1.0, [], [str(value)], [value]) for value in values]


def test_a_number_in_prose_is_the_median_and_says_how_far_it_holds() -> None:
    (it,) = combined(page_record([number("r", 0.81, "ratio")], *others(1.42, 1.38, 1.50, 1.46)))
    assert it.text == "1.4×"
    assert re.fullmatch(r"median of 5 processes, 95% interval between them 0\.\d+× to \d\.\d×", it.told)


def test_an_interval_in_prose_is_the_one_between_processes_or_unknown() -> None:
    value = number("r", 1.0, "ratio interval")
    assert combined(page_record([value], *others(1.02, 1.01)))[0].text == "0.96× to 1.1×"
    alone = replace(value, text="unknown from one process")
    assert combined(page_record([alone])) == [
        Together("r", "unknown from one process", [alone.text], "in one process, which says nothing of the next")
    ]


def test_only_of_what_a_clock_says_one_process_is_told_to_say_nothing_of_the_next() -> None:
    sources = ["took = time.time()", "took = [took]\nplace = jax.devices()[0]", "took = []"]
    cells = [CellRecord(place, 1, source, 0.0, place, []) for place, source in enumerate(sources, 1)]
    live = [
        LiveValue(expression, "", 1, "", after, "number", number=1.0, measured=True)
        for expression, after in (("took", 1), ("len(took)", 2), ("place", 2), ("len(took)", 3), ("1 + 1", 0))
    ]
    record = replace(page_record(live), cells=cells)
    assert [bool(it.told) for it in combined(record, timed(record))] == [True, True, False, False, False]


@pytest.mark.parametrize("runs", [3, 5, 7])
def test_a_word_and_the_number_it_is_made_of_agree(runs: int) -> None:
    r = random.Random(runs)
    for _ in range(200):
        ratios = [r.lognormvariate(0, 0.2) for _ in range(runs)]
        words = ["slower" if ratio > 1 else "faster" for ratio in ratios]
        live = [number("r", ratios[0]), LiveValue("w", "", 1, words[0], kind="text", measured=True)]
        again = [Replicate("", 1.0, [], ["", words[k]], [ratios[k], None]) for k in range(1, runs)]
        _, word = combined(page_record(live, *again))
        assert word.text == ("slower" if statistics.median(ratios) > 1 else "faster")


def test_a_whole_number_stays_whole_and_a_value_that_is_the_same_is_told_nothing_of() -> None:
    assert combined(page_record([number("n", 3)], *others(4, 5, 6)))[0].text == "4"
    assert combined(page_record([number("n", 3, measured=False)], *others(3, 3)))[0].told == ""


def test_a_value_without_a_clock_that_differs_is_a_contradiction() -> None:
    live = [number("n", 3, measured=False)]
    assert [(value.expression, found) for value, found in disagreeing(page_record(live, *others(3, 4)))] == [
        ("n", ["3", "3", "4"])
    ]
    assert [*disagreeing(page_record([number("n", 3)], *others(4)))] == []


def test_a_process_far_slower_than_the_rest_is_named_and_moves_the_figure_little() -> None:
    told = line(Timing("f()", 1, [0.001], [], "execution", "by hand"), [0.00101, 0.00102, 0.00099, 0.011])
    assert told.startswith("1.0 ms a call (median of 5 processes;")
    assert told.endswith("one process of 5 far off: 11 times the median")


def test_two_processes_have_a_range_and_no_interval() -> None:
    told = line(Timing("f()", 1, [0.001], [], "execution", "by hand"), [0.0012])
    assert told == "1.1 ms a call (median of 2 processes; they had 1.0 to 1.2 ms)"


@pytest.mark.parametrize(
    ("runs", "apart", "wanted"),
    [(3, 0.0, (0.96, 1.0)), (5, 0.0, (0.96, 1.0)), (5, 1.0, (0.80, 0.95))],
)
def test_the_interval_holds_another_builds_figure_about_as_often_as_it_says(
    runs: int, apart: float, wanted: tuple[float, float]
) -> None:
    """Also where builds are apart by as much as the processes of one: then a little less often."""
    r = random.Random(runs)
    held = 0
    for _ in range(1000):
        builds = [[math.exp(shift + r.gauss(0, 0.1)) for _ in range(runs)] for shift in (0.0, r.gauss(0, 0.1 * apart))]
        one, other = (Between(tuple(build)) for build in builds)
        assert one.interval
        held += one.interval[0] <= other.figure <= one.interval[1]
    assert wanted[0] <= held / 1000 <= wanted[1]
