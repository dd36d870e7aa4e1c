"""The checker: each case is a page and its expected text, run for real; what it says of each is said.txt."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from tests.building import Site, page
from tests.programs import call

CASES = Path(__file__).parent / "check"
NAMES = sorted(case.name for case in CASES.iterdir())
RIGHT = [name for name in NAMES if name.startswith("right")]
IMPOSSIBLE = [name for name in NAMES if name.startswith("impossible")]
WRONG = sorted({*NAMES} - {*RIGHT, *IMPOSSIBLE})
FAULT = re.compile(r"^(?:docs|expected)/[\w-]+\.(?:md|txt):\d+: .*$", re.MULTILINE)


class Folder:
    """A book with its expected text."""

    def __init__(self, folder: Path) -> None:
        self.path = folder
        self.page("index", "# Index\n")

    def page(self, name: str, text: str, expected: str | None = None) -> None:
        for path, content in ((f"docs/{name}.md", text), (f"expected/{name}.txt", expected)):
            if content is not None:
                file = self.path / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(content, "utf-8")

    def check(self, *arguments: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        variables = {name: value for name, value in os.environ.items() if name not in ("CI", "GITHUB_ACTIONS")}
        places = ("--records=records", "--expected=expected")
        return call("witness", "check", *arguments, *places, cwd=self.path, env={**variables, **(env or {})})

    def expected(self, name: str) -> str:
        return (self.path / "expected" / f"{name}.txt").read_text("utf-8")

    def files(self) -> dict[str, bytes]:
        return {
            str(path): path.read_bytes()
            for folder in ("docs", "expected")
            for path in sorted((self.path / folder).rglob("*"))
            if path.is_file()
        }


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    folder = Folder(tmp_path_factory.mktemp("check"))
    for name in NAMES:
        case = CASES / name
        expected = case / "expected.txt"
        text = expected.read_text("utf-8") if expected.exists() else None
        folder.page(name, (case / "page.md").read_text("utf-8"), text)
    return folder


@pytest.fixture(scope="module")
def checks(book: Folder) -> dict[str, subprocess.CompletedProcess[str]]:
    """Return a check of the right pages, the wrong ones, those that cannot be checked, and of all."""
    groups = {"right": RIGHT, "wrong": WRONG, "impossible": IMPOSSIBLE, "all": ["docs"]}
    return {name: book.check(*pages) for name, pages in groups.items()}


def said(done: subprocess.CompletedProcess[str], name: str) -> list[str]:
    """Return the heads of the faults that a check found with a page or its expected text."""
    return [line for line in FAULT.findall(done.stderr) if re.match(rf"\w+/{name}\.", line)]


@pytest.mark.parametrize("name", NAMES)
def test_a_case_says_what_is_wrong_and_nothing_more(
    name: str, checks: dict[str, subprocess.CompletedProcess[str]]
) -> None:
    says = (CASES / name / "says.txt").read_text("utf-8").splitlines()
    got = said(checks["all"], name)
    assert len(got) == len(says), got
    for line, pattern in zip(got, says, strict=True):
        assert fnmatchcase(line, pattern.replace("[", "[[]")), line


def test_the_exit_status_tells_right_from_wrong_and_from_impossible(
    checks: dict[str, subprocess.CompletedProcess[str]],
) -> None:
    assert {name: done.returncode for name, done in checks.items()} == {
        "right": 0,
        "wrong": 1,
        "impossible": 2,
        "all": 2,
    }
    assert "conf/witness" not in checks["all"].stderr


def test_what_has_run_is_not_run_again_unless_it_failed(checks: dict[str, subprocess.CompletedProcess[str]]) -> None:
    again = re.findall(r"^\[\d+/\d+\] docs/([\w-]+)\.md", checks["all"].stderr, re.MULTILINE)
    assert sorted(again) == ["fails", "wrong-class"]


def test_a_difference_shows_both_texts_where_they_are_and_the_command_that_accepts(
    checks: dict[str, subprocess.CompletedProcess[str]],
) -> None:
    text = checks["all"].stderr.split("docs/differs.md:12: ")[1]
    for wanted in ("--- expected/differs.txt:1\n", "-    one\n", "+    won\n", "witness check --accept differs\n"):
        assert wanted in text


def test_a_check_writes_no_source(book: Folder) -> None:
    before = book.files()
    book.check()
    assert book.files() == before


def test_github_is_told_at_the_line(book: Folder) -> None:
    done = book.check("differs", env={"GITHUB_ACTIONS": "true"})
    assert re.search(
        r"^::error file=docs/differs\.md,line=12,title=differs::cell 2: differs: .*%0A", done.stdout, re.MULTILINE
    )
    assert "::error" not in book.check("differs").stdout


@pytest.mark.parametrize("name", ["differs", "differs.md", "docs/differs.md", "docs/differs"])
def test_a_page_has_several_names(name: str, book: Folder) -> None:
    assert len(FAULT.findall(book.check(name).stderr)) == 1


@pytest.mark.parametrize("arguments", [["nowhere"], ["differs", "docs/nowhere.md"], ["--overlay", "jax<1"]])
def test_what_cannot_be_meant_is_an_error(arguments: list[str], book: Folder) -> None:
    done = book.check(*arguments)
    assert done.returncode == 2
    assert re.fullmatch(r"witness: .*\n", done.stderr)


def test_expected_text_of_no_page_fails(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.page("there", page("1 + 1;"))
    folder.page("gone", "", "=== x [00000000]\n--- stdout\n    1\n")
    (tmp_path / "docs/gone.md").unlink()
    done = folder.check()
    assert done.returncode == 1
    assert "expected/gone.txt:1: orphaned: no page runs code as gone" in done.stderr
    assert folder.check("there").returncode == 0


def test_the_record_of_the_site_is_the_one_that_is_checked(tmp_path: Path) -> None:
    site = Site.at(tmp_path, {"there": page('print("one")', prose="It is {live}`6 * 7`.")})
    built = site.build()
    assert site.ran(built) == ["there"], built.stderr
    done = Folder(tmp_path).check("there")
    assert done.returncode == 1
    assert "docs/there.md:9: cell 1: missing: prints, and has no expected text" in done.stderr
    assert "[1/1]" not in done.stderr


# ---------------------------------------------------------------------------------------------------------------------
# Acceptance


UNSTEADY = {
    "order": 'print({"a", "b", "c", "d", "e", "f", "g", "h"})',
    "chance": "import random\n\nprint(random.random())",
    "clock": "import time\n\nprint(time.time_ns())",
    "hidden-address": "print(id(object()))",
}
STEADY = {
    "address": "object()",
    "sorted": 'print(sorted({"a", "b", "c"}))',
    "odd": 'print("=== x [00000000]\\n--- stdout\\n@ jax<1\\n\\n# not a comment\\n    \\n\\x0c|\\u2028|\\r|")',
}


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> tuple[Folder, subprocess.CompletedProcess[str]]:
    folder = Folder(tmp_path_factory.mktemp("accept"))
    for name, code in {**UNSTEADY, **STEADY}.items():
        folder.page(name, page(code))
    folder.page("failing", page('print("one")', "1 / 0"))
    folder.page("optimised", page('print("HloModule jit_f")'))
    folder.page("damaged", page('print("one")'), "one\n")
    folder.page("varying", page("import uuid\n\ncode = str(uuid.uuid1())", prose="It is {live}`code`."))
    return folder, folder.check("--accept")


@pytest.mark.parametrize("name", UNSTEADY)
def test_what_differs_from_run_to_run_is_refused(
    name: str, taken: tuple[Folder, subprocess.CompletedProcess[str]]
) -> None:
    folder, done = taken
    assert re.search(rf"^docs/{name}\.md:\d+: cell 1: unsteady: two runs differ$", done.stderr, re.MULTILINE)
    assert not (folder.path / "expected" / f"{name}.txt").exists()


@pytest.mark.parametrize("name", ["failing", "optimised"])
def test_pages_that_fail_or_print_what_cannot_be_compared_are_refused(
    name: str, taken: tuple[Folder, subprocess.CompletedProcess[str]]
) -> None:
    folder, done = taken
    assert done.returncode == 2  # one file cannot be read
    assert said(done, name)
    assert not (folder.path / "expected" / f"{name}.txt").exists()


def test_what_was_accepted_is_right_and_accepted_again_is_the_same(
    taken: tuple[Folder, subprocess.CompletedProcess[str]],
) -> None:
    folder, _ = taken
    names = [*STEADY, "varying"]
    texts = [folder.expected(name) for name in names]
    assert folder.check(*names).returncode == 0
    assert folder.check("--accept", *names).returncode == 0
    assert [folder.expected(name) for name in names] == texts


def test_a_live_value_that_differs_from_run_to_run_is_only_expected_to_be_there(
    taken: tuple[Folder, subprocess.CompletedProcess[str]],
) -> None:
    assert "--- live code\n    (text)\n" in taken[0].expected("varying")


def test_a_file_that_cannot_be_read_is_not_written_over(
    taken: tuple[Folder, subprocess.CompletedProcess[str]],
) -> None:
    folder, done = taken
    assert "expected/damaged.txt:1: malformed: " in done.stderr
    assert folder.expected("damaged") == "one\n"


def test_ci_accepts_nothing(taken: tuple[Folder, subprocess.CompletedProcess[str]]) -> None:
    folder, _ = taken
    before = folder.files()
    done = folder.check("--accept", "sorted", env={"CI": "true"})
    assert done.returncode == 2
    assert "not for CI" in done.stderr
    assert folder.files() == before


RULED = """
extensions = ["witness", "myst_nb"]
witness_strict = True
witness_normalise = [(r"session [0-9a-f]{8}", "session …"), (r"^drew \\d+$", "drew …")]
"""


def test_a_site_s_own_rules_let_differ_what_they_name_and_nothing_else(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    (folder.path / "docs/conf.py").write_text(RULED)
    code = "import os, uuid\n\nprint(f'session {uuid.uuid4().hex[:8]}')\nprint(f'drew {int.from_bytes(os.urandom(4))}')"
    folder.page("drawn", page(code, prose="It is {live}`f'session {uuid.uuid4().hex[:8]}'`."))
    folder.page("other", page("import os\n\nprint(f'a drew {os.urandom(4).hex()}')"))
    done = folder.check("--accept")
    assert re.search(r"^docs/other\.md:\d+: cell 1: unsteady: ", done.stderr, re.MULTILINE)
    assert said(done, "drawn") == []
    assert "session …\n    drew …\n" in folder.expected("drawn")
    written = (folder.path / "expected/drawn.txt").read_text("utf-8")
    by_hand = written.replace("session …", "session 01234567")
    (folder.path / "expected/drawn.txt").write_text(by_hand, "utf-8")
    assert folder.check("drawn").returncode == 0
    (folder.path / "docs/conf.py").write_text(RULED.replace("session [0-9a-f]{8}", "session [0-9a-f]{3}"))
    assert folder.check("drawn").returncode == 1


@pytest.mark.parametrize("rules", ["[('(', 'x')]", "[('a', r'\\2')]", "['one']", "[(1, 2)]"])
def test_a_rule_that_is_none_is_named(rules: str, tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    (folder.path / "docs/conf.py").write_text(
        RULED.partition("witness_normalise")[0] + f"witness_normalise = {rules}\n"
    )
    folder.page("one", page("1"))
    done = folder.check()
    assert done.returncode == 2
    assert re.fullmatch(r"witness: \S*conf\.py: witness_normalise is .*; expected a list of pairs .*\n", done.stderr)
