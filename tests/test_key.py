"""What makes a record stale: the code that decides its content, file by file, and no other code."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.building import ROOT
from tests.test_house import imports
from witness.runner.environment import UNRECORDED, WATCHING, capture_digest, sources

WITNESS = ROOT / "conf/witness"
FILES = [path.relative_to(WITNESS).as_posix() for path in sources()]
ROOTS = (
    *("runner/execution.py", "runner/machine_names.py", "runner/variables.py", "runner/source_guard.py"),
    *("runner/recorder.py", "runner/ledger.py", "runner/commit.py", "runner/repeat.py", "records/replicate.py"),
    *("runner/dask/__init__.py", "runner/dask/terms.py"),
)
"""What executes a page, what it is told to see, and what changes its record afterwards."""
ASKED = {"runner/environment.py", "runner/facts.py", "runner/freshness.py"}
"""Who is asked for what the key holds by its value."""


def reached() -> set[str]:
    """Return the files that run when a page is executed, as far as imports tell."""
    todo = [*ROOTS, *(file for file in FILES if file.startswith((*WATCHING, "kernels/")))]
    found: set[str] = set()
    while todo:
        file = todo.pop()
        if file in found or file not in FILES:
            continue
        found.add(file)
        if not file.endswith(".py"):
            continue
        module = ".".join(("witness", *Path(file).with_suffix("").parts))
        for name in imports((WITNESS / file).read_text(), module):
            parts = name.split(".")[1:]
            for length in range(1, len(parts) + 1):
                todo += ["/".join(parts[:length]) + ".py", "/".join(parts[:length]) + "/__init__.py"]
    return found


def test_what_runs_a_page_is_part_of_its_key() -> None:
    assert reached() & UNRECORDED == ASKED
    assert set(FILES) >= UNRECORDED
    together = {"runner/run.py", "runner/local.py", "runner/dask/worker.py"}
    """They import what runs a page and what does not."""
    assert set(FILES) - reached() - UNRECORDED == together


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("package") / "witness"
    shutil.copytree(WITNESS, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


@pytest.mark.parametrize("file", FILES)
def test_an_edit_makes_records_stale_if_they_may_depend_on_it(package: Path, file: str) -> None:
    before, text = capture_digest(package), (package / file).read_bytes()
    (package / file).write_bytes(text + b"\n# edited\n")
    try:
        assert (capture_digest(package) == before) == (file in UNRECORDED)
    finally:
        (package / file).write_bytes(text)


@pytest.mark.parametrize(
    "file", ["lint/rules/shape.py", "nodes/timing.py", "sphinx/build.py", "check/book.py", "cli.py"]
)
def test_what_only_reads_records_makes_none_stale(package: Path, file: str) -> None:
    before = capture_digest(package)
    (package / file).write_text("# edited\n")
    assert capture_digest(package) == before
