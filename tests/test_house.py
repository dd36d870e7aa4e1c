"""The house keeps its promises: what imports what, what is locked, and what README, nox and the workflow say."""

from __future__ import annotations

import ast
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
GROUPS = {**PROJECT["dependency-groups"], **PROJECT["project"]["optional-dependencies"]}
LOCKS = sorted(ROOT.glob("requirements*.txt"))

# ---------------------------------------------------------------------------------------------------------------------
# The import law


LAYERS: dict[str, set[str]] = {
    "records": set(),
    "lexers": set(),
    "python": set(),
    "lens": {"records", "lexers"},
    "reading": {"python", "records"},
    "lint": {"python", "reading", "records"},
    "jax_private": set(),
    "stages": {"jax_private", "records"},
    "timing": {"jax_private", "records"},
    "capture": {"jax_private", "records", "stages", "timing"},
    "kernels": {"records"},
    "kernels.parent": {"capture", "jax_private", "kernels"},
    "runner": {"kernels", "python", "reading", "records"},
    "bundle": {"lint", "reading", "records", "runner"},
    "nodes": {"lexers", "python", "records"},
    "export": {"nodes", "python", "records"},
    "sphinx": {"bundle", "export", "lens", "lint", "nodes", "runner", "reading", "records", "lexers"},
    "check": {"bundle", "lint", "python", "runner", "reading", "records"},
    "cli": {"lint", "runner", "reading", "records"},
    "__main__": {"bundle", "cli", "check", "lens"},
    "__init__": {"sphinx"},
}
"""Each part of `witness`, and the other parts it may import. Nothing may import the kernel side."""

PURE = {"records"}
"""Parts that use the standard library only."""

SEES_JAX = {"capture", "jax_private", "kernels.parent", "stages", "timing"}
"""Parts that may import JAX."""


def imports(source: str, module: str) -> Iterator[str]:
    """Yield the full name of everything that a module's source imports, inside functions too."""
    package = module.split(".") if module.endswith("__init__") else module.split(".")[:-1]
    package = [part for part in package if part != "__init__"]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else []
            name = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{name}.{alias.name}" for alias in node.names)


def part_of(module: str) -> str:
    """Return the part of `witness` that a module is in: the longest name that has a row, or else the first."""
    names = module.split(".")[1:]
    parts = [".".join(names[:length]) for length in range(len(names), 0, -1)]
    return next((part for part in parts if part in LAYERS), names[0] if names else "")


def breaches(witness: Path) -> list[str]:
    """Return one line for each import that the law forbids in a `witness` package."""
    found = []
    for path in sorted(witness.rglob("*.py")):
        module = ".".join(path.relative_to(witness.parent).with_suffix("").parts)
        part = part_of(module)
        if part not in LAYERS:
            found.append(f"{module}: {part} has no row in LAYERS")
            continue
        for name in imports(path.read_text(), module):
            top, other = name.partition(".")[0], part_of(name)
            if top == "witness":
                allowed = other == part or other in LAYERS[part]
            elif top in {"jax", "jaxlib"}:
                allowed = part in SEES_JAX
            else:
                allowed = part not in PURE or top in sys.stdlib_module_names
            if not allowed:
                found.append(f"{module} imports {name}")
    return found


def test_imports_point_down() -> None:
    assert breaches(ROOT / "conf/witness") == []


def test_every_part_has_its_row_and_every_row_its_part() -> None:
    parts = {path.stem for path in (ROOT / "conf/witness").iterdir() if path.suffix == ".py" or any(path.glob("*.py"))}
    assert parts == {name for name in LAYERS if "." not in name}
    assert all((ROOT / "conf/witness" / name.replace(".", "/")).is_dir() for name in LAYERS if "." in name)


@pytest.mark.parametrize(
    ("module", "source", "breach"),
    [
        ("records/page_record.py", "import yaml", "witness.records.page_record imports yaml"),
        (
            "records/page_record.py",
            "from ..runner import run",
            "witness.records.page_record imports witness.runner.run",
        ),
        ("reading/page_plan.py", "def f():\n    import jax.numpy", "witness.reading.page_plan imports jax.numpy"),
        ("sphinx/build.py", "from witness import cli", "witness.sphinx.build imports witness.cli"),
        ("nodes/__init__.py", "from .. import sphinx", "witness.nodes.__init__ imports witness.sphinx"),
        (
            "runner/run.py",
            "import witness.kernels.parent.devices",
            "witness.runner.run imports witness.kernels.parent.devices",
        ),
        ("novelty.py", "", "witness.novelty: novelty has no row in LAYERS"),
    ],
)
def test_a_planted_import_is_found(tmp_path: Path, module: str, source: str, breach: str) -> None:
    path = tmp_path / "witness" / module
    path.parent.mkdir(parents=True)
    path.write_text(source)
    assert breaches(tmp_path / "witness") == [breach]


# ---------------------------------------------------------------------------------------------------------------------
# Nothing names the place where it was written


def sources() -> list[Path]:
    """Return the project's own files: what git tracks or would track."""
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("this copy is not a git checkout")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return [ROOT / name for name in listed if name and (ROOT / name).is_file()]


def test_no_file_names_a_registry_or_this_machine() -> None:
    registries = ["pypi" + ".org", "python" + "hosted.org", "registry." + "npmjs", "conda." + "anaconda"]
    options = ["--" + "index-url", "--" + "extra-index-url", "--" + "find-links", "--" + "trusted-host"]
    here = [f"{ROOT}/", f"{sys.base_prefix}/bin", f"{sys.base_prefix}/lib"]
    words = registries + options + [place for place in here if not place.startswith("/usr/")]
    found = [
        f"{path.relative_to(ROOT)}: {word}"
        for path in sources()
        for word in words
        if word.encode() in path.read_bytes()
    ]
    assert found == []


def test_generated_files_are_ignored() -> None:
    stray = [path for path in sources() if {".build", ".nox", ".venv", "__pycache__"} & set(path.parts)]
    assert stray == []


# ---------------------------------------------------------------------------------------------------------------------
# Locks


def pins(lock: Path) -> list[tuple[Requirement, int]]:
    """Return each requirement that a lock pins, with its number of hashes."""
    entry = re.compile(r"^(\S.*?) \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.MULTILINE)
    return [(Requirement(line), hashes.count("--hash")) for line, hashes in entry.findall(lock.read_text())]


def name_of(requirement: str) -> str:
    return canonicalize_name(Requirement(requirement).name)


def needs(group: str) -> set[str]:
    """Return the names that a dependency group asks for, with those of the groups it includes."""
    names: set[str] = set()
    for need in GROUPS[group]:
        names |= needs(need["include-group"]) if isinstance(need, dict) else {name_of(need)}
    return names


def lock_of(group: str) -> Path:
    return ROOT / ("requirements.txt" if group == "book" else f"requirements-{group}.txt")


def pinned(lock: Path, name: str, python: str) -> str:
    """Return the one version of a package that a lock gives a Python on Linux."""
    there = {"python_version": python, "python_full_version": f"{python}.9", "sys_platform": "linux"}
    found = [
        str(pin.specifier)
        for pin, _ in pins(lock)
        if pin.name == name and (pin.marker is None or pin.marker.evaluate(there))
    ]
    assert len(found) == 1, f"{lock.name} gives Python {python} {found} for {name}"
    return found[0]


def test_every_group_has_its_lock() -> None:
    assert [lock.name for lock in LOCKS] == sorted(lock_of(group).name for group in GROUPS)


@pytest.mark.parametrize("group", GROUPS)
def test_a_lock_holds_its_group(group: str) -> None:
    wanted = needs(group)
    if group != "nox":
        wanted |= needs("book") | set(map(name_of, PROJECT["project"]["dependencies"]))
    assert wanted - {pin.name for pin, _ in pins(lock_of(group))} == set()


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_pins_everything_by_hash(lock: Path) -> None:
    lines = [line for line in lock.read_text().splitlines() if line and not line.startswith((" ", "#"))]
    assert len(lines) == len(pins(lock)) > 0
    assert all(re.match(r"==[^,*]+$", str(pin.specifier)) and pin.url is None for pin, _ in pins(lock))


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
@pytest.mark.parametrize("group", ["book", "dask", "dev", "cuda13", "tpu"])
def test_jax_is_the_one_this_python_can_have(group: str, python: str) -> None:
    wanted = "==0.10.2" if python == "3.11" else "==0.12"
    for name in ("jax", "jaxlib"):
        assert pinned(lock_of(group), name, python).startswith(wanted)


def test_locks_agree() -> None:
    ours = {(pin.name, str(pin.marker)): str(pin.specifier) for pin, _ in pins(lock_of("dev"))}
    other = [
        f"{lock.name}: {pin}, not {ours[key]}"
        for lock in LOCKS
        for pin, _ in pins(lock)
        if (key := (pin.name, str(pin.marker))) in ours and ours[key] != str(pin.specifier)
    ]
    assert other == []


# ---------------------------------------------------------------------------------------------------------------------
# The ways to run the project


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
    assert [call for call in called("lint") if call[0] == "mypy"] == [
        ["mypy", f"--python-version={python}"] for python in pythons
    ]


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
