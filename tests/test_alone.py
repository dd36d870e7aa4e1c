"""Cells that use clocks run alone: from the cell by which it is known, and while one runs from cell to cell."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.building import CONF, STOPWATCH, Site, page
from witness.python.open_clocks import quiet
from witness.reading.plan import Cell, Plan
from witness.records.kinds import CLOCKS, CONDITIONS
from witness.runner.alone import TIME, Alone
from witness.runner.scheduler import Turn

SPANS = {
    "a difference later": ("1 2", ["import time", "t = time.time()", "w()", "print(time.time() - t)", "x = 1"]),
    "both ends named": ("0 1", ["from time import time as c\na = c()", "w()", "b = c()", "b - a"]),
    "to the last": ("0 1 2 3", ["import time\na = time.time()", "time.time() - a", "w()", "x = 1", "time.time() - a"]),
    "a date": ("0", ["from datetime import datetime\na = datetime.now()", "f'{datetime.now() - a}'"]),
    "of a zone": ("0", ["from datetime import datetime, UTC\na = datetime.now(UTC)", "b = datetime.now(UTC)", "b - a"]),
    "by a function": ("1 2", ["import time\ndef now():\n    return time.time()", "a = now()", "w()", "now() - a"]),
    "what functions measure": ("", ["a = toc(f)", "b = toc(g)", "b - a"]),
    "tic and toc": ("0 1", ["tic()", "w()", "toc()", "w()", "tic()\nw()\ntoc()", "toc()"]),
    "of a module": ("0 1", ["m.tic()", "w()", "m.toc()"]),
    "of an object": ("0 1", ["watch.start()", "w()", "watch.stop()"]),
    "within a cell": ("", ["import time\nt = time.time()\nw()\ntime.time() - t", "time.time()"]),
    "named anew": (
        "",
        ["import time\nt = time.time()", "t = time.time()\nfor _ in r:\n    t = 1\n    time.time() - t"],
    ),
    "what is timed": ("", ["r = %timeit -o f()", "s = %timeit -o g()", "s.best - r.best"]),
    "never stopped": ("", ["tic()", "w()"]),
    "something else": ("", ["thread.start()", "w()", "thread.stop()", "tic"]),
}
KNOWN = ["tic", "toc", "m.tic", "m.toc", "watch.start", "watch.stop"]


@pytest.mark.parametrize("case", SPANS)
def test_a_clock_that_runs_from_cell_to_cell_keeps_the_machine(case: str) -> None:
    wanted, cells = SPANS[case]
    alone, kept = quiet(cells, KNOWN)
    found = [number for number, it in enumerate(kept) if it]
    assert found == [int(number) for number in wanted.split()]
    assert all(alone[number] and alone[number + 1] for number in found)


def plan(*cells: str, stated: bool = False) -> Plan:
    made = [Cell(number, 1, cell) for number, cell in enumerate(cells, 1)]
    return Plan("p", "p.md", "python3", made, lane_stated=stated)


def turn(alone: Alone, cell: Cell, *beside: str) -> Turn:
    use, holds_up = alone.use(cell)
    return Turn("p", use, holds_up, None, beside=set(beside))  # type: ignore[arg-type]  # nobody waits


def out(text: str) -> list[dict[str, str]]:
    return [{"output_type": "stream", "name": "stdout", "text": text}]


def test_cells_below_the_one_by_which_it_is_known_run_alone() -> None:
    page = plan("from m import tic", "tic()", "x = 1", "def g():\n    tic()", "g()")
    alone = Alone(page, ())
    assert "'tic'" in alone.question
    first = page.cells[0]
    assert alone.told(first, turn(alone, first, "q"), {CLOCKS.name: ["tic"], "work": 1}, []) == {"work": 1}
    assert [alone.use(cell)[0] == "alone" for cell in page.cells] == [False, True, False, False, True]
    assert not alone.too_late


def test_what_is_known_by_its_module_is_known_where_it_is_imported_from_there() -> None:
    page = plan("import m\nm.f", "from m import f as g, h\ng()", "h()")
    alone = Alone(page, ["m.f"])
    assert [alone.use(cell)[0] == "alone" for cell in page.cells] == [True, True, False]


@pytest.mark.parametrize(("beside", "late"), [((), False), (("q",), True)])
def test_a_cell_that_turns_out_to_read_a_clock_is_too_late_if_others_ran_beside_it(
    beside: tuple[str, ...], late: bool
) -> None:
    page = plan("from m import tic\ntic()")
    alone = Alone(page, ())
    told = alone.told(
        page.cells[0], turn(alone, page.cells[0], *beside), {CLOCKS.name: ["tic"], CONDITIONS.name: ["busy"]}, []
    )
    assert alone.too_late == late
    assert told[CONDITIONS.name] == ["busy", "a shared machine: another page ran beside this cell"][: 1 + late]
    again = Alone(page, alone.clocks)
    assert again.use(page.cells[0])[0] == "alone"
    assert again.question == ""


def test_a_page_that_runs_once_and_may_read_a_clock_has_the_machine_to_itself() -> None:
    page = plan("from m import tic\ntic()", "x = 1")
    alone = Alone(page, (), whole=True)
    first = page.cells[0]
    assert {alone.use(cell)[0] for cell in page.cells} == {"alone"}
    assert CONDITIONS.name not in alone.told(first, turn(alone, first, "q"), {CLOCKS.name: ["tic"]}, out("3 s"))
    assert not alone.too_late
    assert Alone(plan("tic()", stated=True), (), whole=True).use(first)[0] != "alone"


def test_of_a_page_that_says_its_lane_nothing_is_asked() -> None:
    assert Alone(plan("tic()", stated=True), ()).question == ""
    assert Alone(plan("x = 1"), ()).question == ""


@pytest.mark.parametrize(
    ("text", "beside", "said"),
    [
        ("2.70 s", ["q", "r"], ["a shared machine: 2 other pages ran beside this cell"]),
        ("took 3 seconds", ["q"], ["a shared machine: another page ran beside this cell"]),
        ("2.70 s", [], None),
        ("half-life: 6.93e3 s", ["q"], None),
        ("after 1,000 minutes", ["q"], None),
        ("6930 ms", ["q"], ["a shared machine: another page ran beside this cell"]),
        ("1-2 s, 9 it/s", ["q"], ["a shared machine: another page ran beside this cell"]),
        ("2.70 squares", ["q"], None),
        ("{ \x1b[34;1mlambda \x1b[39;22m; a. \x1b[34;1min \x1b[39;22m(a,) }", ["q"], None),
        ("x = 3", ["q"], None),
    ],
)
def test_a_cell_that_prints_what_looks_like_a_time_is_said_to_have_shared_the_machine(
    text: str, beside: list[str], said: list[str] | None
) -> None:
    page = plan("measure()")
    alone = Alone(page, ())
    alone._began -= 5
    told = alone.told(page.cells[0], turn(alone, page.cells[0], *beside), {CONDITIONS.name: ["busy"]}, out(text))
    assert told.get(CONDITIONS.name) == said
    assert not alone.too_late


@pytest.mark.parametrize(
    ("text", "looks"),
    [
        *(
            (text, True)
            for text in ("0.3s", "12 ms", "5 µs", "7 μs", "8 ns", "1 min", "9.1it/s", "4 Seconds", "2 secs")
        ),
        *((text, False) for text in ("3", "float32[8]", "3 samples", "v2s", "100 m", "(8, s)", "12 MB", "s 3")),
        *((text, False) for text in ("1990s", "1.5\nmin", "7\ns", "12 S")),
    ],
)
def test_what_looks_like_a_time(text: str, looks: bool) -> None:
    assert bool(TIME.search(text)) == looks


MEET = """\
import pathlib, sys, time
sys.path.insert(0, {folder!r})
def meet(name, other):
    pathlib.Path({folder!r}, name).touch()
    for _ in range(6000):
        if pathlib.Path({folder!r}, other).exists():
            return
        time.sleep(0.01)
    raise TimeoutError(other)"""


USE = "with _watch.Stopwatch():\n    pass"


@pytest.mark.parametrize(("cells", "runs"), [([f"import _watch\n{USE}"], 2), (["import _watch", USE], 1)])
def test_a_page_whose_clock_is_seen_too_late_is_run_again_alone_and_only_then(
    tmp_path: Path, cells: list[str], runs: int
) -> None:
    meet = MEET.format(folder=str(tmp_path))
    count = f"with open({str(tmp_path / 'runs')!r}, 'a') as runs: runs.write('run\\n')"
    pages = {
        "times": page(f"{count}\n{meet}\nmeet('times', 'beside')\n{cells[0]}", *cells[1:]),
        "beside": page(f"{meet}\nmeet('beside', 'times')\nprint('9 ms')"),
    }
    site = Site.at(tmp_path / "site", pages, CONF.replace("witness_strict = True\n", ""))
    (tmp_path / "_watch.py").write_text(STOPWATCH)  # not beside the page, where it would be known to have a clock
    site.right("-W")
    assert len((tmp_path / "runs").read_text().splitlines()) == runs
    assert "a shared machine:" not in (site.html("times") or "")
    assert "a shared machine: another page ran beside this cell" in (site.html("beside") or "")


def test_nothing_runs_while_a_clock_runs_from_cell_to_cell(tmp_path: Path) -> None:
    meet = MEET.format(folder=str(tmp_path))
    span = [
        "began = time.time()",
        *["time.sleep(0.02)"] * 5,
        "print('from', began, 'to', time.time(), time.time() - began)",
    ]
    inner = (
        "a = globals()['time'].time()\nglobals()['time'].sleep(0.01)\nprint('from', a, 'to', globals()['time'].time())"
    )
    pages = {
        "spans": page(meet, "globals()['meet']('spans', 'beside')", *span),
        "beside": page(meet, "meet('beside', 'spans')", *[inner] * 40, head="witness: {lane: together}"),
    }
    site = Site.at(tmp_path / "site", pages)
    site.right("-W")
    ((began, ended),) = times(site.html("spans") or "")
    others = times(site.html("beside") or "")
    assert len(others) == 40
    assert all(end <= began or begin >= ended for begin, end in others)


def times(html: str) -> list[tuple[float, float]]:
    return [(float(begin), float(end)) for begin, end in re.findall(r"from ([\d.]+) to ([\d.]+)", html)]
