"""``python -m tests.beside_stock SITE``: build a site with stock MyST-NB and with ours; list the outputs that differ.

``SITE`` is a folder with a ``conf.py``. Copies of it are built in temporary folders, in turn: stock MyST-NB with
``nb_execution_mode = "force"``, and the same with ``witness`` added to ``extensions``. No other setting is changed but
``nb_merge_streams``, which is off in both. Executed notebooks are read from where MyST-NB leaves them with either. Ends
with 1 where anything differs or nothing was compared, with 2 where a build broke off. What follows ``--`` is for
sphinx-build. What the pages import must be installed here.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.beside_stock.difference import Difference, differences
from tests.beside_stock.site import Built, build, settings


def main(arguments: Sequence[str]) -> int:
    """Build, compare, print; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.beside_stock", description=__doc__)
    parser.add_argument("site", type=Path, help="a folder with a conf.py")
    parser.add_argument("--pages", nargs="+", default=[], metavar="GLOB", help="build only these: 'notebooks/*'")
    parser.add_argument("--without", nargs="+", default=[], metavar="GLOB", help="leave these out")
    parser.add_argument("--repeats", type=int, default=2, help="builds of each kind, in turn; default: 2")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="build below this empty folder, and leave it")
    own, more = _split(arguments)
    options = parser.parse_args(own)
    if not (options.site / "conf.py").is_file():
        parser.error(f"{options.site} has no conf.py")
    if options.repeats < 1:
        parser.error("--repeats takes a number from 1")
    with tempfile.TemporaryDirectory(prefix="beside-stock-") as temporary:
        folder = options.keep or Path(temporary)
        builds: dict[str, list[Built]] = {"stock": [], "ours": []}
        for turn in range(options.repeats):
            for name, done in builds.items():
                place = folder / f"{name}-{turn + 1}"
                added = settings(ours=name == "ours", pages=options.pages, without=options.without)
                done.append(build(options.site, place, added, more))
                print(f"{name}: {done[-1].seconds:.1f} s, exit {done[-1].status}", file=sys.stderr, flush=True)
        return report(options.site, builds["stock"], builds["ours"])


def report(site: Path, stock: Sequence[Built], ours: Sequence[Built]) -> int:
    """Print what differs, what failed and what it took; return the exit status."""
    for name, builds in (("stock", stock), ("ours", ours)):
        for built in builds:
            if built.status not in (0, 1):  # 1 is of a build to its end that warned
                print(f"{name} broke off, exit {built.status}: nothing was compared. It said:\n{built.log[-3000:]}")
                return 2
    found: list[Difference] = []
    equal = left = shaky = 0
    for page in sorted(stock[0].pages.keys() | ours[0].pages.keys()):
        wrong = {name: it[0].failed.get(page) for name, it in (("stock", stock), ("ours", ours))}
        for name, why in wrong.items():
            if why:
                print(f"{page}: failed under {name}", *why.splitlines()[:8], sep="\n    ")
        if all(wrong.values()):
            left += len(stock[0].pages.get(page, ()))
            continue
        sides = stock[0].pages.get(page, []), ours[0].pages.get(page, [])
        again = stock[-1].pages.get(page, [])
        here = differences(page, _text(site, page), *sides, again)
        found += here
        equal += max(map(len, sides)) - len(here)
        shaky += sum(one.outputs != other.outputs for one, other in zip(sides[0], again, strict=False))
    for difference in found:
        print(difference)
    kinds = ", ".join(f"{count} {what}" for what, count in Counter(it.what.split()[0] for it in found).most_common())
    print(f"{equal} of {equal + len(found)} cells equal" + (f"; differ in: {kinds}" if kinds else ""))
    print(f"{shaky} of them differ between two stock builds: of these kind, number and order are compared")
    if left:
        print(f"{left} cells are on pages that failed under both, and were not compared")
    one, other = (statistics.median(done.seconds for done in it) for it in (stock, ours))
    print(f"stock {one:.1f} s, ours {other:.1f} s: {other / one:.2f} of it (medians of {len(stock)})")
    for name, builds in (("stock", stock), ("ours", ours)):
        if not builds[0].pages:
            print(f"{name} executed nothing:\n{builds[0].log[-3000:]}")
    return 0 if equal and not found else 1


def _split(arguments: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Return what is ours, and what follows ``--``."""
    at = arguments.index("--") if "--" in arguments else len(arguments)
    return arguments[:at], arguments[at + 1 :]


def _text(site: Path, page: str) -> str:
    """Return a page's text, where it is text."""
    found = [path for path in site.glob(f"{page}.*") if path.suffix in (".md", ".myst", ".rst")]
    return found[0].read_text("utf-8", "replace") if found else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
