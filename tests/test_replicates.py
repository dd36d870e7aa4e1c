"""Pages that measure are run again in fresh kernels: the spread is shown, and a fault in any run is the page's."""

from __future__ import annotations

import math
import random
import re
import statistics
import subprocess
import uuid
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.building import THEIRS, Site, page, text_of
from witness.records.between import Between
from witness.records.page_record import CellRecord, LiveValue, OtherRun, PageRecord, Replicate
from witness.records.replicate import Together, combined, disagreeing, line, medians
from witness.records.timing import Timing
from witness.runner.repeat import timed

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
    assert "a page runs at least once" in done.stderr


def test_medians_are_those_of_the_same_statement_in_the_same_place() -> None:
    run = Replicate("", 1.0, [OtherRun(2, False, "f()", 1.0), OtherRun(2, True, "g()", 2.0)], [])
    other = Replicate("", 1.0, [OtherRun(2, False, "h()", 3.0)], [])
    assert medians([run, other], 2, False, 0, "f()") == [1.0]
    assert medians([run, other], 2, True, 0, "g()") == [2.0]
    assert medians([run, other], 2, False, 1, "f()") == []


def page_record(live: list[LiveValue], *others: Replicate) -> PageRecord:
    return PageRecord("a", "", {}, "", 1.0, [], live, replicates=list(others))


def number(expression: str, value: float, form: str = "", *, measured: bool = True) -> LiveValue:
    return LiveValue(expression, form, 1, str(value), kind="number", number=value, measured=measured)


def others(*values: float) -> list[Replicate]:
    return [Replicate("", 1.0, [], [str(value)], [value]) for value in values]


def test_a_number_in_prose_is_the_median_and_says_how_far_it_holds() -> None:
    (it,) = combined(page_record([number("r", 0.81, "ratio")], *others(1.42, 1.38, 1.50, 1.46)))
    assert it.text == "1.4×"
    assert re.fullmatch(r"median of 5 processes, 95% interval between them 0\.\d+× to \d\.\d×", it.told)


def test_an_interval_in_prose_is_the_one_between_processes_or_unknown() -> None:
    value = number("r", 1.0, "ratio interval")
    assert combined(page_record([value], *others(1.02, 1.01)))[0].text == "0.96× to 1.1×"
    alone = replace(value, text="unknown from one process")
    assert combined(page_record([alone])) == [
        Together("r", "unknown from one process", [alone.text], "in one process, which says nothing of the next")
    ]


def test_only_of_what_a_clock_says_one_process_is_told_to_say_nothing_of_the_next() -> None:
    sources = ["took = time.time()", "took = [took]\nplace = jax.devices()[0]", "took = []"]
    cells = [CellRecord(place, 1, source, 0.0, place, []) for place, source in enumerate(sources, 1)]
    live = [
        LiveValue(expression, "", 1, "", after, "number", number=1.0, measured=True)
        for expression, after in (("took", 1), ("len(took)", 2), ("place", 2), ("len(took)", 3), ("1 + 1", 0))
    ]
    record = replace(page_record(live), cells=cells)
    assert [bool(it.told) for it in combined(record, timed(record))] == [True, True, False, False, False]


@pytest.mark.parametrize("runs", [3, 5, 7])
def test_a_word_and_the_number_it_is_made_of_agree(runs: int) -> None:
    r = random.Random(runs)
    for _ in range(200):
        ratios = [r.lognormvariate(0, 0.2) for _ in range(runs)]
        words = ["slower" if ratio > 1 else "faster" for ratio in ratios]
        live = [number("r", ratios[0]), LiveValue("w", "", 1, words[0], kind="text", measured=True)]
        again = [Replicate("", 1.0, [], ["", words[k]], [ratios[k], None]) for k in range(1, runs)]
        _, word = combined(page_record(live, *again))
        assert word.text == ("slower" if statistics.median(ratios) > 1 else "faster")


def test_a_whole_number_stays_whole_and_a_value_that_is_the_same_is_told_nothing_of() -> None:
    assert combined(page_record([number("n", 3)], *others(4, 5, 6)))[0].text == "4"
    assert combined(page_record([number("n", 3, measured=False)], *others(3, 3)))[0].told == ""


def test_a_value_without_a_clock_that_differs_is_a_contradiction() -> None:
    live = [number("n", 3, measured=False)]
    assert [(value.expression, found) for value, found in disagreeing(page_record(live, *others(3, 4)))] == [
        ("n", ["3", "3", "4"])
    ]
    assert [*disagreeing(page_record([number("n", 3)], *others(4)))] == []


def test_a_process_far_slower_than_the_rest_is_named_and_moves_the_figure_little() -> None:
    told = line(Timing("f()", 1, [0.001], [], "execution", "by hand"), [0.00101, 0.00102, 0.00099, 0.011])
    assert told.startswith("1.0 ms a call (median of 5 processes;")
    assert told.endswith("one process of 5 far off: 11 times the median")


def test_two_processes_have_a_range_and_no_interval() -> None:
    told = line(Timing("f()", 1, [0.001], [], "execution", "by hand"), [0.0012])
    assert told == "1.1 ms a call (median of 2 processes; they had 1.0 to 1.2 ms)"


@pytest.mark.parametrize(
    ("runs", "apart", "wanted"),
    [(3, 0.0, (0.96, 1.0)), (5, 0.0, (0.96, 1.0)), (5, 1.0, (0.80, 0.95))],
)
def test_the_interval_holds_another_builds_figure_about_as_often_as_it_says(
    runs: int, apart: float, wanted: tuple[float, float]
) -> None:
    """Also where builds are apart by as much as the processes of one: then a little less often."""
    r = random.Random(runs)
    held = 0
    for _ in range(1000):
        builds = [[math.exp(shift + r.gauss(0, 0.1)) for _ in range(runs)] for shift in (0.0, r.gauss(0, 0.1 * apart))]
        one, other = (Between(tuple(build)) for build in builds)
        assert one.interval
        held += one.interval[0] <= other.figure <= one.interval[1]
    assert wanted[0] <= held / 1000 <= wanted[1]


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


WATCH = """\
import time

class Watch:
    def __enter__(self):
        self.began = time.perf_counter()
        return self

    def __exit__(self, *_):
        self.took = time.perf_counter() - self.began
"""


def test_another_run_goes_on_to_a_clock_that_is_in_a_module(tmp_path: Path) -> None:
    cells = ("%timeit -n 1 -r 1 pass", "from helper import Watch", "with Watch():\n    open('runs', 'a').write('x')")
    site = Site.at(tmp_path, {"a": page(*cells)}, THEIRS)
    (tmp_path / "docs" / "helper.py").write_text(WATCH)
    done = site.build("-D", "witness_replicates=3")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "docs" / "runs").read_text() == "xxx"


def test_a_page_whose_only_clock_is_in_a_module_is_run_as_often_as_one_that_measures(tmp_path: Path) -> None:
    cells = ("from helper import Watch", "with Watch() as watch:\n    open('runs', 'a').write('x')")
    still = page("open('once', 'a').write('x')")
    prose = "It took {live}`watch.took:time`."
    site = Site.at(tmp_path, {"a": page(*cells, prose=prose), "b": still}, THEIRS)
    (tmp_path / "docs" / "helper.py").write_text(WATCH)
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
