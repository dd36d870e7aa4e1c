"""Builds at once, of the same records, without a network or JAX: each is right."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.building import CONF, Site, netless, page

NO_JAX = """
import json, sys

def note(app, error):
    with open(app.confdir / "jax-was-imported", "w") as file:
        json.dump("jax" in sys.modules, file)

def setup(app):
    app.connect("build-finished", note)
"""
FIGURE = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.gcf()"
BOTH = "import sys\nprint('on stdout')\nprint('on stderr', file=sys.stderr)\nprint('on stdout again')"


def many(folder: Path) -> Site:
    """Return a site of ten pages, one of which measures and one of which writes files."""
    pages = {f"p{number}": page(f"{number} + 100", prose=f"{{live}}`{number} * 2`") for number in range(6)}
    pages["writes"] = page("open('written.txt', 'w').write('x')\nimport os\nos.mkdir('made')")
    pages["streams"] = page(BOTH)
    pages["figure"] = page(FIGURE)
    pages["measures"] = page("import time\ntime.sleep(1)\ntime.perf_counter() > 0")
    return Site.at(folder, pages, CONF + NO_JAX)


def files(folder: Path) -> dict[str, bytes]:
    """Return what a build published."""
    return {
        name: path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not (name := path.relative_to(folder).as_posix()).startswith(".doctrees")
    }


def unequal(one: Mapping[str, bytes], other: Mapping[str, bytes]) -> list[str]:
    """Return the names of files that one build has and the other has not, or has otherwise."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def shows_all(site: Site, output: str) -> bool:
    """Return whether a build published every page with its outputs."""
    return all(
        f">{number + 100}\n" in (html := site.html(f"p{number}", output) or "") and f">{number * 2}<" in html
        for number in range(6)
    )


@pytest.fixture(scope="module")
def racing(tmp_path_factory: pytest.TempPathFactory) -> tuple[Site, list[subprocess.CompletedProcess[str]]]:
    """Return a site and three builds of it that were started at once: two into one folder, one into another."""
    site = many(tmp_path_factory.mktemp("racing"))
    commands = [site.command("-W", "-j", jobs, output=output) for jobs, output in RACE]
    started = [
        subprocess.Popen([*netless(), *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for command in commands
    ]
    done = []
    for process in started:
        out, err = process.communicate(timeout=600)
        done.append(subprocess.CompletedProcess(process.args, process.returncode, out, err))
    return site, done


RACE = [("auto", "html"), ("8", "html"), ("8", "other")]


def test_builds_at_once_are_right(racing: tuple[Site, list[subprocess.CompletedProcess[str]]]) -> None:
    site, done = racing
    assert [build.returncode for build in done] == [0, 0, 0], "\n".join(build.stderr for build in done)
    assert shows_all(site, "html")
    assert shows_all(site, "other")


def test_builds_at_once_run_each_page_once(racing: tuple[Site, list[subprocess.CompletedProcess[str]]]) -> None:
    site, done = racing
    ran = sorted(name for build in done for name in site.ran(build))
    assert ran == sorted(path.stem for path in (site.folder / "docs").iterdir() if path.stem != "index")


def test_who_waits_says_so(racing: tuple[Site, list[subprocess.CompletedProcess[str]]]) -> None:
    _, done = racing
    assert sum("waiting for it" in build.stderr for build in done) == 2


def test_two_builds_of_the_same_records_are_equal_to_the_byte(
    racing: tuple[Site, list[subprocess.CompletedProcess[str]]],
) -> None:
    site, _ = racing
    one, other = files(site.folder / "html"), files(site.folder / "other")
    assert len(one) > 20
    assert unequal(one, other) == []


def test_the_same_records_give_the_same_bytes_again_and_elsewhere(
    racing: tuple[Site, list[subprocess.CompletedProcess[str]]], tmp_path: Path
) -> None:
    site, _ = racing
    first = files(site.folder / "html")
    site.right("-W")
    assert unequal(first, files(site.folder / "html")) == []
    for name in ("docs", "conf", "records"):
        shutil.copytree(site.folder / name, tmp_path / "a longer name" / name)
    there = Site(tmp_path / "a longer name")
    done = there.build("-W", env={**os.environ, "TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "7"})  # another day
    assert done.returncode == 0, done.stderr
    assert there.ran(done) == []
    assert unequal(first, files(there.folder / "html")) == []


def test_a_page_that_writes_files_leaves_the_sources_alone(
    racing: tuple[Site, list[subprocess.CompletedProcess[str]]],
) -> None:
    site, _ = racing
    assert {path.suffix for path in (site.folder / "docs").iterdir()} == {".md"}


def test_the_build_never_imports_jax(racing: tuple[Site, list[subprocess.CompletedProcess[str]]]) -> None:
    site, _ = racing
    assert (site.folder / "conf" / "jax-was-imported").read_text() == "false"


def test_a_site_builds_without_a_network(racing: tuple[Site, list[subprocess.CompletedProcess[str]]]) -> None:
    if not netless():
        pytest.skip("this user cannot take the network away: unshare -rn")
    assert [build.returncode for build in racing[1]] == [0, 0, 0]


def test_stderr_is_kept_apart(racing: tuple[Site, list[subprocess.CompletedProcess[str]]]) -> None:
    html = racing[0].html("streams") or ""
    (folded,) = re.findall(r"<details[^>]*witness-stderr.*?</details>", html, re.DOTALL)
    assert "on stderr" in folded
    assert "on stdout" not in folded
    assert "on stdout\non stdout again" in re.sub(r"<[^>]+>", "", html)
