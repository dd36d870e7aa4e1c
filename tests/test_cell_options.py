"""A value that an option of a cell cannot have is told at its line, in any site and by whatever reads the page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
import yaml

from tests.building import CONF, THEIRS, page
from tests.building import Site as Built
from witness.lint.linter import lint
from witness.lint.pages import read_file
from witness.reading.cell_options import wanted
from witness.reading.known_names import OURS
from witness.reading.plan import Unreadable
from witness.reading.settings import Settings
from witness.reading.site import Site

VALUES: list[Any] = [None, "", "foo", "run", "runs", "dispatch", "lines", "1e-6", "x y"]
VALUES += [-1, 0, 0.5, 1, 3, True, [], [1], ["hide-input"], {"a": 1}]


def fault(text: str, folder: Path, *, strict: bool) -> list[tuple[int, str]]:
    """Return what is wrong with a page; its cells are read, nothing runs."""
    path = folder / "page.md"
    path.write_text(text, "utf-8")
    try:
        assert read_file(path, "page", Site(folder, Settings.of({"witness_strict": strict})))
    except Unreadable as error:
        return error.faults
    return []


@pytest.mark.parametrize("option", sorted(OURS - {"load"}))
def test_a_wrong_value_is_told_at_its_line_in_any_site(option: str, tmp_path: Path) -> None:
    for value in VALUES:
        written = yaml.safe_dump(value, default_flow_style=True, width=1000).removesuffix("...\n").strip()
        said = [f":{option}: {written}\n", f":name: a\n:{option}: {written}\n", f"---\n{option}: {written}\n---\n"]
        for offset, options in enumerate(said, 1):
            text = page("1 + 1", "2 + 2", options="", prose=f"```{{code-cell}}\n{options}raises = 3\n```\n")
            line = text[: text.index(options)].count("\n") + (2 if offset > 1 else 1)
            told = fault(text, tmp_path, strict=False)
            if wanted(option, value):
                assert told == [(line, f"option-value: `:{option}:` is {value!r}; write {wanted(option, value)}")]
                assert told == [it for it in fault(text, tmp_path, strict=True) if "option-value" in it[1]]
            else:
                assert told == []


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("tags: [a, a]", "`:tags:` is ['a', 'a']; ['a', 'a'] has non-unique elements"),
        ("tags: ['a,b']", "`:tags:` is ['a,b']; 0 'a,b' does not match '^[^,]+$'"),
        ("name: 3", "`:name:` is 3; 3 is not of type 'string'"),
        ("jupyter: x", "`:jupyter:` is 'x'; 'x' is not of type 'object'"),
        ("collapsed: x", "`:collapsed:` is 'x'; 'x' is not of type 'boolean'"),
    ],
)
def test_what_no_notebook_may_hold_is_told_at_its_line_too(said: str, why: str, tmp_path: Path) -> None:
    text = page("1 + 1", prose=f"```{{code-cell}}\n:caption: a\n:{said}\n```\n")
    line = text[: text.index(":caption: a")].count("\n") + 2
    assert fault(text, tmp_path, strict=False) == [(line, f"option-value: {why}")]


LOADS = {
    "nothere.py": "load-file: there is no file `nothere.py`; write its path as seen from the page's folder",
    "../a.py": "load-file: there is no file `../a.py`; write its path as seen from the page's folder",
    "/a/b.py": "load-file: there is no file `/a/b.py`; write its path as seen from the page's folder",
    ".": "load-file: there is no file `.`; write its path as seen from the page's folder",
    "bytes.py": "load-file: the file `bytes.py` is not UTF-8; save it so",
    "[1]": "option-value: `:load:` is [1]; write the path of a file, from the page's folder",
    "{a: 1}": "option-value: `:load:` is {'a': 1}; write the path of a file, from the page's folder",
    "3": "option-value: `:load:` is 3; write the path of a file, from the page's folder",
    "": "option-value: `:load:` is None; write the path of a file, from the page's folder",
}


@pytest.mark.parametrize("said", LOADS)
def test_what_cannot_be_loaded_is_told_as_it_is_written(said: str, tmp_path: Path) -> None:
    (tmp_path / "bytes.py").write_bytes(b"x = '\xff'")
    (tmp_path / "there.py").write_text("1 + 1\n")
    prose = "````text\n```{code-cell}\n:load: shown.py\n```\n````\n\n"
    prose += f"```{{code-cell}}\n:load: there.py\n```\n\n```{{code-cell}}\n:name: a\n:load: {said}\n```\n"
    text = page("1 + 1", prose=prose)
    line = text[: text.index(":name: a")].count("\n") + 2
    assert fault(text, tmp_path, strict=False) == [(line, LOADS[said])]
    if said != "bytes.py":
        assert f":{line}: {LOADS[said]}" in [
            f":{it.line}: {it.rule}: {it.message}" for it in lint(text, tmp_path / "p.md")
        ]


@pytest.mark.parametrize("tags", [None, "hide-input", [], ["a", "a"]])
def test_a_cell_of_a_notebook_is_named_by_its_number_and_may_have_any_tags(tags: Any, tmp_path: Path) -> None:
    cells = [nbformat.v4.new_code_cell("1"), nbformat.v4.new_code_cell("2")]
    path = tmp_path / "page.ipynb"
    for said, faults in (({"tags": tags}, []), ({"rtol": "x"}, [2]), ({"tags": 3, "lens": "foo"}, [2, 2])):
        cells[1].metadata = nbformat.from_dict(said)
        path.write_text(
            nbformat.writes(nbformat.v4.new_notebook(cells=[])).replace('"cells": []', f'"cells": {json.dumps(cells)}')
        )
        try:
            assert read_file(path, "page", Site(tmp_path, Settings()))
            assert not faults
        except Unreadable as error:
            assert [line for line, _ in error.faults] == faults  # noqa: PT017 (some are right)


WRONG = {
    "lens": "lens: foo",
    "check": "check: run",
    "rtol": "rtol: -1",
    "text": "rtol: x",
    "raises": "raises:",
    "tags": "tags: 3",
    "keys": "tags: {a: 1}",
    "load": "load: nothere.py",
    "list": "load: [1]",
}


@pytest.mark.parametrize("conf", [CONF, THEIRS], ids=["ours", "theirs"])
def test_a_build_and_commands_say_the_same(conf: str, tmp_path: Path) -> None:
    site = Built.at(tmp_path, {name: page("1 + 1", options=f":{option}\n") for name, option in WRONG.items()}, conf)
    (tmp_path / "docs" / "conf.py").write_text(conf, "utf-8")
    built, planned = site.build(), site.witness("plan", "docs", "-o", "plans")
    assert "Traceback" not in built.stderr
    assert (built.returncode, planned.returncode) == (1, 1)
    for name, option in WRONG.items():
        place = f"docs/{name}.md:9: unreadable: "
        told = next(line for line in planned.stderr.splitlines() if line.startswith(place))
        assert f"`:{option.partition(':')[0]}:`" in told or "there is no file `nothere.py`" in told
        assert told.partition(": unreadable: ")[2] in built.stderr
        assert str(tmp_path) not in told
