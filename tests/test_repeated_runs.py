"""Pages that measure are run again in fresh kernels: the spread is shown, and a fault in any run is the page's."""

from __future__ import annotations

import re
import statistics
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.building import STOPWATCH, THEIRS, Site, page, text_of

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


def test_a_page_that_measures_runs_so_often_each_time_in_a_process_of_its_own(history: History) -> None:
    assert history.asked.returncode == 0, history.asked.stderr
    (values,) = re.findall(r"<code>pid</code>: \d+ \(.*?\); the runs had ([\d; ]+)</li>", history.html)
    assert len(set(values.split("; "))) == 3
    assert re.findall(r"built: pid[^>]*>(\d+)<", history.html) == [str(statistics.median(map(int, values.split("; "))))]


def test_the_text_shows_the_median_and_says_what_differed(history: History) -> None:
    text = text_of(history.html)
    assert "Run 3 times, each time in a process of its own." in text
    assert "1 value in it differed" in text
    assert "<code>40 + 2</code>" not in history.html
    assert re.search(r"built: pid \(median of 3 processes, 95% interval between them", history.html)


def test_a_timing_is_the_median_of_its_processes_with_an_interval_between_them(history: History) -> None:
    text = text_of(history.html)
    between = r"ms a call \(median of 3 processes; 95% interval between them [\d.]+ to [\d.]+ ms\)"
    assert len(re.findall(between, text)) == 2
    assert "In the first process: " in text
    assert "95% interval within it" not in text.split("In the first process")[0]
    downloaded = (history.site.folder / "html" / "measures.ipynb").read_text("utf-8")
    assert "95% interval between them" in downloaded


def test_a_page_that_does_not_measure_runs_once(history: History) -> None:
    assert history.site.record("not").replicates == []
    assert "times, each time" not in (history.site.html("not") or "")


def test_more_runs_than_there_were_make_a_record_stale_and_fewer_do_not(history: History) -> None:
    assert history.fewer.returncode == 0, history.fewer.stderr
    assert history.site.ran(history.fewer) == []
    assert history.fewer_html == history.html
    assert history.site.ran(history.more) == ["measures"]
    assert len(history.site.record("measures").replicates) == 3


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
        return site.witness("run", "docs", "--records", "records", *arguments)

    done = run("--replicates", "2")
    assert done.returncode == 0, done.stderr
    assert len(site.record("measures").replicates) == 1
    assert site.ran(run()) == []
    none = run("--replicates", "0")
    assert none.returncode == 2
    assert "expected a whole number from 1" in none.stderr


def test_no_run_at_all_is_refused(tmp_path: Path) -> None:
    done = Site.at(tmp_path, {"a": page("1")}).build("-D", "witness_replicates=0")
    assert done.returncode == 2
    assert "witness_replicates is 0; expected a whole number above 0" in done.stderr


SPLIT = """\
import pathlib, time
path = pathlib.Path({path!r})
runs = path.read_text() if path.exists() else ""
path.write_text(runs + "x")
start = time.perf_counter()
spent = time.perf_counter() - start"""


@pytest.mark.slow
def test_another_run_ends_where_no_clock_reaches_further(tmp_path: Path) -> None:
    runs, after = tmp_path / "runs", tmp_path / "after"
    more = f"open({str(after)!r}, 'a').write('x');\nprint('nothing of the clock')"
    cells = (SPLIT.format(path=str(runs)), "assert spent < 9", more)
    site = Site.at(tmp_path, {"a": page(*cells)})
    done = site.build("-D", "witness_replicates=3")
    assert "1 page in" in done.stderr, done.stderr
    assert (runs.read_text(), after.read_text()) == ("xxx", "x")


def test_another_run_goes_on_to_a_clock_that_is_in_a_module(tmp_path: Path) -> None:
    cells = (
        "%timeit -n 1 -r 1 pass",
        "from helper import Stopwatch",
        "with Stopwatch():\n    open('runs', 'a').write('x')",
    )
    site = Site.at(tmp_path, {"a": page(*cells)}, THEIRS)
    (tmp_path / "docs" / "helper.py").write_text(STOPWATCH)
    done = site.build("-D", "witness_replicates=3")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "docs" / "runs").read_text() == "xxx"


def test_a_page_whose_only_clock_is_in_a_module_is_run_as_often_as_one_that_measures(tmp_path: Path) -> None:
    cells = ("from helper import Stopwatch", "with Stopwatch() as watch:\n    open('runs', 'a').write('x')")
    still = page("open('once', 'a').write('x')")
    prose = "It took {live}`watch.took:time`."
    site = Site.at(tmp_path, {"a": page(*cells, prose=prose), "b": still}, THEIRS)
    (tmp_path / "docs" / "helper.py").write_text(STOPWATCH)
    runs, once = tmp_path / "docs" / "runs", tmp_path / "docs" / "once"
    site.right()
    assert runs.read_text() == once.read_text() == "x"
    assert "in one process, which says nothing of the next" in (site.html("a") or "")
    for _ in range(2):  # enough runs are enough for the next build
        site.right("-D", "witness_replicates=3")
        assert (runs.read_text(), once.read_text()) == ("xxxx", "x")
        assert "median of 3 processes" in (site.html("a") or "")


def test_a_value_that_no_clock_is_in_and_that_differs_fails_the_page_with_its_line(tmp_path: Path) -> None:
    cells = (SPLIT.format(path=str(tmp_path / "runs")), "count = len(runs)", "print(spent >= 0)")
    top, last = page(*cells, prose="").split("```{code-cell} python\nprint(spent")
    text = f"{top}There were {{live}}`count`.\n\n```{{code-cell}} python\nprint(spent{last}"
    site = Site.at(tmp_path, {"a": text})
    done = site.build("-D", "witness_replicates=3")
    assert done.returncode == 1
    line = text.splitlines().index("There were {live}`count`.") + 1
    assert f"docs/a.md:{line}: " in done.stderr
    assert "unsteady-value: expected one value of {live}`count` in all runs" in done.stderr
    assert "`0` in run 1, `1` in run 2, `2` in run 3" in done.stderr


@pytest.mark.slow
def test_a_replicate_that_is_killed_fails_the_page_and_names_the_run(tmp_path: Path) -> None:
    dies = SPLIT.format(path=str(tmp_path / "runs")) + "\nimport os\nif len(runs) == 1: os.kill(os.getpid(), 9)"
    site = Site.at(tmp_path, {"a": page(dies)})
    done = site.build("-D", "witness_replicates=3")
    assert done.returncode == 1
    assert re.search(r"docs/a\.md:\d+: .*kernel-died: .*SIGKILL.* \(in run 2 of 3\)", done.stderr)
    assert site.html("a") is None


@pytest.mark.slow
@pytest.mark.parametrize("number", [1, 2])
def test_a_statement_that_is_longer_than_the_budget_fails_the_page_and_names_the_run(
    number: int, tmp_path: Path
) -> None:
    count = SPLIT.format(path=str(tmp_path / "runs"))
    timed = f"%timeit -n 1 -r 1 time.sleep(60 if len(runs) == {number - 1} else 0.001)"
    text = page(count, timed, head="witness: {cell_budget: 3}")
    site = Site.at(tmp_path, {"a": text})
    done = site.build("-D", "witness_replicates=3")
    assert done.returncode == 1
    line = text.splitlines().index(timed) + 1
    run = rf" \(in run {number} of 3\)" if number > 1 else ""
    assert re.search(rf"docs/a\.md:{line}: .*cell-budget: expected .*3 s.*{run}", done.stderr), done.stderr
    assert site.html("a") is None


@pytest.mark.slow
def test_runs_take_turns_with_what_only_one_process_may_hold(tmp_path: Path) -> None:
    taken = f"device = socket.socket(socket.AF_UNIX)\ndevice.bind('\\x00{uuid.uuid4()}')"  # no other may have the name
    device = f"import socket, time\n{taken}\ntime.perf_counter()"
    site = Site.at(tmp_path, {"a": page(device, "%timeit -n 1 -r 3 time.sleep(0.001)")})
    site.right("-W", "-D", "witness_replicates=4")
    assert len(site.record("a").replicates) == 3
