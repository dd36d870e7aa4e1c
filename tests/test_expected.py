"""Expected text: its file, its overlays, and which cell is which."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from witness.check.acceptance import accepted
from witness.check.condition import Condition, NoCondition, condition_for
from witness.check.evidence import Evidence
from witness.check.expected import Expected, Malformed
from witness.check.expected_diff import Sheet, diff
from witness.check.matching import CellKey, matched
from witness.check.transcript import Part, digest_of
from witness.records.normalise import normalise

ROOT = Path(__file__).parents[1]
NEW = {"jax": "0.12.0.1", "python": "3.13.1", "platform": "cpu"}
OLD = {"jax": "0.10.2", "python": "3.11.7", "platform": "cpu"}
MIDDLE = {"jax": "0.11.1", "python": "3.12.1", "platform": "cpu"}
GPU = {**NEW, "platform": "gpu"}
NEWER = {**NEW, "jax": "0.13.0.dev20270101"}


def cell(number: int, source: str, text: str | None) -> Evidence:
    parts = () if text is None else (Part("stdout", text),)
    return Evidence(number, 10 * number, source, digest_of(source), parts)


def faults(expected: Expected, cells: Sequence[Evidence], environment: dict[str, str]) -> list[str]:
    sheet = Sheet("docs/x.md", "tests/expected/x.txt", environment, "accept")
    return [fault.rule for fault in diff(sheet, expected, cells)]


# ---------------------------------------------------------------------------------------------------------------------
# Overlays


def test_accepting_on_one_version_keeps_what_is_right_on_the_others() -> None:
    expected = Expected()
    prints = {
        "same": dict.fromkeys(("new", "old", "gpu", "middle"), "one"),
        "old": {"new": "two", "old": "zwei", "gpu": "two", "middle": "two"},
        "all": {"new": "three", "old": "drei", "gpu": "trois", "middle": "drie"},
    }
    environments = {"new": NEW, "old": OLD, "gpu": GPU, "middle": MIDDLE}

    def cells(name: str) -> list[Evidence]:
        return [cell(number, source, prints[source][name]) for number, source in enumerate(prints, start=1)]

    for name, environment in environments.items():
        expected = accepted(expected, cells(name), environment)
    for name, environment in environments.items():
        assert faults(expected, cells(name), environment) == [], name
        assert accepted(expected, cells(name), environment) == expected, name
    text = expected.to_text("docs/x.md", "accept")
    assert Expected.from_text(text).to_text("docs/x.md", "accept") == text
    assert re.findall(r"^@ (.*)", text, re.MULTILINE) == [
        "jax<0.11",
        "jax<0.11",
        "device=gpu",
        "jax>=0.11,<0.12",
    ]


def test_an_overlay_that_is_no_longer_needed_is_dropped_when_accepted() -> None:
    expected = accepted(accepted(Expected(), [cell(1, "a", "two")], NEW), [cell(1, "a", "zwei")], OLD)
    assert faults(expected, [cell(1, "a", "two")], OLD) == ["differs", "unused-overlay"]
    assert "@" not in accepted(expected, [cell(1, "a", "two")], OLD).to_text("docs/x.md", "accept")


def test_an_upgrade_moves_the_base_and_leaves_the_overlays() -> None:
    expected = accepted(accepted(Expected(), [cell(1, "a", "two")], NEW), [cell(1, "a", "zwei")], OLD)
    moved = accepted(expected, [cell(1, "a", "deux")], NEWER)
    assert moved.base == {"jax": "0.13", "device": "cpu"}
    assert faults(moved, [cell(1, "a", "deux")], NEWER) == []
    assert faults(moved, [cell(1, "a", "zwei")], OLD) == []
    assert faults(moved, [cell(1, "a", "two")], NEW) == ["differs"]
    both = accepted(moved, [cell(1, "a", "two")], NEW)
    for environment, text in ((NEWER, "deux"), (OLD, "zwei"), (NEW, "two")):
        assert faults(both, [cell(1, "a", text)], environment) == []


def test_a_cell_that_is_silent_in_one_environment_has_an_empty_overlay() -> None:
    expected = accepted(accepted(Expected(), [cell(1, "a", "one")], NEW), [cell(1, "a", None)], OLD)
    assert faults(expected, [cell(1, "a", None)], OLD) == []
    assert faults(expected, [cell(1, "a", None)], NEW) == ["differs"]


def test_a_given_condition_is_written() -> None:
    expected = accepted(Expected(), [cell(1, "a", "one")], NEW)
    text = accepted(expected, [cell(1, "a", "two")], NEW, Condition("python>=3.13")).to_text("docs/x.md", "accept")
    assert "@ python>=3.13\n" in text
    assert "    one\n" in text


@pytest.mark.parametrize(
    "text", ["", "jax", "jax < 0.11", "jax<", "jax<x", "device==gpu", "device=", "os=linux", "jax<1;"]
)
def test_what_is_no_condition_is_refused(text: str) -> None:
    with pytest.raises(NoCondition):
        Condition(text)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("jax<0.11", [False, True]),
        ("jax>=0.11", [True, False]),
        ("jax>=0.12,<0.13 python>=3.13", [True, False]),
        ("jax<0.11 python>=3.13", [False, False]),
        ("jax==0.10.*", [False, True]),
        ("device=cpu", [True, True]),
        ("device=gpu jax<9", [False, False]),
        ("numpy<9", [False, False]),
    ],
)
def test_a_condition_holds_where_all_its_terms_do(text: str, holds: list[bool]) -> None:
    assert [Condition(text).holds(environment) for environment in (NEW, OLD)] == holds


def test_a_development_release_is_older_than_its_release_and_newer_than_the_last() -> None:
    assert Condition("jax>=0.12").holds(NEWER)
    assert condition_for(NEWER, {"jax": "0.12", "device": "cpu"}, []) is None


# ---------------------------------------------------------------------------------------------------------------------
# The file


ODD = [
    "=== x [00000000]",
    "--- stdout",
    "@ jax<1",
    "# said",
    "    deep",
    "a\n\n\nb",
    "\x0c|\x1c|\u2028|\x85|",
    " ",
    "…",
]


@pytest.mark.parametrize("text", ODD)
def test_no_text_is_taken_for_the_form_of_the_file(text: str) -> None:
    expected = accepted(Expected(), [cell(1, "a", normalise(text)), cell(2, "b", "after")], NEW)
    again = Expected.from_text(expected.to_text("docs/x.md", "accept"))
    assert faults(again, [cell(1, "a", normalise(text)), cell(2, "b", "after")], NEW) == []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("one", 1),
        ("# head\n\n    text", 3),
        ("=== a [00000000]\n    text", 2),
        ("=== a [0000]\n", 1),
        ("=== a [00000000]\n--- stdout\n    one\n  two", 4),
        ("@ jax<1", 1),
        ("=== a [00000000]\n@ jax", 2),
    ],
)
def test_a_malformed_file_names_its_line(text: str, line: int) -> None:
    with pytest.raises(Malformed) as caught:
        Expected.from_text(text)
    assert caught.value.line == line


def test_a_long_difference_is_cut() -> None:
    sheet = Sheet("docs/x.md", "tests/expected/x.txt", NEW, "accept")
    (fault,) = diff(sheet, Expected(), [cell(1, "a", "\n".join(map(str, range(1000))))])
    assert fault.detail.splitlines()[-1] == "… and 901 lines more"


# ---------------------------------------------------------------------------------------------------------------------
# Which cell is which


def known(*sources: str) -> list[CellKey]:
    return [CellKey(source, source.split("|")[0], source) for source in sources]


@pytest.mark.parametrize(
    ("before", "after", "pairs"),
    [
        ("abc", "abxc", [(0, 0), (1, 1), (None, 2), (2, 3)]),
        ("abc", "bc", [(0, None), (1, 0), (2, 1)]),
        ("aaa", "aa", [(0, 0), (1, 1), (2, None)]),
        ("", "ab", [(None, 0), (None, 1)]),
        ("ab", "", [(0, None), (1, None)]),
    ],
)
def test_equal_cells_are_matched_in_order(before: str, after: str, pairs: list[tuple[int | None, int | None]]) -> None:
    assert matched(known(*before), known(*after)) == pairs


def test_an_edited_cell_is_the_same_one_beside_a_new_one() -> None:
    before = known("print(double(3.0))|6.0", "x = grad(f)|…")
    after = known("import os|linux", "print(double(4.0))|8.0", "x = grad(f)|…")
    assert matched(before, after) == [(None, 0), (0, 1), (1, 2)]


def test_cells_with_nothing_in_common_are_not_matched() -> None:
    assert sorted(matched(known("aaaa"), known("zzzz")), key=str) == [(0, None), (None, 0)]
