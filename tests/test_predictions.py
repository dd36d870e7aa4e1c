"""Predictions: what a directive asks, what fails a build, and where the answer stands on the page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.building import HEAD, Site
from witness.reading.prediction import Prediction, WrongPrediction, read, same

ASK = """\
```{{predict}}
:answer: len(seen)

How many entries will `seen` have?

- [{0}] `1`: the first alone
- [{1}] three
- [{2}] 7, one for each

Because of *that*, as {{live}}`len(seen)` says.
```
"""
CELLS = """
```{code-cell} python
seen = [1, 2, 3]
print("output".upper(), seen)
```

What was seen.

```{code-cell} python
print("another")
```
"""


def asking(directive: str, below: str = CELLS) -> str:
    return f"{HEAD}# Page\n\n{directive}{below}"


def built(folder: Path, text: str, code: int = 0) -> tuple[Site, str]:
    site = Site.at(folder, {"page": text})
    done = site.build("-W", "--keep-going")
    assert bool(done.returncode) == bool(code), done.stderr
    return site, done.stderr


def of(body: str) -> Prediction:
    return read("How many?", body.split("\n"))


def test_a_question_its_choices_and_what_is_said_below_them() -> None:
    asked = of(":answer: 2\n\nMore.\n\n- [ ] `1`: one\n  line more\n* [X] **2** of them\n\nWhy.\n\n- a list")
    assert asked.question == ("How many?", "", "", "More.", "")
    assert [(it.key, it.right, it.line) for it in asked.choices] == [("1", False, 5), ("2 of them", True, 7)]
    assert asked.explanation == ("Why.", "", "- a list")


@pytest.mark.parametrize(
    ("body", "line", "why"),
    [
        ("", 0, "nothing answers"),
        (":answer: 1 +\n", 0, "is not a Python expression"),
        (':cells: 1\n:answer: "a" if x else "b"\n', 2, "quotation mark that begins a value ends it"),
        (":reply: 1", 0, "unknown option `reply`"),
        (":answer: 1\n:cells: -1", 0, "`:cells: -1` is no number"),
        (":answer: 1\n:prose: some", 0, "`:prose: some` is no number"),
        (":answer: 1\n:within: 3", 0, "`0.1` is a tenth"),
        (":answer: 1\n\n- [x] 1", 0, "one choice is none"),
        (":answer: 1\n\n- [ ] 1\n- [ ] 2", 0, "not none"),
        (":answer: 1\n\n- [x] 1\n- [x] 2", 0, "not 2"),
        (":answer: 1\n\n- [x] 1\n- [ ] once", 4, "two choices say `once`"),
        (":answer: 1\n\n- [x] 1\n- [ ]", 4, "without a text"),
        (":answer: 1\n\n- [x] 1\n- [ ] 2 {when}`True`", 4, "with `:answer:` no choice has a {when}"),
        ("- [x] 1 {when}`True`\n- [ ] 2", 2, "each choice needs a {when}"),
        ("- [x] 1 {when}`a b`\n- [ ] 2", 1, "is not a Python expression"),
    ],
)
def test_what_cannot_be_checked_is_refused_at_its_line(body: str, line: int, why: str) -> None:
    with pytest.raises(WrongPrediction, match=re.escape(why)) as found:
        of(body)
    assert found.value.line == line


@pytest.mark.parametrize(
    ("key", "answer", "is_same"),
    [
        ("5", "5", True),
        ("5 traces", "5", True),
        ("five times", "5", True),
        ("5", "5.0", True),
        ("15", "5", False),
        ("never", "0", True),
        ("Yes", "True", True),
        ("No", "True", False),
        ("float32", "float32", True),
        ("float32", "float64", False),
        ("three rows", "3 columns", False),
        ("three rows", "3", True),
        ("1000", "1\N{NARROW NO-BREAK SPACE}000", True),
        ("1.2 ms", "1.2 s", False),
    ],
)
def test_a_choice_says_what_an_answer_is(key: str, answer: str, is_same: bool) -> None:
    assert same(key, answer) is is_same


def test_the_answer_and_what_gives_it_away_is_in_a_fold(tmp_path: Path) -> None:
    site, _ = built(tmp_path, asking(ASK.format(" ", "x", " ")))
    html = site.html("page") or ""
    above, look = html.split('<details class="witness-look witness-fold" id="look-1">')
    inside, below = look.split("</details>")[0], look.split("</details>", 1)[1]
    assert "seen = " in re.sub("<[^>]*>", "", above)
    for text in ("OUTPUT", "What was seen", "Answer", "Because of", "as <span"):
        assert text not in above
        assert text in inside
    assert "another" not in inside
    assert "another" in below
    notebook = (tmp_path / "html" / "page.ipynb").read_text("utf-8")
    assert "<summary>Answer</summary>" in notebook
    assert notebook.index("How many entries") < notebook.index("OUTPUT") < notebook.index("<summary>Answer")
    assert notebook.count("OUTPUT [1, 2, 3]") == 1
    assert "What was seen" in notebook
    assert [(it.format, it.text) for it in site.record("page").live] == [("{predict}", "3"), ("", "3")]


@pytest.mark.parametrize(
    ("marks", "told"),
    [
        (
            ("x", " ", " "),
            "expected `1`, as the choice says that is marked as right, for `len(seen)`; got 3, as the choice `three`",
        ),
        ((" ", " ", "x"), "expected `7`"),
    ],
)
def test_a_wrong_choice_that_turns_out_right_fails_the_build(tmp_path: Path, marks: tuple[str, ...], told: str) -> None:
    site, log = built(tmp_path, asking(ASK.format(*marks)), code=1)
    assert "docs/page.md:8: ERROR: prediction: " + told in log
    assert "next: mend the page" in log
    assert site.html("page") is None


@pytest.mark.parametrize(
    ("choices", "line", "told"),
    [
        ("- [x] 1\n- [ ] 2", 8, "got 3, which no choice says"),
        ("- [x] it has {when}`True`\n- [ ] not {when}`len(seen) == 3`", 12, "marked as wrong; got True"),
        ("- [x] it has {when}`len(seen) == 2`\n- [ ] not {when}`False`", 11, "marked as right; got False"),
        ("- [x] it has {when}`len(unseen) == 2`\n- [ ] not {when}`False`", 11, "NameError"),
    ],
)
def test_so_does_none_and_so_do_two(tmp_path: Path, choices: str, line: int, told: str) -> None:
    option = "" if "{when}" in choices else ":answer: len(seen)\n"
    _, log = built(tmp_path, asking(f"```{{predict}}\n{option}Is it?\n\n{choices}\n```\n"), code=1)
    got = next(it for it in log.splitlines() if "ERROR" in it)
    assert f"docs/page.md:{line}: ERROR: " in got
    assert told in got


def test_one_below_which_no_cell_stands_is_refused(tmp_path: Path) -> None:
    _, log = built(tmp_path, asking(CELLS, ASK.format(" ", "x", " ")), code=1)
    assert re.search(r"docs/page.md:\d+: .*prediction: no code cell below it", log)


def test_prose_that_does_not_tell_the_answer_stays_in_sight(tmp_path: Path) -> None:
    text = asking(ASK.format(" ", "x", " ")).replace(":answer: len(seen)", ":answer: len(seen)\n:cells: 2\n:prose: 1")
    text += "\nIn the fold.\n\nBelow it.\n"
    site, _ = built(tmp_path, text)
    above, look = (site.html("page") or "").split('<details class="witness-look', 1)
    inside, below = look.split("</details>", 1)
    assert "another" not in above
    assert [text in inside for text in ("OUTPUT", "What was seen", "another", "In the fold")] == [True] * 4
    assert "Below it" in below


def test_an_answer_that_stays_in_sight_is_a_warning(tmp_path: Path) -> None:
    text = asking(ASK.format(" ", "x", " ")).replace("```{code-cell}", "## Another section\n\n```{code-cell}", 1)
    _, log = built(tmp_path, text, code=1)
    assert "docs/page.md:8: WARNING: prediction: the cell that answers is not below it in the same section" in log
