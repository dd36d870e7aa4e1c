"""What measuring costs and how much its figures differ, against the stock ``%timeit``; what watching a cell costs."""

from __future__ import annotations

import dataclasses
import itertools
import json
import re
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nbclient
import nbformat

from tests.bench.row import Row
from tests.bench.sites import ROOT
from witness.lint.pages import read_file
from witness.reading.site import Site
from witness.runner.execution import PREAMBLE

MAGIC = re.compile(r"^(\s*)(\w+\s*=\s*)?%timeit((?: +-(?:[tcqo]|[nrpv] *\w+))*) +(.+)$", re.MULTILINE)

BOTH = """
import statistics as _statistics
import time as _time

from witness.records.codec import decode as _decode
from witness.records.timing import Timing as _Timing

_magic = get_ipython()._witness._parts["timings"]
_told = []

def _measured(statement, turn={turn}, seen=set()):
    known = "next(" in statement or "drifting" in statement or statement in seen
    seen.add(statement)
    if known:  # what changes from call to call has no figure to compare, and a loop's first turn speaks for all
        return _magic.timeit("-o -q -n 1 -r 9 " + statement)
    results = {{}}
    for name in ("stock", "ours") if turn % 2 else ("ours", "stock"):
        began = _time.perf_counter()
        result = (_magic._stock if name == "stock" else _magic.timeit)("-o -q " + statement, local_ns={{}})
        spent = _time.perf_counter() - began
        # the figure that each of them prints
        figure = result.average if name == "stock" else _statistics.median(result.timings)
        results[name] = result
        if name == "stock":
            _told.append([statement, name, spent, figure, "", [], result.all_runs])
        else:
            timing = _decode(_Timing, _magic._seen[-1])
            _told.append([statement, name, spent, figure, timing.kind, timing.marks])
    return results["ours"]
"""
"""Measures a statement with both, and keeps the time that each took, and its figure."""

EMPTY = """
_magic, _told = get_ipython()._witness._parts["timings"], []
for _turn in range(30):
    for _name in ("stock", "ours"):
        _result = (_magic._stock if _name == "stock" else _magic.timeit)("-o -q -n 1000000 -r 5 pass")
        _told.append(["pass", _name, 0.0, sorted(_result.timings)[2]])
"""

WATCHED = """
import time
import jax.numpy as jnp
_shell, _told = get_ipython(), []
_watcher, _hooks = _shell._witness, ("pre_run_cell", "post_run_cell")

def _cells(count=50):
    began = time.perf_counter()
    for _ in range(count):
        _shell.run_cell("x = jnp.ones(3).shape", store_history=False)
    return (time.perf_counter() - began) / count

_cells()
for _turn in range(40):
    _told.append(["a cell", "ours", _cells(), 0.0])
    for _hook, _callback in zip(_hooks, (_watcher.before, _watcher.after)):
        _shell.events.unregister(_hook, _callback)
    _told.append(["a cell", "stock", _cells(), 0.0])
    for _hook, _callback in zip(_hooks, (_watcher.before, _watcher.after)):
        _shell.events.register(_hook, _callback)
"""


@dataclass(frozen=True)
class Measured:
    """One statement, measured once by one of the two."""

    statement: str
    name: str
    spent: float
    figure: float
    kind: str = ""
    marks: Sequence[str] = ()
    """What ours says against the figure."""
    runs: Sequence[float] = ()
    """Seconds of each of stock's runs, of which its figure is the mean."""

    def within(self, seconds: float) -> float:
        """Return what stock would have printed in so much time: it finds the number of loops, then runs one by one."""
        finding = self.spent - sum(self.runs)
        fit = sum(finding + total <= seconds for total in itertools.accumulate(self.runs))
        return self.figure * statistics.mean(self.runs[: max(fit, 1)]) / statistics.mean(self.runs)


Turn = tuple[Measured, Measured]
"""One statement, measured by the stock magic and by ours, in one process."""


def measure(folder: Path, repeats: int) -> list[Row]:
    """Time spent measuring on the pages that do, and how much the figures differ from run to run: a quiet machine."""
    return [*compared(folder, repeats, "quiet"), empty(folder)]


def measure_busy(folder: Path, repeats: int) -> list[Row]:
    """The same beside another program that keeps a core busy."""
    with busy_core():
        return compared(folder, repeats, "beside a busy core")


def capture(folder: Path, repeats: int) -> list[Row]:
    """What the kernel extension costs a cell that measures nothing, in the kernel."""
    seconds: dict[str, list[float]] = defaultdict(list)
    for _ in range(repeats):
        for found in told(folder, [WATCHED]):
            seconds[found.name].append(found.spent)
    stock, ours = (statistics.median(seconds[name]) for name in ("stock", "ours"))
    cost = ours - stock
    what = "the extension's cost of a cell that measures nothing"
    return [Row(what, f"{stock * 1e3:.3f} ms", f"+{cost * 1e3:.3f} ms", None, "2 ms", cost <= 0.002)]


def compared(folder: Path, repeats: int, where: str) -> list[Row]:
    """Return the rows of the two magics on the book's statements."""
    found = [
        one for turn in range(repeats) for page in pages() for one in told(folder, [BOTH.format(turn=turn), *page])
    ]
    spent = {name: sum(one.spent for one in found if one.name == name) / repeats for name in ("stock", "ours")}
    turns: dict[str, list[Turn]] = defaultdict(list)
    for statement in sorted({one.statement for one in found}):
        stock, ours = ([one for one in found if (one.statement, one.name) == (statement, name)] for name in spent)
        turns[statement] = list(zip(stock, ours, strict=True))
    for statement, pairs in turns.items():
        print(f"  {where}: {statement}")
        for name, measured in zip(spent, zip(*pairs, strict=True), strict=True):
            shown = " ".join(f"{one.figure:.4g}{'*' * bool(one.marks)}" for one in measured)
            print(f"    {name:5} {shown}  spread {spread([one.figure for one in measured]):.1%}", flush=True)
    # dispatch is no figure, and says so
    told_of = [pairs for pairs in turns.values() if all(ours.kind != "dispatch" for _, ours in pairs)]
    unmarked = [kept for pairs in told_of if len(kept := [pair for pair in pairs if not pair[1].marks]) > 1]
    ratio = spent["ours"] / spent["stock"]
    return [
        Row(f"measuring {len(turns)} statements, {where}", f"{spent['stock']:.1f} s", f"{spent['ours']:.1f} s",
            ratio, "1/2", ratio <= 0.5),
        spreads("… spread between processes, in the time that ours took,", [list(map(equal, it)) for it in told_of]),
        reported(spreads("… in the time that each takes by itself,", told_of)),
        reported(spreads("… and of what ours says nothing against,", unmarked)),
    ]  # fmt: skip


def equal(turn: Turn) -> Turn:
    """Return a turn with the figure that stock would have printed in the time that ours took."""
    stock, ours = turn
    return dataclasses.replace(stock, figure=stock.within(ours.spent)), ours


def reported(row: Row) -> Row:
    """Return a row without a bar."""
    return dataclasses.replace(row, bar="", holds=None)


def spreads(what: str, turns: Sequence[Sequence[Turn]]) -> Row:
    """Return the row of how much the figures of each statement differ, on average over the statements."""
    if all(len(pairs) < 2 for pairs in turns):
        return Row(f"{what} of which there is none", "", "", None, "1", None)
    stock, ours = ([spread([pair[place].figure for pair in pairs]) for pairs in turns] for place in (0, 1))
    low, high = by_chance(stock, ours)
    counted = f"{sum(map(len, turns))} figures of {len(turns)} statements"
    told = f"{what} {counted}; chance makes {low:.2f} to {high:.2f} of equal ones"
    means = statistics.mean(stock), statistics.mean(ours)
    return Row(told, f"{means[0]:.1%}", f"{means[1]:.1%}", means[1] / means[0], "1", means[1] <= means[0])


def empty(folder: Path) -> Row:
    """Return the row of the empty statement: what the clock itself costs, in turn."""
    times: dict[str, list[float]] = defaultdict(list)
    for found in told(folder, [EMPTY]):
        times[found.name].append(found.figure)
    stock, ours = (statistics.median(times[name]) for name in ("stock", "ours"))
    what = "an empty statement"
    return Row(
        what, f"{stock * 1e9:.2f} ns", f"{ours * 1e9:.2f} ns", ours / stock, "1 ± 0.05", 0.95 < ours / stock < 1.05
    )


def by_chance(stock: Sequence[float], ours: Sequence[float]) -> tuple[float, float]:
    """Return the range of 95% of the ratios of mean spreads, if it were chance which of a statement's two is whose.

    Every way to exchange them counts (R. A. Fisher, The Design of Experiments, 1935, section 21).
    """
    both = sum(stock) + sum(ours)
    pairs = list(zip(ours, stock, strict=True))
    ratios = sorted(above / (both - above) if both > above else 1.0 for above in map(sum, itertools.product(*pairs)))
    return ratios[round(0.025 * (len(ratios) - 1))], ratios[round(0.975 * (len(ratios) - 1))]


def spread(figures: Sequence[float]) -> float:
    """Return the standard deviation of figures over their mean."""
    return statistics.stdev(figures) / statistics.mean(figures) if len(figures) > 1 else 0.0


def pages() -> Iterator[list[str]]:
    """Yield the cells of each page that measures by ``%timeit``, with every such line handed to both."""
    for path in sorted((ROOT / "docs").rglob("*.md")):
        plan = read_file(path, path.relative_to(ROOT / "docs").with_suffix("").as_posix(), Site(ROOT / "docs"))
        if plan and any("%timeit" in cell.source for cell in plan.cells):
            yield [MAGIC.sub(lambda line: f"{line[1]}{line[2] or ''}_measured({line[4]!r})", cell.source)
                   for cell in plan.cells]  # fmt: skip


def told(folder: Path, cells: Sequence[str]) -> list[Measured]:
    """Run cells in a fresh kernel that has the extension, and return what they measured.

    A page's claims about its own figures need not hold of these.
    """
    sources = [PREAMBLE, *cells, "import json\nprint(json.dumps(_told))"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    resources = {"metadata": {"path": str(folder)}}
    client = nbclient.NotebookClient(notebook, timeout=1200, allow_errors=True, resources=resources)
    executed = client.execute()
    return [Measured(*values) for values in json.loads(executed.cells[-1].outputs[0]["text"])]


@contextmanager
def busy_core() -> Iterator[None]:
    """Keep one core busy."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        process.kill()
        process.wait()
