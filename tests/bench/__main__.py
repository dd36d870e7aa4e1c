"""``python -m tests.bench [NAME …]``: measure, print a table, keep it below ``.build/bench``."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path

from tests.bench.cause import cause
from tests.bench.clock import Build, Samples, build
from tests.bench.cluster import dask
from tests.bench.margins import margins
from tests.bench.measure import capture, measure, measure_busy
from tests.bench.reproduce import reproduce
from tests.bench.row import Row
from tests.bench.sites import OURS, ROOT, STATIC, STOCK, Site, book, synthetic
from witness.records.store import Store


def checked(done: Build, site: Site) -> Build:
    """Return a build that succeeded, or stop with its log."""
    if done.status:
        sys.exit(f"{site.folder}: exit {done.status}\n{done.log[-3000:]}")
    return done


def trivial(folder: Path, repeats: int) -> list[Row]:
    """Overhead of a page whose code is trivial, over 20 pages: stock's serial `force` against ours."""
    sites = {variant.name: synthetic(folder / variant.name, 20, variant) for variant in (STOCK, OURS, STATIC)}
    seconds: dict[str, list[float]] = {name: [] for name in sites}
    for _ in range(repeats):
        for name, site in sites.items():
            site.cold()
            seconds[name].append(checked(build(site), site).seconds)
    stock, ours, static = (Samples([value / 20 for value in seconds[name]]) for name in ("stock", "ours", "static"))
    net = (ours.median - static.median) / (stock.median - static.median)
    raw = ours.median / stock.median
    return [
        Row("wall time a trivial page, whole build / 20", str(stock), str(ours), raw, "1/6", raw <= 1 / 6),
        Row("… less the same build without execution", f"static: {static}", "", net, "1/6", net <= 1 / 6),
    ]


def rebuild(folder: Path, repeats: int) -> list[Row]:
    """No-change rebuild, prose edit and code edit of the whole book, against Sphinx's no-op on static pages."""
    ours, static = book(folder / "ours", OURS), book(folder / "static", STATIC)
    cold = checked(build(ours), ours)
    checked(build(static), static)
    store = Store(next(path for path in (ours.folder / ".witness").iterdir() if path.is_dir()))
    records = [record for record in map(store.read, store.pages()) if record]
    floor = sum(cell.seconds for record in records for cell in record.cells)
    page = ours.docs / "first-contact" / "tracing.md"
    text = page.read_text("utf-8")
    seconds: dict[str, list[float]] = {"same": [], "static": [], "prose": [], "code": []}
    for turn in range(repeats):
        seconds["static"].append(checked(build(static), static).seconds)
        same = checked(build(ours), ours)
        page.write_text(text.replace("## Takeaway", f"Word {turn}.\n\n## Takeaway"), "utf-8")
        prose = checked(build(ours), ours)
        page.write_text(text.replace("traces = []", f"traces = []  # {turn}", 1), "utf-8")
        code = checked(build(ours), ours)
        page.write_text(text, "utf-8")
        checked(build(ours), ours)
        if (same.ran, prose.ran, code.ran) != (0, 0, 1):
            sys.exit(f"executed {same.ran}, {prose.ran}, {code.ran} pages; expected 0, 0, 1")
        for name, done in {"same": same, "prose": prose, "code": code}.items():
            seconds[name].append(done.seconds)
    none, kept, words, cells = (Samples(seconds[name]) for name in ("static", "same", "prose", "code"))
    return [
        Row("cold build of the book / its cells' own times", f"floor {floor:.1f} s", f"{cold.seconds:.1f} s",
            cold.seconds / floor, "1.2", cold.seconds / floor <= 1.2),
        Row("no-change rebuild / Sphinx no-op, static pages", str(none), str(kept), kept.median / none.median, "1.3",
            kept.median / none.median <= 1.3),
        Row("prose edit in one page / the no-op", str(none), str(words), words.median / none.median, "2",
            words.median / none.median <= 2),
        Row("code edit in one page", "", str(cells), None, "", None),
    ]  # fmt: skip


def cold(folder: Path, repeats: int) -> list[Row]:
    """Cold build of the book: stock `force` against ours."""
    sites = [book(folder / variant.name, variant) for variant in (STOCK, OURS)]
    seconds: list[list[float]] = [[], []]
    for _ in range(repeats):
        for site, values in zip(sites, seconds, strict=True):
            site.cold()
            values.append(build(site).seconds)
    stock, ours = map(Samples, seconds)
    return [
        Row(
            "cold build of the book",
            str(stock),
            str(ours),
            ours.median / stock.median,
            "1/3",
            3 * ours.median <= stock.median,
        )
    ]


def scale(folder: Path, repeats: int) -> list[Row]:
    """Time a page and peak memory of the build process, at 50 and at 400 pages.

    The theme is a plain one: the book's writes the whole table of contents on each page, so that with it pages take the
    longer, the more there are, whether they are executed or not.
    """
    sites = {pages: synthetic(folder / str(pages), pages, OURS, theme="basic") for pages in (50, 400)}
    whole: dict[int, list[float]] = {pages: [] for pages in sites}
    executed: dict[int, list[float]] = {pages: [] for pages in sites}
    memory = dict.fromkeys(sites, 0.0)
    for _ in range(repeats):
        for pages, site in sites.items():
            site.cold()
            done = checked(build(site), site)
            whole[pages].append(done.seconds / pages)
            executed[pages].append(done.executing / pages)
            memory[pages] = max(memory[pages], done.memory)
    rows = []
    for what, found in (("the whole build", whole), ("execution alone", executed)):
        few, many = (Samples(found[pages]) for pages in (50, 400))
        ratio = many.median / few.median
        rows.append(
            Row(f"time a page at 400 / at 50, {what}", f"50: {few}", f"400: {many}", ratio, "1.15", ratio <= 1.15)
        )
    few_peak, many_peak = (f"{pages}: {peak:.0f} MiB" for pages, peak in memory.items())
    return [*rows, Row("peak memory of the build process", few_peak, many_peak, None, "", None)]


def parallel(folder: Path, repeats: int) -> list[Row]:
    """Runs of a cold `-j 8` build that fail, in 20."""
    site = synthetic(folder / "parallel", 8, OURS)
    failed, runs = 0, 20
    for _ in range(runs):
        site.cold()
        done = build(site, "-j", "8", "-W")
        failed += done.status != 0 or done.ran != 8
    return [Row(f"cold `-j 8` builds that fail, in {runs}", "", str(failed), None, "0", failed == 0)]


PARTS: dict[str, Callable[[Path, int], list[Row]]] = {
    part.__name__: part
    for part in (trivial, rebuild, scale, dask, parallel, cold, measure, measure_busy, capture, cause)
}


def main() -> None:
    """Measure the parts that are named, or all."""
    parser = argparse.ArgumentParser(prog="nox -s bench --")
    book_again = ("margins", "reproduce")
    parser.add_argument(
        "parts", nargs="*", help=f"of {', '.join([*PARTS, *book_again])}; default: all but {' and '.join(book_again)}"
    )
    parser.add_argument("--repeats", type=int, default=5)
    again = parser.add_argument_group("margins, reproduce", "the pages that measure, run or built --repeats times")
    again.add_argument("--replicates", type=int, default=5, help="processes in each build of reproduce; default: 5")
    again.add_argument("--busy", type=int, default=0, help="how many of the builds are beside a busy core")
    again.add_argument("--pages", nargs="+", default=[], help="only these")
    options = parser.parse_args()
    PARTS["margins"] = partial(margins, pages=options.pages)
    PARTS["reproduce"] = partial(
        reproduce, replicates=options.replicates, pages=options.pages, busy=options.busy
    )  # last, for it takes longest
    if unknown := set(options.parts) - PARTS.keys():
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    rows: list[Row] = []
    for name in options.parts or [name for name in PARTS if name not in book_again]:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            for row in PARTS[name](Path(folder), options.repeats):
                rows.append(row)
                print(row, flush=True)
    kept = ROOT / ".build" / "bench" / f"{time.strftime('%Y%m%dT%H%M%S')}.json"
    kept.parent.mkdir(parents=True, exist_ok=True)
    machine = {"python": platform.python_version(), "cores": os.cpu_count(), "load": os.getloadavg()}
    kept.write_text(json.dumps({"machine": machine, "rows": [asdict(row) for row in rows]}, indent=1), "utf-8")
    print(f"kept in {kept.relative_to(ROOT)}")
    if any(row.holds is False for row in rows):
        sys.exit(1)


if __name__ == "__main__":
    main()
