"""What another's page reads beside its own text, declared or seen, and when its site asks for everything anew."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.building import THEIRS, Site, page

SHELL = "import subprocess\nprint(subprocess.run(['cat', *{files}], capture_output=True, text=True).stdout)"
PAGES = {
    "variable": page("import os\nos.environ.get('TEST_FLAG')", head="witness: {environment: TEST_FLAG}"),
    "pattern": page("import glob\nprint(sorted(glob.glob('data/*.csv')))", head="witness: {inputs: 'data/*.csv'}"),
    "folder": page(
        SHELL.format(files=["more/deep/file.txt", "data/one.csv"]), head="witness: {inputs: [more, data/one.csv]}"
    ),
    "deep/above": page(SHELL.format(files=["../data/one.csv"]), head="witness: {inputs: ../data/one.csv}"),
    "opens": page("print(open('data/one.csv').read())"),
    "imports": page("import helper\nhelper.VALUE"),
    "outside": page("import sys\nsys.path.insert(0, '../lib')\nimport library.part\nlibrary.part.VALUE"),
    "looks": page("try:\n    print(open('optional.txt').read())\nexcept OSError:\n    print('none')"),
    "makes": page("open('made.txt', 'w').write('made')"),
    "counts": page("import pathlib\nn = pathlib.Path('n.txt')\nn.write_text(str(int(n.read_text()) + 1))"),
    "unforked": page("%%time\nimport jax\nprint(open('data/one.csv').read())"),
    "nothing": page("1"),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("inputs")
    docs = folder / "docs"
    for name, text in {
        "docs/data/one.csv": "one",
        "docs/more/deep/file.txt": "deep",
        "docs/helper.py": "VALUE = 'helped'",
        "docs/n.txt": "0",
        "docs/_everywhere.cfg": "a = 1",
        "lib/library/__init__.py": "",
        "lib/library/part.py": "VALUE = 'of a library'",
        "docs/unrelated.txt": "",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    conf = THEIRS + "witness_inputs = ['../docs/_everywhere.cfg']\nwitness_environment = ['TEST_EVERYWHERE']\n"
    made = Site.at(folder, PAGES, conf)
    made.right("-W")
    assert docs.joinpath("made.txt").exists()
    return made


ALL = sorted(PAGES)
CHANGES: dict[str, tuple[dict[str, str | None], list[str]]] = {
    "what nobody reads, and a date": ({"docs/unrelated.txt": "new", "docs/data/one.csv": "one"}, []),
    "a file": ({"docs/data/one.csv": "new"}, ["deep/above", "folder", "opens", "pattern", "unforked"]),
    "more of a pattern, a module": (
        {"docs/data/two.csv": "", "docs/helper.py": "VALUE = 'new'"},
        ["imports", "pattern"],
    ),
    "less of a pattern, a library": (
        {"docs/data/two.csv": None, "lib/library/part.py": "VALUE = 0"},
        ["outside", "pattern"],
    ),
    "a new file in a folder, one that was missed": (
        {"docs/more/new.txt": "", "docs/optional.txt": "there"},
        ["folder", "looks"],
    ),
    "a file that a page made, and one that it changed": (
        {"docs/made.txt": None, "docs/n.txt": "7"},
        ["counts", "makes"],
    ),
    "what every page reads": ({"docs/_everywhere.cfg": "a = 2"}, ALL),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_runs_the_pages_that_read_it(site: Site, change: str) -> None:
    files, expected = CHANGES[change]
    for name, text in files.items():
        if text is None:
            (site.folder / name).unlink()
        else:
            (site.folder / name).write_text(text)
    done = site.right("-W")
    assert site.ran(done) == expected


def test_a_variable_that_changes_runs_the_pages_that_declare_it(site: Site) -> None:
    assert site.ran(site.build("-W", env={**os.environ, "TEST_NO": "1"})) == []
    assert site.ran(site.build("-W", env={**os.environ, "TEST_FLAG": "1"})) == ["variable"]
    assert site.ran(site.build("-W", env={**os.environ, "TEST_FLAG": ""})) == ["variable"]
    assert site.ran(site.build("-W", env={**os.environ, "TEST_FLAG": "", "TEST_EVERYWHERE": "1"})) == ALL


def test_a_declared_variable_reaches_a_strict_page(tmp_path: Path) -> None:
    conf = THEIRS + "witness_strict = True\n"
    strict = Site.at(tmp_path, {name: PAGES[name] for name in ("variable", "nothing")}, conf)
    strict.right("-W", env={**os.environ, "TEST_FLAG": "as it was set"})
    assert "as it was set" in (strict.html("variable") or "")
    other = strict.build("-W", env={**os.environ, "TEST_FLAG": "otherwise"})
    assert strict.ran(other) == ["variable"]
    assert "otherwise" in (strict.html("variable") or "")


def test_what_is_declared_must_be_there(tmp_path: Path) -> None:
    wrong = {
        "file": (page("1", head="witness: {inputs: [conf.py, gone.csv]}"), "`inputs: conf.py`: there is no such file"),
        "pattern": (page("1", head="witness: {inputs: 'gone/*.csv'}"), "`inputs: gone/[*].csv`: there is no such file"),
        "type": (page("1", head="witness: {inputs: {a: b}}"), "`inputs` is {'a': 'b'}.*write files or patterns"),
        "variable": (page("1", head="witness: {environment: [A=1]}"), "`environment` is .*write names of variables"),
    }
    site = Site.at(tmp_path, {name: text for name, (text, _) in wrong.items()}, THEIRS + "witness_inputs = ['none']\n")
    done = site.build()
    assert done.returncode == 1
    for name, (_, why) in wrong.items():
        assert re.search(rf"docs/{name}\.md:4: ERROR: unreadable: .*{why}", done.stderr), done.stderr
    assert "witness_inputs: none: there is no such file" in done.stderr


# ---------------------------------------------------------------------------------------------------------------------
# All anew

STAMPED = "import os\nprint(os.urandom(8).hex())"


def builds(folder: Path, conf: str, pages: Mapping[str, str]) -> Callable[..., list[str]]:
    site = Site.at(folder, pages, conf)

    def build(*arguments: str) -> list[str]:
        done = site.right(*arguments)
        return site.ran(done)

    return build


@pytest.mark.slow
def test_a_build_from_nothing_executes_what_stock_would(tmp_path: Path) -> None:
    modes = ("force", "auto", "inline", "cache")
    pages = {mode: page(STAMPED, head=f"mystnb: {{execution_mode: {mode}}}") for mode in modes}
    build = builds(tmp_path, THEIRS, pages)
    again = ["auto", "force", "inline"]
    assert build() == sorted(modes)
    assert build("-a") == []
    assert build("-E", "-a") == again
    shutil.rmtree(tmp_path / "html")
    assert build() == again
    assert build() == []


def test_a_strict_site_keeps_its_evidence(tmp_path: Path) -> None:
    build = builds(tmp_path, THEIRS + "witness_strict = True\n", {"a": page(STAMPED)})
    assert build() == ["a"]
    assert build("-E", "-a") == []


CUT_OFF = """
def setup(app):
    import pathlib
    gate = pathlib.Path(app.confdir, "gate")
    def cut_off(app, env, names):
        if not gate.exists():
            gate.touch()
            raise RuntimeError("cut off")
    app.connect("env-before-read-docs", cut_off, priority=999)  # once pages have run
"""


@pytest.mark.slow
def test_a_build_that_was_cut_off_goes_on(tmp_path: Path) -> None:
    site = Site.at(tmp_path, {"a": page(STAMPED)}, THEIRS + CUT_OFF)
    first = site.build()
    assert first.returncode != 0
    assert "cut off" in first.stderr
    assert site.ran(first) == ["a"]
    second = site.right()
    assert site.ran(second) == []
    assert site.ran(site.build("-E")) == ["a"]
