"""How far each asserted comparison of the book is from failing, run after run: it must hold in other processes."""

from __future__ import annotations

import ast
import math
import re
import statistics
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tests.bench.reproduce import measuring
from tests.bench.row import Row
from tests.bench.sites import ROOT
from witness.python.cell import parse
from witness.reading.page_plan import read_file
from witness.reading.plan import Cell
from witness.reading.site import Site
from witness.records.store import Store
from witness.runner.environment import find
from witness.runner.facts import Facts
from witness.runner.local import Local
from witness.runner.progress import Progress
from witness.runner.run import run

SPREADS = 3.0
"""What is aimed at: so many standard deviations between the median of a comparison and its end."""

SAID = re.compile(r"^margin (\d+) (\d+) (\S+) (\S+)$", re.MULTILINE)


def margins(folder: Path, repeats: int, pages: Sequence[str] = ()) -> list[Row]:
    """Run pages that measure, each so often, in kernels of their own; a margin is a logarithm where both sides allow.

    The median and the standard deviation of the margins say how often a comparison fails that did not fail in these
    runs; a process that is disturbed now and then shows itself in the least.
    """
    docs = ROOT / "docs"
    names = list(pages) or measuring()
    plans = [plan for name in names if (plan := read_file(docs / f"{name}.md", name, Site(docs)))]
    found: dict[str, list[float]] = defaultdict(list)
    for number in range(repeats):
        facts = Facts(folder / str(number), reproducible=True)
        try:
            environment = find(facts)
        finally:
            facts.close()
        store = Store(folder / str(number) / environment.name)
        timed = [replace(plan, cells=[*map(telling, plan.cells)]) for plan in plans]
        run(timed, store, environment, Progress(), None, Local())
        for plan in plans:
            for place, margin in told(store, plan.page):
                found[f"{plan.path}:{place}"].append(margin)
        print(f"  run {number + 1} of {repeats}", flush=True)
    vary = {name: seen for name, seen in found.items() if len(set(seen)) > 1}
    near = sorted(vary, key=lambda name: spreads(vary[name]))
    for name in near:
        seen = vary[name]
        said = f"median {statistics.median(seen):.2g}, least {min(seen):.2g}, most {max(seen):.2g}"
        print(f"  {spreads(seen):6.1f} spreads  {name}: {said}", flush=True)
    failed = sum(min(seen) <= 0 for seen in vary.values())
    close = sum(spreads(seen) < SPREADS for seen in vary.values())
    what = f"comparisons that are asserted and differ from run to run, {len(vary)} in {repeats} runs: failed"
    return [
        Row(what, "", str(failed), None, "0", not failed),
        Row(f"… nearer to failing than {SPREADS:g} standard deviations", "", str(close), None, "0", not close),
    ]


def spreads(seen: Sequence[float]) -> float:
    """Return how many standard deviations the median is away from failing, by those margins that are below it.

    A run in which a comparison held by more than it does in others is no danger.
    """
    middle = statistics.median(seen)
    below = [(middle - it) ** 2 for it in seen if it < middle]
    return middle / math.sqrt(statistics.mean(below)) if below else math.copysign(math.inf, middle)


def telling(cell: Cell) -> Cell:
    """Return a cell that prints both sides of each comparison before it asserts it."""
    code = parse(cell.source)
    if not code.is_python or not code.executed:
        return cell
    lines = cell.source.split("\n")
    asserts = [node for node in ast.walk(code.executed) if isinstance(node, ast.Assert)]
    for node in sorted(asserts, key=lambda it: -it.lineno):
        indent, rest = lines[node.lineno - 1][: node.col_offset], lines[node.lineno - 1][node.col_offset :]
        if indent.strip() or not rest.startswith("assert"):
            continue
        pairs = ", ".join(f"({ast.unparse(less)}, {ast.unparse(more)})" for less, more in comparisons(node.test))
        if pairs:
            place = cell.place(node.lineno)
            lines[node.lineno - 1 : node.lineno - 1] = [
                f"{indent}try:",
                f"{indent}    for _n, (_less, _more) in enumerate([{pairs}]):",
                f"{indent}        print('margin', {place}, _n, float(_less), float(_more))",
                f"{indent}except Exception:",
                f"{indent}    pass",
            ]
    return replace(cell, source="\n".join(lines))


def comparisons(test: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield what an assert demands to be less, and than what."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        for part in test.values:
            yield from comparisons(part)
    elif isinstance(test, ast.Compare):
        sides = [test.left, *test.comparators]
        for left, operator, right in zip(sides, test.ops, sides[1:], strict=False):
            if isinstance(operator, (ast.Lt, ast.LtE)):
                yield left, right
            elif isinstance(operator, (ast.Gt, ast.GtE)):
                yield right, left


def told(store: Store, page: str) -> Iterator[tuple[str, float]]:
    """Yield where each comparison stands, and by how much it held."""
    record = store.read(page)
    for cell in record.cells if record else ():
        text = "\n".join(str(output.get("text", "")) for output in cell.outputs)
        for line, number, less, more in SAID.findall(text):
            name = line if number == "0" else f"{line} ({int(number) + 1})"
            yield name, margin(float(less), float(more))


def margin(less: float, more: float) -> float:
    """Return how far one figure is below the other: the logarithm of their ratio, where both are above zero."""
    return math.log(more / less) if min(less, more) > 0 else more - less
