"""Each fault stops the build on every run, names page and line, spares the other pages, and leaves nothing behind."""

from __future__ import annotations

import re
import subprocess
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from tests.building import Site, page

CASES = Path(__file__).parent / "faults"
NAMES = sorted(case.name for case in CASES.iterdir())


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    pages = {name: (CASES / name / "page.md").read_text("utf-8") for name in NAMES}
    return Site.at(tmp_path_factory.mktemp("faults"), {**pages, "good": page("6 * 7", prose="It is {live}`6 * 7`.")})


@pytest.fixture(scope="module")
def builds(site: Site) -> list[subprocess.CompletedProcess[str]]:
    """Return two builds of all cases, one after the other, without -W."""
    return [site.build(), site.build("-W", "--keep-going")]


def says(log: str, name: str, expected: str) -> bool:
    """Return whether a line of the log about a case matches the expected one."""
    pattern = f"*docs/{name}.md:{expected.removeprefix('page.md:')}".replace("[", "[[]")
    return any(fnmatchcase(line, f"{pattern}*") for line in log.splitlines())


@pytest.mark.parametrize("name", NAMES)
def test_a_fault_is_named_at_its_line_on_every_run(
    name: str, site: Site, builds: list[subprocess.CompletedProcess[str]]
) -> None:
    expected = (CASES / name / "expected.txt").read_text("utf-8").splitlines()
    for build in builds:
        for line in expected:
            assert says(build.stderr, name, line), f"no line like {line!r} in\n{build.stderr}"
    assert site.html(name) is None


def test_a_build_with_faults_ends_with_an_error_every_time(builds: list[subprocess.CompletedProcess[str]]) -> None:
    assert [build.returncode for build in builds] == [1, 1]


def test_other_pages_are_published(site: Site, builds: list[subprocess.CompletedProcess[str]]) -> None:
    html = site.html("good")
    assert html
    assert re.search(r'class="live"[^>]*>42<', html)


def test_good_pages_run_once(site: Site, builds: list[subprocess.CompletedProcess[str]]) -> None:
    assert ["good" in site.ran(build) for build in builds] == [True, False]


def test_no_log_holds_a_traceback_of_the_build(builds: list[subprocess.CompletedProcess[str]]) -> None:
    for build in builds:
        assert "sphinx-err" not in build.stderr
        assert "tornado" not in build.stderr
