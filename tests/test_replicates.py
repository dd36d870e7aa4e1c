"""Pages that measure are run again in fresh kernels: the spread is shown, and a fault in any run is the page's."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.building import Site, page
from tests.programs import call
from witness.records.page_record import LiveValue, OtherRun, PageRecord, Replicate
from witness.records.replicate import Varied, medians, varied
from witness.records.store import Store

MEASURES = page(
    "import os, time\npid = os.getpid()",
    "%timeit -n 1 -r 3 time.sleep(0.001)",
    "r = %timeit -q -o -n 1 -r 3 time.sleep(0.002)",
    prose="Process {live}`pid`, always {live}`40 + 2`.",
)
COUNTS = """\
import pathlib, time
time.perf_counter()
runs = pathlib.Path({path!r})
runs.write_text(runs.read_text() + "x" if runs.exists() else "x")
assert len(runs.read_text()) != 3, "the third run is wrong\""""


@dataclass
class History:
    site: Site
    asked: subprocess.CompletedProcess[str]
    html: str
    fewer: subprocess.CompletedProcess[str]
    fewer_html: str
    more: subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    site = Site.at(tmp_path_factory.mktemp("replicates"), {"measures": MEASURES, "not": page("'measures nothing'")})
    asked = site.build("-W", "-D", "witness_replicates=3")
    html = site.html("measures") or ""
    fewer = site.build("-W")
    fewer_html = site.html("measures") or ""
    more = site.build("-W", "-D", "witness_replicates=4")
    return History(site, asked, html, fewer, fewer_html, more)


def record(site: Site, name: str) -> PageRecord:
    (path,) = (site.folder / "records").glob(f"jax-*/{name}.json")
    found = Store(path.parent).read(name)
    assert found
    return found


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html))


def test_a_page_that_measures_runs_so_often_each_time_in_a_process_of_its_own(history: History) -> None:
    assert history.asked.returncode == 0, history.asked.stderr
    (values,) = re.findall(r"<code>pid</code>: ([\d; ]+)</li>", history.html)
    assert len(set(values.split("; "))) == 3
    assert values.split("; ")[0] == re.findall(r'built: pid"[^>]*>(\d+)<', history.html)[0]


def test_the_text_shows_the_first_run_and_what_differed(history: History) -> None:
    text = text_of(history.html)
    assert (
        "Run 3 times, each time in a process of its own; the text shows the first run. 1 value in it differed" in text
    )
    assert "<code>40 + 2</code>" not in history.html
    assert len(re.findall(r"In 3 processes the median was [\d.]+ ms to [\d.]+ ms", text)) == 2


def test_a_page_that_does_not_measure_runs_once(history: History) -> None:
    assert record(history.site, "not").replicates == []
    assert "times, each time" not in (history.site.html("not") or "")


def test_more_runs_than_there_were_make_a_record_stale_and_fewer_do_not(history: History) -> None:
    assert history.fewer.returncode == 0, history.fewer.stderr
    assert history.site.ran(history.fewer) == []
    assert history.fewer_html == history.html
    assert history.site.ran(history.more) == ["measures"]
    assert len(record(history.site, "measures").replicates) == 3


def test_an_assert_that_fails_in_any_run_fails_the_page_and_names_the_run(tmp_path: Path) -> None:
    site = Site.at(tmp_path, {"counts": page(COUNTS.format(path=str(tmp_path / "runs")))})
    done = site.build("-D", "witness_replicates=5")
    assert done.returncode == 1
    assert re.search(r"docs/counts\.md:\d+: .*AssertionError: the third run is wrong \(in run 3 of 5\)", done.stderr)
    assert site.html("counts") is None
    assert (tmp_path / "runs").read_text() == "xxx"


def test_witness_run_takes_replicates(tmp_path: Path) -> None:
    site = Site.at(tmp_path, {"measures": MEASURES})

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return call("witness", "run", "docs", "--records", "records", *arguments, cwd=site.folder)

    done = run("--replicates", "2")
    assert done.returncode == 0, done.stderr
    assert len(record(site, "measures").replicates) == 1
    assert site.ran(run()) == []
    none = run("--replicates", "0")
    assert none.returncode == 2
    assert "expected a whole number from 1" in none.stderr


def test_no_run_at_all_is_refused(tmp_path: Path) -> None:
    done = Site.at(tmp_path, {"a": page("1")}).build("-D", "witness_replicates=0")
    assert done.returncode == 2
    assert "a page runs at least once" in done.stderr


def test_medians_are_those_of_the_same_statement_in_the_same_place() -> None:
    run = Replicate("", 1.0, [OtherRun(2, False, "f()", 1.0), OtherRun(2, True, "g()", 2.0)], [])
    other = Replicate("", 1.0, [OtherRun(2, False, "h()", 3.0)], [])
    assert medians([run, other], 2, False, 0, "f()") == [1.0]
    assert medians([run, other], 2, True, 0, "g()") == [2.0]
    assert medians([run, other], 2, False, 1, "f()") == []


def test_values_that_differ_are_told_once() -> None:
    live = [LiveValue(name, "", 1, text) for name, text in (("a", "1"), ("b", "2"), ("a", "1"))]
    assert varied(live, [Replicate("", 1.0, [], ["1", "3", "1"])]) == [Varied("b", ["2", "3"])]
    assert varied(live, [Replicate("", 1.0, [], ["4"])]) == [Varied("a", ["1", "4"])]
