"""Whether what a build prints holds in the next one: the same pages, built several times."""

from __future__ import annotations

import math
import os
import statistics
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.bench.measure import busy_core
from tests.bench.row import Row
from tests.bench.sites import ROOT
from witness.reading.page_plan import read_file
from witness.reading.site import Site
from witness.records.between import Between
from witness.records.kinds import TIMINGS
from witness.records.page_record import PageRecord
from witness.records.replicate import combined, medians
from witness.records.store import Store
from witness.runner.freshness import measures

SHARE, WIDTH = 0.9, 1.5
"""What is aimed at: so many printed intervals hold another build's figure, at so many times the width in hindsight."""


@dataclass(frozen=True)
class Printed:
    """A figure as one build prints it, with the interval beside it."""

    figure: float
    low: float
    high: float

    def holds(self, other: Printed) -> bool:
        """Return whether another build's figure is in the interval."""
        return self.low <= other.figure <= self.high

    @property
    def width(self) -> float:
        """From end to end; of the logarithms, where there are any."""
        return distance(self.low, self.high)


def distance(a: float, b: float) -> float:
    """Return how far two figures are apart: by what factor, as a logarithm, where both are above zero."""
    return abs(math.log(a / b)) if min(a, b) > 0 else abs(a - b)


def reproduce(folder: Path, builds: int, replicates: int, pages: Sequence[str], busy: int) -> list[Row]:
    """Build pages that measure so often, ``busy`` of the times beside a busy core, and compare what is printed.

    Without replicates a timing prints its interval within the process, and a live value none.
    """
    wanted = list(pages) or measuring()
    done: list[dict[str, PageRecord]] = []
    for number in range(builds):
        with ExitStack() as stack:
            beside = (number + 1) * busy // builds > number * busy // builds
            if beside:
                stack.enter_context(busy_core())
            done.append(built(folder / str(number), wanted, replicates))
        load = os.getloadavg()[0]
        print(f"  build {number + 1} of {builds}{' beside a busy core' if beside else ''}, load {load:.1f}", flush=True)
    return [*intervals(done), flips(done)]


def measuring() -> list[str]:
    """Return the pages of the book that measure."""
    docs = ROOT / "docs"
    names = {path: path.relative_to(docs).with_suffix("").as_posix() for path in sorted(docs.rglob("*.md"))}
    plans = (read_file(path, name, Site(docs)) for path, name in names.items())
    return [plan.page for plan in plans if plan and measures(plan)]


def built(folder: Path, pages: Sequence[str], replicates: int) -> dict[str, PageRecord]:
    """Run pages into a store of their own and return their records, the failed ones too."""
    command = [sys.executable, "-m", "witness", "run", "--records", str(folder), "--replicates", str(replicates)]
    log = subprocess.run([*command, *pages], cwd=ROOT, capture_output=True, text=True, check=False)
    stores = [Store(path) for path in folder.iterdir() if path.is_dir()] if folder.exists() else []
    records = {name: found for store in stores for name in store.pages() if (found := store.read(name))}
    if not records:
        sys.exit(f"nothing was run:\n{log.stdout[-2000:]}{log.stderr[-2000:]}")
    return records


def printed(record: PageRecord) -> Iterator[tuple[str, Printed]]:
    """Yield each figure of a page that has an interval, by a name that is the same in each build."""
    for cell in record.cells:
        places: Counter[bool] = Counter()
        for timing in TIMINGS.of(cell.captured):
            others = medians(record.replicates, cell.number, timing.quiet, places[timing.quiet], timing.statement)
            places[timing.quiet] += 1
            figure = Between((timing.median, *others)).figure
            between = Between((timing.median, *others)).interval if others else timing.interval
            if between:
                name = f"{record.page}, cell {cell.number}, timing {sum(places.values())}: {timing.statement[:60]}"
                yield name, Printed(figure, *between)
    for place, value in enumerate(record.live):
        runs = [run.numbers[place] for run in record.replicates if place < len(run.numbers)]
        found = [number for number in (value.number, *runs) if number is not None]
        differs = value.measured and len(found) == len(runs) + 1 and len(set(found)) > 1
        between = Between(tuple(found)).interval if differs else None
        if between:
            name = f"{record.page}, live {place + 1}: {value.expression}"
            yield name, Printed(Between(tuple(found)).figure, *between)


def intervals(builds: Sequence[dict[str, PageRecord]]) -> list[Row]:
    """Return how many pairs of a printed interval and another build's figure agree, and how wide the intervals are."""
    figures: dict[str, list[Printed]] = defaultdict(list)
    for build in builds:
        for record in build.values():
            for name, figure in printed(record):
                figures[name].append(figure)
    found = {name: shown for name, shown in figures.items() if len(shown) > 1}
    if not found:
        return [Row("printed intervals, of which there is none in two builds", "", "", None, "", None)]
    shares = {name: share(shown) for name, shown in found.items()}
    for name, part in sorted(shares.items(), key=lambda it: it[1]):
        told = ", ".join(f"{it.figure:.3g} [{it.low:.3g}, {it.high:.3g}]" for it in found[name])
        print(f"  {part:.0%} {name}: {told}", flush=True)
    pairs = sum(len(shown) * (len(shown) - 1) for shown in found.values())
    held = sum(shares[name] * len(shown) * (len(shown) - 1) for name, shown in found.items()) / pairs
    wide = statistics.median(it.width / (hindsight(shown) or it.width or 1) for shown in found.values() for it in shown)
    worst = min(shares, key=lambda name: shares[name])
    what = f"{pairs} pairs of a printed interval and another build's figure, of {len(found)} statements"
    return [
        Row(f"{what}: held", "", f"{held:.0%}", None, f"{SHARE:.0%}", held >= SHARE),
        Row("… median width / the width in hindsight", "", f"{wide:.2f}", None, f"{WIDTH}", wide <= WIDTH),
        Row("… the worst statement", worst, f"{shares[worst]:.0%}", None, "", None),
    ]


def share(shown: Sequence[Printed]) -> float:
    """Return the part of pairs in which an interval holds the other's figure."""
    pairs = [one.holds(other) for one in shown for other in shown if one is not other]
    return sum(pairs) / len(pairs)


def hindsight(shown: Sequence[Printed]) -> float:
    """Return the least width that, about each figure, would have held nine in ten of the others."""
    apart = sorted(distance(one.figure, other.figure) for one in shown for other in shown if one is not other)
    return 2 * apart[math.ceil(SHARE * len(apart)) - 1]


def flips(builds: Sequence[dict[str, PageRecord]]) -> Row:
    """Return the conclusions that hold in one build and not in another: asserts that fail, and words that change."""
    failed = Counter(
        f"{page}:{fault.line} {fault.rule}: {fault.got[:90]}"
        for build in builds
        for page, record in build.items()
        for fault in record.problems
    )
    for fault, count in failed.most_common():
        print(f"  failed in {count} of {len(builds)}: {fault}", flush=True)
    words: dict[str, Counter[str]] = defaultdict(Counter)
    for build in builds:
        for page, record in build.items():
            for place, (value, it) in enumerate(zip(record.live, combined(record), strict=True)):
                if value.number is None and value.measured:
                    words[f"{page}, live {place + 1}: {value.expression}"][it.text] += 1
    for name, texts in words.items():
        if len(texts) > 1:
            print(f"  a live word: {name}: {dict(texts)}", flush=True)
    changed = sum(len(texts) > 1 for texts in words.values())
    what = f"conclusions that flip in {len(builds)} builds (and {changed} live words)"
    return Row(what, "", str(len(failed)), None, "0", not failed)
