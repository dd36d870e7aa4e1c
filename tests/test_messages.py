"""What a person is told of a page that fails: the line at fault, and what can be done."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.building import Site, page
from witness.records.scrub import without_colour

FIRST = "def check(x):\n    assert x > 1"
PAGES = {
    "asserts": ("y = 1\n\nassert y == 2\nz = 3", 3, "unexpected-error"),
    "calls": ("y = 1\ncheck(\n    y\n)", 2, "unexpected-error"),
    "syntax": ("y = 1\n\ny ==== 2", 3, "unexpected-error"),
    "nested": ("def f():\n    y = 1\n    return 1 / 0\n\nf()", 3, "unexpected-error"),
    "loops": ("y = 1\ndef forever():\n    while True:\n        pass\n\nforever()", 3, "cell-budget"),
    "deaf": (
        "import time\nwhile True:\n    try:\n        time.sleep(9)\n    except BaseException:\n        pass",
        4,
        "",
    ),
}
"""A second cell, the line of its code at fault, and the fault."""
BUDGETS = dict.fromkeys(("loops", "deaf"), "witness: {cell_budget: 2}")
TEXTS = {name: page(FIRST, code, head=BUDGETS.get(name, "")) for name, (code, _, _) in PAGES.items()}


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> str:
    site = Site.at(tmp_path_factory.mktemp("messages"), TEXTS)
    return site.witness("run", "docs", "--records", "records").stderr


@pytest.mark.parametrize("name", PAGES)
def test_the_line_at_fault_is_named(name: str, log: str) -> None:
    code, line, rule = PAGES[name]
    start = TEXTS[name].splitlines().index(code.splitlines()[0]) + 1
    found = re.search(rf"^docs/{name}\.md:(\d+): cell 2: ([\w-]+)", log, re.MULTILINE)
    assert found, log
    assert int(found[1]) in ({start + line - 1, start + line} if name == "loops" else {start + line - 1}), log
    assert rule in found[2]


def test_a_cell_out_of_time_may_be_given_more(log: str) -> None:
    assert log.count("or give it more time (in its head, `witness: {cell_budget: SECONDS}`)") == 2


def test_one_is_no_plural(log: str) -> None:
    assert ": 1 problem, 2 cells, " in log
    assert not re.search(r"\b1 (pages|cells|problems)\b|\(s\)", log)


REFERS = """\
See {doc}`solvs` and {ref}`a-lable`, {rfe}`x`.

```{notee}
hi
```

[x](#a-labl) and {doc}`some-folder/else`.

(a-label)=
## Section
"""
SOLVES = """\
```{exercise-start} T
:label: ex-one
```
```{exercise-end}
```

```{solution-start} ex-onne
```
```{solution-end}
```
"""
BROKEN = (
    "---\nfile_format: mystnb\nkernelspec: {name: python3\nwitness: [\n---\n\n"
    "# B\n\n```{code-cell}\n1\n```\n\n{live}`1`\n"
)


@pytest.fixture(scope="module", params=["1", "2"])
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    pages = {"refers": page("1", prose=REFERS), "solves": page("1", prose=SOLVES), "broken": BROKEN}
    pages["some-folder/page"] = page("1")
    site = Site.at(tmp_path_factory.mktemp("told"), pages)
    command = [argument for argument in site.command("-j", request.param) if argument != "-q"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    return done.stdout, done.stderr


@pytest.mark.parametrize(
    ("name", "text", "meant"),
    [
        ("refers", "{doc}`solvs`", "unknown document: 'solvs'; did you mean `solves`?"),
        ("refers", "{doc}`solvs`", "undefined label: 'a-lable'; did you mean `a-label`?"),
        ("refers", "{notee}", "Unknown directive type: 'notee'; did you mean `note`"),
        ("refers", "{doc}`solvs`", 'role "rfe"; did you mean `rfc` or `ref`?'),
        ("refers", "#a-labl)", "target not found: 'a-labl'; did you mean `a-label`?"),
        ("solves", "ex-onne", "undefined label: ex-onne; did you mean `ex-one`?"),
    ],
)
def test_a_misspelt_name_gets_a_suggestion_at_its_line(told: tuple[str, str], name: str, text: str, meant: str) -> None:
    pages = {"refers": page("1", prose=REFERS), "solves": page("1", prose=SOLVES)}
    line = next(number for number, it in enumerate(pages[name].splitlines(), 1) if text in it)
    assert re.search(rf"docs/{name}\.md:{line}: WARNING: [^\n]*{re.escape(meant)}", told[1]), told[1]
    assert ".rst" not in told[1]


def test_a_page_of_another_name_in_a_folder_that_is_alike_is_not_suggested(told: tuple[str, str]) -> None:
    assert re.search(r"unknown document: 'some-folder/else'(?!; did you mean)", told[1]), told[1]
    assert "?." not in told[1]


def test_of_a_page_that_cannot_be_read_only_that_is_said(told: tuple[str, str]) -> None:
    about = [line for line in told[1].splitlines() if "broken.md" in line]
    assert len(about) == 1, about
    assert "front-matter-yaml" in about[0]


def test_the_log_does_not_open_with_the_settings_of_parsers(told: tuple[str, str]) -> None:
    assert "ParserConfig(" not in told[0]
    assert re.search(r"^myst v[\d.]+$", without_colour(told[0]), re.MULTILINE)


@pytest.mark.parametrize("lines", [1, 20_000])
@pytest.mark.parametrize("command", ["lint page", "plan page -o plans", "--help"])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_command_whose_reader_went_away_ends_without_a_word(
    unbuffered: str, command: str, lines: int, tmp_path: Path
) -> None:
    (tmp_path / "page.md").write_text(page("1", options=":lens: foo\n", prose="It took 3 ms.\n\n" * lines), "utf-8")
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "witness", *command.split()],
        stdout=writer,
        stderr=writer if command.startswith("plan") else subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        text=True,
        check=False,
        cwd=tmp_path,
    )
    os.close(writer)
    assert done.returncode in ((141,) if command != "--help" else (0, 141))  # argparse may pass over it
    assert not done.stderr
