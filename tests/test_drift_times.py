"""Drift of times between environments: what is slower is found, and what is alike is not."""

from __future__ import annotations

import json
import random
import stat
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.building import Site, page
from tests.drift import __main__ as drift
from tests.drift import turns
from witness.__main__ import main
from witness.bundle.archive import BadBundle
from witness.bundle.comparison import Comparison, Figure
from witness.check.figures import told
from witness.records.codec import encode
from witness.records.page_record import CellRecord, LiveValue, PageRecord
from witness.records.ratio import Ratio
from witness.records.store import Store
from witness.records.timing import Timing

FACTS = {"python": "3.13.1", "platform": "cpu", "device": "cpu", "devices": 1, "system": "Linux x86_64"}


def timed(seconds: float, statement: str = "f(x)", *, quiet: bool = False) -> dict[str, Any]:
    found: dict[str, Any] = encode(Timing(statement, 1, [seconds], [], "execution", "by hand", quiet=quiet))
    return found


def measured(timings: Sequence[dict[str, Any]], live: Iterable[LiveValue] = (), jax: str = "1") -> PageRecord:
    cell = CellRecord(1, 10, "a", 0.1, 1, [], captured={"timings": list(timings)})
    return PageRecord("x", "key", {**FACTS, "jax": jax}, "2026-01-02T03:04:05", 1.0, [cell], [*live])


def value(number: float | None, form: str = "time", *, measured: bool = True) -> LiveValue:
    return LiveValue("took", form, 5, "said", 1, "number", number=number, measured=measured)


def test_figures_are_what_a_page_shows_of_a_clock() -> None:
    record = measured(
        [timed(2.0), timed(9.0, quiet=True), timed(3.0), timed(4.0, "g(\n  x)")],
        [
            value(0.5),
            value(0.5, "time interval"),
            value(None, "ratio"),
            value(-1.0, "figure"),
            value(1.0, "{predict}"),
            value(7.0, "count"),
        ],
    )
    others = value(8.0, ".1f", measured=False), value(1.0, "{predict}")
    record = replace(record, live=[*record.live, *others])
    assert dict(told(record)) == {
        (1, "f(x)", "time", 0): 2.0,
        (1, "f(x)", "time", 1): 3.0,
        (1, "g( x)", "time", 0): 4.0,
        (1, "took", "time", 0): 0.5,
        (1, "took", "count", 0): 7.0,
    }


def test_of_a_figure_that_few_rounds_have_nothing_is_said() -> None:
    figure = Figure("x", 1, 1, "f(x)", "time", [[1.0, 1.0, 1.0, None], [2.0, 2.0, None, 2.0]])
    assert figure.ratio(0, 1) is None
    assert figure.text(1) == "2.0 s"
    more = replace(figure, found=[[1.0] * 3, [2.0] * 3])
    assert more.ratio(0, 1) == Ratio(((1.0, 2.0),) * 3)


PAGE = page("%timeit f(x)")


@pytest.fixture
def rounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site of one page, measured in five rounds by three environments, of which the last is slower in one figure."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "x.md").write_text(PAGE, "utf-8")
    monkeypatch.chdir(tmp_path)
    chance = random.Random(1)
    for number in range(1, 6):
        for name, slower in (("one", 1.0), ("again", 1.0), ("slow", 1.5)):
            noise = [chance.lognormvariate(0, 0.03) for _ in range(3)]
            record = measured(
                [timed(0.002 * noise[0]), timed(0.003 * slower * noise[1], "g(x)")], [value(0.5 * noise[2])], jax=name
            )
            store = Store(tmp_path / name / str(number) / f"jax-{name}")
            if number == 4 and name == "one":
                record = replace(record, live=[])  # a round in which the page failed half-way
            store.write(record, "plan", [], {})
    return tmp_path


def test_a_planted_slowdown_in_records_is_found_and_two_runs_of_one_version_are_alike(
    rounds: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", "one", "again", "slow", "--pages", "docs", "-o", "drift"]) == 0
    text = capsys.readouterr().out
    said = "JAX one → JAX again: 0 figures of 3 changed; chance alone makes 1 at most; half of the intervals reach 1."
    assert said in text
    for step in ("JAX again → JAX slow", "JAX one → JAX slow"):
        assert f"{step}: 1 figure of 3 changed" in text
    assert text.count("  docs/x.md:9: cell 1: g(x)\n    ") == 2
    found = Comparison.read(rounds / "drift.json")
    assert found.rounds == 5
    assert [figure.code for figure, ratio in found.ratios(1, 2) if ratio.changed] == ["g(x)"]
    assert found.to_json() == (rounds / "drift.json").read_text("utf-8")
    assert [numbers.count(None) for numbers in found.figures[2].found] == [1, 0, 0]


def test_only_pages_that_may_have_changed_have_another_round(rounds: Path) -> None:
    folders = {name: rounds / name for name in ("one", "again", "slow")}
    assert turns.worth(folders, 3, 5) == {label: ["x"] for label in folders}
    assert turns.worth(folders, 4, 5) == {label: ["x"] for label in folders}
    alike = {name: rounds / name for name in ("one", "again")}
    assert turns.worth(alike, 4, 5) == {label: [] for label in alike}


def test_a_folder_of_rounds_holds_one_environment(rounds: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = Store(rounds / "one" / "2" / "jax-other")
    store.write(measured([timed(1.0)]), "plan", [], {})
    assert main(["compare", "one", "slow", "--pages", "docs", "-o", "drift"]) == 2
    assert "one/2: one round of one environment, not of jax-one, jax-other" in capsys.readouterr().err
    assert main(["compare", "one", "--pages", "docs", "-o", "drift"]) == 2
    assert "name the folders of two environments or more" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("spoilt", "why"),
    [
        ({"schema": 2}, "its schema is not 1"),
        ({"rounds": "five"}, "`rounds` is 'five', not a whole number"),
        ({"rounds": 4}, "not of as many"),
        ({"figures": [{"page": "x"}]}, r"`figures\[0\]` is"),
        ({"environments": []}, "not of as many"),
        ({"outputs": [[{"page": "x", "cell": 1, "line": 1, "title": 3, "changes": []}], []]}, "title` is 3"),
        ({"more": 1}, "`more` is 1"),
        (None, "Expecting value"),
    ],
)
def test_a_file_that_is_no_comparison_is_named(
    rounds: Path, spoilt: dict[str, Any] | None, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["compare", "one", "again", "slow", "--pages", "docs", "-o", "drift"])
    path = rounds / "drift.json"
    data = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(data | spoilt) if spoilt else "", "utf-8")
    with pytest.raises(BadBundle, match=f"^{path}: no comparison of environments .*{why}"):
        Comparison.read(path)


# ---------------------------------------------------------------------------------------------------------------------
# Turns, and the real thing


def test_versions_take_turns_and_one_may_be_compared_with_itself(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ran: list[tuple[str, ...]] = []

    def witness(python: Path, *rest: str) -> int:
        ran.append((str(python), *rest))
        return 0

    monkeypatch.setattr(drift, "FOLDER", tmp_path)
    monkeypatch.setattr(drift, "pythons", lambda: {"3.13": "python"})
    monkeypatch.setattr(drift, "choose", lambda wanted: dict.fromkeys(wanted, "3.13"))
    monkeypatch.setattr(drift, "make", lambda version, python: Path(version))
    monkeypatch.setattr(drift, "worth", lambda folders, *_: {label: ["x"] for label in folders})
    monkeypatch.setattr(drift, "witness", witness)
    (tmp_path / "0.12" / "1").mkdir(parents=True)  # of another day
    assert drift.main(["0.12", "0.12"]) == 0
    *turn, last = ran
    assert not (tmp_path / "0.12").exists()
    assert [Path(it[3]).relative_to(tmp_path).as_posix() for it in turn] == [
        f"{label}/{number}" for number in range(1, 6) for label in (("0.12", "0.12-2")[:: 1 if number % 2 else -1])
    ]
    assert [it[1] for it in turn] == ["check"] * 2 + ["run"] * 8
    assert last[1:4] == ("compare", str(tmp_path / "0.12"), str(tmp_path / "0.12-2"))


def test_rounds_that_cannot_tell_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert drift.main(["--rounds", "2", "0.11", "0.12"]) == 2
    assert "2 rounds tell nothing of times: 1, or 3 or more" in capsys.readouterr().err


WORK = """\
import time


def slow():
    time.sleep(0.03{more})


def alike():
    time.sleep(0.03)
"""


@pytest.mark.slow
def test_an_environment_that_is_half_as_slow_again_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    timed = ("import worker", "%timeit -n 1 -r 5 worker.slow()", "%timeit -n 1 -r 5 worker.alike()")
    site = Site.at(tmp_path, {"timed": page(*timed)})
    for label, more in (("a", ""), ("b", " * 1.5")):
        folder = tmp_path / label
        folder.mkdir()
        (folder / "worker.py").write_text(WORK.format(more=more))
        program = folder / "python"
        program.write_text(f'#!/bin/sh\nPYTHONPATH="{folder}:$PYTHONPATH" exec {sys.executable} "$@"\n')
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.chdir(site.folder)
    records = site.folder / "docs" / "_records"
    for name, there in (("ROOT", site.folder), ("FOLDER", tmp_path / "made"), ("RECORDS", records)):
        monkeypatch.setattr(drift, name, there)
    monkeypatch.setattr(drift, "pythons", lambda: {"3.13": "python"})
    monkeypatch.setattr(drift, "choose", lambda wanted: dict.fromkeys(wanted, "3.13"))
    monkeypatch.setattr(drift, "make", lambda version, python: tmp_path / version / "python")
    assert drift.main(["a", "b", "--record"]) == 1  # there is no expected text
    found = Comparison.read(records / "drift.json")
    changed = {figure.code: ratio for figure, ratio in found.ratios(0, 1) if ratio.changed}
    assert list(changed) == ["worker.slow()"]
    assert 1.3 < changed["worker.slow()"].figure < 1.7
