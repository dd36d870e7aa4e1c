"""The ways to run the project are what nox, README, the workflow and the citation say."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]


PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_nox_lists_every_session_with_its_sentence() -> None:
    command = [sys.executable, "-m", "nox", "--list"]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    listed = dict(re.findall(r"^[*-] (\w+)(?: -> (.*))?$", shown, re.MULTILINE))
    assert listed.keys() >= {"docs", "live", "doctest", "tests", "lint", "linkcheck", "drift", "bench", "lock"}
    assert [name for name, text in listed.items() if not re.fullmatch(r"[A-Z].{20,}[.`\w]", text)] == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("sys.version_info = (3, 10, 9)", r"needs Python 3\.11, 3\.12 or 3\.13; this is 3\.10: .*install Python 3\.13"),
        ("sys.version_info = (3, 14, 0)", r"needs Python 3\.11, 3\.12 or 3\.13; this is 3\.14: .*install Python 3\.13"),
        ("sys.platform = 'win32'", "is built on Linux and macOS, not on Windows: use .* Linux"),
    ],
)
def test_where_the_book_cannot_be_built_one_sentence_says_what_to_do(change: str, sentence: str) -> None:
    program = f"import sys, runpy, nox; {change}; runpy.run_path('noxfile.py')"
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode != 0
    assert re.fullmatch(rf"Jit with JAX {sentence}.*\.\n", result.stderr)


@cache
def noxfile() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "noxfile.py"))


def called(session: str, *arguments: str) -> list[list[str]]:
    """Return the programs that a session of nox runs, each with its arguments."""
    found: list[list[str]] = []

    def run(program: str, *arguments: str, **_: object) -> None:
        found.append([Path(program).name, *arguments])

    def error(why: str) -> None:
        raise SystemExit(why)

    noxfile()[session].func(SimpleNamespace(posargs=list(arguments), run=run, error=error))
    return found


def test_lint_checks_types_as_each_python_of_the_project_has_them() -> None:
    pythons = [name.rpartition(" ")[2] for name in PROJECT["project"]["classifiers"] if "Python :: 3." in name]
    assert pythons == ["3.11", "3.12", "3.13"]
    calls = sorted(call for call in called("lint") if call[0] == "mypy")  # they run at once
    assert calls == [["mypy", f"--python-version={python}"] for python in pythons]


@pytest.mark.parametrize(
    ("arguments", "locks", "defined"),
    [
        ([], ["requirements.txt"], []),
        (["cuda13"], ["requirements-cuda13.txt"], []),
        (["--scheduler", "tcp://a:1"], ["requirements-dask.txt"], ["--define=witness_scheduler=tcp://a:1"]),
        (
            ["tpu", "--scheduler=tcp://a:1", "--replicates", "3"],
            ["requirements-tpu.txt", "requirements-dask.txt"],
            ["--define=witness_replicates=3", "--define=witness_scheduler=tcp://a:1"],
        ),
    ],
)
def test_docs_installs_and_defines_what_its_words_ask_for(
    arguments: list[str], locks: list[str], defined: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    installed: list[str] = []
    monkeypatch.setitem(noxfile()["docs"].func.__globals__, "install", lambda _, *files: installed.extend(files))
    (build,) = called("docs", *arguments)
    assert installed == locks
    assert [word for word in build if word.startswith("--define")] == defined


@pytest.mark.parametrize(
    ("session", "arguments", "sentence"),
    [
        ("docs", ["cuda"], "`cuda` is no file, and no accelerator that comes first: `-- cuda13` or `-- tpu`;"),
        ("live", ["gpu"], "`gpu` is no file"),
        ("record", ["h100"], "`h100` is no file, and no accelerator that comes first: `-- cuda13` or `-- tpu`;"),
        ("docs", ["--replicates", "2", "cuda13"], "`cuda13` is no file, and no accelerator that comes first"),
        ("docs", ["--replicates", "0"], "--replicates 0: expected a whole number from 1"),
        ("docs", ["--replicates=-1"], "--replicates -1: expected a whole number from 1"),
        ("docs", ["--replicates", "x"], "--replicates x: expected a whole number from 1"),
        ("docs", ["--replicates"], "--replicates : expected a whole number from 1"),
    ],
)
def test_a_wrong_word_after_nox_is_one_sentence(session: str, arguments: list[str], sentence: str) -> None:
    with pytest.raises(SystemExit, match=re.escape(sentence)):
        called(session, *arguments)


def test_readme_has_the_two_commands_that_ci_runs() -> None:
    command = [str(ROOT / ".ci/run"), "--list"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert [line.rpartition(" ")[2] for line in listed] == ["docs", "lint", "doctest", "book", "browser", "tests"]
    commands = re.findall(r"^```sh\n(.*)\n```$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert commands == [listed[0], listed[-1]]


def test_the_workflow_is_pinned_and_asks_for_little() -> None:
    files = sorted((ROOT / ".github/workflows").glob("*.yml"))
    assert files
    for file in files:
        text = file.read_text()
        workflow = yaml.safe_load(text)
        uses = re.findall(r"uses: (.*)", text)
        assert [use for use in uses if not re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use)] == []
        assert workflow["permissions"] == {"contents": "read"}
        assert {"3.11", "3.13"} <= set(workflow["jobs"]["test"]["strategy"]["matrix"]["python"])


def test_the_workflow_publishes_a_site_for_each_jax_of_the_lock() -> None:
    locked = set(re.findall(r"^jax==(\d+\.\d+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
    workflow = yaml.safe_load((ROOT / ".github/workflows/book.yml").read_text())
    job = workflow["jobs"]["test"]
    said = re.sub(r"\$\{\{.*?\}\}", "it", job["env"]["BOOK_VERSIONS"])
    named = dict(version.split("=", 1) for version in said.split())
    assert {name.removeprefix("JAX-") for name in named} == locked
    newest, *older = named
    assert newest == max(named, key=lambda name: [int(part) for part in name.removeprefix("JAX-").split(".")])
    folders = {kind["version"] for kind in job["strategy"]["matrix"]["include"]}
    assert folders == {"", *(f"{name.lower()}/" for name in older)}
    assert all(named[name].endswith(f"/{name.lower()}/") for name in older)


def test_the_citation_says_what_the_project_says() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation.keys() >= {"cff-version", "message", "title", "authors"}
    assert citation["version"] == PROJECT["project"]["version"]
    assert " AND ".join(citation["license"]) == PROJECT["project"]["license"]
