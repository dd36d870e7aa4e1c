"""Drift: two records compared cell by cell, and the environments that a comparison needs."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.drift import __main__ as drift
from tests.drift import environments
from witness.__main__ import main
from witness.bundle.comparison import Changed
from witness.check.evidence import bare
from witness.check.record_diff import diff_cells, to_text
from witness.records.page_record import CellError, CellRecord, LiveValue, PageRecord
from witness.records.store import Store

NOTHING: dict[str, Any] = {"failed": [], "found": 0, "loaded": [], "lowered": []}


def printed(text: str) -> list[dict[str, Any]]:
    return [{"output_type": "stream", "name": "stdout", "text": text}] if text else []


def cell(number: int, source: str, text: str = "", **more: Any) -> CellRecord:
    return CellRecord(number, 10 * number, source, 0.1, number, printed(text), **more)


def record(*cells: CellRecord, jax: str = "0.10.2", live: str = "") -> PageRecord:
    environment = {"jax": jax, "python": "3.13.1", "platform": "cpu", "device": "cpu", "devices": 1, "system": "Linux"}
    values = [LiveValue("n", "", 5, live, 0, "number")] if live else []
    return PageRecord("x", "key", environment, "2026-01-01", 1.0, list(cells), values)


def work(traced: int, compiled: int, kind: str = "float32", own: str = "") -> dict[str, Any]:
    types = [{"arguments": [f"{kind}[8]"], "results": [f"{kind}[]"], "traced": traced}]
    program = {**NOTHING, "name": "f", "traced": [0.1] * traced, "compiled": [0.2] * compiled, "types": types}
    owned = {**NOTHING, "name": "", "traced": [], "compiled": []}
    return {"work": {"programs": [program], "own": owned, "dtypes": own.split()}}


def changes(before: PageRecord, after: PageRecord) -> list[Changed]:
    return list(diff_cells("x", bare(before), bare(after)))


def test_equal_records_show_no_change() -> None:
    one = record(cell(1, "a", "one"), cell(2, "b", captured=work(1, 2)), live="3")
    assert changes(one, one) == []
    slower = record(cell(1, "a", "one"), replace(cell(2, "b", captured=work(1, 2)), seconds=9.0), live="3")
    assert changes(one, slower) == []


@pytest.mark.parametrize(
    ("before", "after", "kind", "what"),
    [
        ({"text": "one"}, {"text": "two"}, "text", "stdout"),
        ({"text": "one"}, {}, "text", "stdout"),
        (
            {"text": "{ lambda ; a:f32[]. let  in (a,) }"},
            {"text": "{ lambda ; b:f32[]. let  in (b,) }"},
            "IR",
            "stdout",
        ),
        ({"text": "HloModule jit_f"}, {"text": "HloModule jit_g"}, "IR", "stdout"),
        ({"raised": CellError("builtins.A", "m")}, {"raised": CellError("builtins.B", "m")}, "error", "error"),
        ({"raised": CellError("builtins.A", "m")}, {"raised": CellError("builtins.A", "n")}, "error", "error"),
        ({"captured": work(1, 1)}, {"captured": work(2, 1)}, "count", "jax f"),
        ({"captured": work(1, 1)}, {}, "count", "jax f"),
        ({"captured": work(1, 1)}, {"captured": work(2, 1, "int32")}, "count", "jax f"),
        ({"captured": work(1, 1)}, {"captured": work(1, 1, "int32")}, "types", "jax f"),
        ({"captured": work(1, 1)}, {"captured": work(1, 1, own="bool")}, "types", "jax (its own)"),
        ({"captured": work(1, 1, own="bool")}, {"captured": work(1, 1, own="int32")}, "types", "jax (its own)"),
    ],
)
def test_each_kind_of_change_is_named(before: dict[str, Any], after: dict[str, Any], kind: str, what: str) -> None:
    found = changes(record(cell(1, "a", **before)), record(cell(1, "a", **after)))
    assert [(it.cell, it.line, [(change.kind, change.what) for change in it.changes]) for it in found] == [
        (1, 10, [(kind, what)])
    ]
    assert [it.changes[0].before for it in changes(record(cell(1, "a", **after)), record(cell(1, "a", **before)))] == [
        found[0].changes[0].after
    ]


def test_a_live_value_and_a_cell_that_only_one_has_are_changes() -> None:
    before = record(cell(1, "a", "one"), cell(2, "b", "two"), live="3")
    after = record(cell(1, "a", "one"), cell(2, "new", "other"), cell(3, "b", "two"), live="4")
    found = changes(before, after)
    assert [(it.cell, [change.kind for change in it.changes]) for it in found] == [(0, ["live"]), (2, ["text"])]
    assert found[1].changes[0].before is None


def test_a_comparison_reads_well() -> None:
    found = changes(record(cell(1, "print(a)", "one\nsame")), record(cell(1, "print(a)", "two\nsame")))
    assert to_text("JAX 1", "JAX 2", {"x": "docs/x.md"}, found) == (
        "JAX 1 → JAX 2: 1 cell does something else, of 1 page compared\n"
        "\ndocs/x.md:10: cell 1: print(a)\n  text: stdout\n    -one\n    +two\n     same\n"
    )


def test_a_comparison_shows_both_types() -> None:
    found = changes(record(cell(1, "f(x)", captured=work(1, 1))), record(cell(1, "f(x)", captured=work(1, 1, "int32"))))
    assert to_text("JAX 1", "JAX 2", {"x": "docs/x.md"}, found).endswith(
        "  types: jax f\n     traced 1, compiled 1\n    -float32[8] → float32[]\n    +int32[8] → int32[]\n"
    )


def test_two_folders_of_records_are_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = "---\nfile_format: mystnb\nkernelspec: {name: python3}\n---\n\n# X\n\n```{code-cell}\na\n```\n"
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "x.md").write_text(page, "utf-8")
    for name, text in (("one", "1\n"), ("two", "2\n")):
        Store(tmp_path / name).write(record(cell(1, "a", text), jax=name), "plan", [], {})
    folders = [str(tmp_path / name) for name in ("one", "two")]
    out = tmp_path / "deep" / "one-to-two"
    assert main(["compare", *folders, "--pages", str(tmp_path / "docs"), "-o", str(out)]) == 0
    assert "JAX one, Python 3.13.1, cpu → JAX two, Python 3.13.1, cpu: 1 cell does" in capsys.readouterr().out
    data = json.loads(out.with_suffix(".json").read_text("utf-8"))
    assert [it["jax"] for it in data["environments"]] == ["one", "two"]
    assert data["outputs"][0][0]["changes"][0]["after"] == "2"
    assert out.with_suffix(".txt").read_text("utf-8").endswith("-1\n    +2\n")
    assert main(["compare", str(tmp_path / "none"), folders[0], "-o", str(out)]) == 2
    assert "no records; name the folder of one environment" in capsys.readouterr().err


def test_what_cannot_be_compared_is_not_said_to_be_alike(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = "---\nfile_format: mystnb\nkernelspec: {name: python3}\n---\n\n# X\n\n```{code-cell}\na\n```\n"
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "x.md").write_text(page, "utf-8")
    for name in ("one", "two"):
        Store(tmp_path / name / f"jax-{name}").write(record(cell(1, "a", name)), "plan", [], {})
    pages = ["--pages", str(tmp_path / "docs"), "-o", str(tmp_path / "out")]
    whole, parents = tmp_path / "one" / "jax-one", [str(tmp_path / name) for name in ("one", "two")]
    assert main(["compare", *parents, *pages]) == 2
    assert f"{tmp_path}/one: these are several environments; name the folder of one: jax-one" in capsys.readouterr().err
    assert main(["compare", str(whole), parents[1], *pages]) == 2
    (tmp_path / "two" / "jax-two" / "x.json").write_text("not whole")
    assert main(["compare", str(whole), str(tmp_path / "two" / "jax-two"), *pages]) == 2
    assert "jax-two: no whole record of these pages" in capsys.readouterr().err
    assert not (tmp_path / "out.txt").exists()


@pytest.mark.parametrize(("named", "status"), [([], 2), (["0.12"], 0)])
def test_one_version_alone_is_compared_with_nothing_and_that_is_said(
    named: list[str], status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(drift, "pythons", lambda: {"3.13": "python"})
    monkeypatch.setattr(drift, "versions", lambda python: ["0.12"])
    monkeypatch.setattr(drift, "choose", lambda wanted: dict.fromkeys(wanted, "3.13"))
    monkeypatch.setattr(drift, "make", lambda version, python: Path("python"))
    monkeypatch.setattr(drift, "witness", lambda python, *arguments: 0)
    assert drift.main(named) == status
    assert "nothing was compared: JAX 0.12 alone; name two versions" in capsys.readouterr().err


def test_a_comparison_that_fails_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drift, "pythons", lambda: {"3.13": "python"})
    monkeypatch.setattr(drift, "choose", lambda wanted: dict.fromkeys(wanted, "3.13"))
    monkeypatch.setattr(drift, "make", lambda version, python: Path("python"))
    monkeypatch.setattr(drift, "witness", lambda python, *arguments: 2 if arguments[0] == "compare" else 0)
    assert drift.main(["0.11", "0.12", "--rounds", "1"]) == 2


def test_the_python_that_runs_is_used_and_none_is_downloaded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[tuple[str, ...]] = []

    def uv(*arguments: str, **_: object) -> str:
        asked.append(arguments)
        return ""

    monkeypatch.setattr(environments, "uv", uv)
    monkeypatch.setattr(environments, "ROOT", tmp_path)
    (tmp_path / "requirements.txt").write_text("")
    monkeypatch.setattr(environments, "FOLDER", tmp_path)
    here = "{}.{}".format(*sys.version_info)
    assert list(environments.pythons()) == [here]
    (tmp_path / ".nox" / f"drift-0.12-py{here}").mkdir(parents=True)
    environments.make("0.12", here)
    (venv,) = [arguments for arguments in asked if arguments[0] == "venv"]
    assert f"--python={sys.executable}" in venv
    assert "--no-python-downloads" in venv


# ---------------------------------------------------------------------------------------------------------------------
# Environments


def test_all_but_jax_is_as_the_lock_says() -> None:
    lock = (
        "# by hand\njax==0.12 ; python_full_version >= '3.12' \\\n    --hash=sha256:0 \\\n    --hash=sha256:1\n"
        "jaxlib==0.12 \\\n    --hash=sha256:2\n    # via jax\n"
        "numpy==2.1 ; python_version < '3.12' \\\n    --hash=sha256:3\n"
    )
    assert environments.constraints(lock) == "numpy==2.1 ; python_version < '3.12'"
    names = environments.constraints((environments.ROOT / "requirements.txt").read_text("utf-8"))
    assert "\nnumpy==" in names
    assert "jax==" not in names


AVAILABLE = {"3.11": {"0.10.2"}, "3.12": {"0.10.2", "0.12"}, "3.13": {"0.12", "0.13"}}


@pytest.mark.parametrize(
    ("found", "wanted", "chosen"),
    [
        (["3.11", "3.13", "3.12"], ["0.10.2", "0.12"], {"0.10.2": "3.12", "0.12": "3.12"}),
        (["3.12"], ["0.10.2", "0.12"], {"0.10.2": "3.12", "0.12": "3.12"}),
        (["3.11", "3.13"], ["0.10.2", "0.12"], {"0.10.2": "3.11", "0.12": "3.13"}),
        (["3.11"], ["0.10.2", "0.12"], None),
    ],
)
def test_one_python_has_all_versions_where_one_can(
    found: list[str], wanted: list[str], chosen: dict[str, str] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environments, "pythons", lambda: dict.fromkeys(found, ""))
    monkeypatch.setattr(
        environments, "resolved", lambda python, need: need if need.partition("==")[2] in AVAILABLE[python] else None
    )
    if chosen is None:
        with pytest.raises(environments.NoEnvironment, match=r"^jax 0\.12 cannot be installed for Python 3\.11$"):
            environments.choose(wanted)
    else:
        assert environments.choose(wanted) == chosen
