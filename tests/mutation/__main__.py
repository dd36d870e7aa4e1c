"""``python -m tests.mutation``: make mistakes in the book's pages, and say which of them nothing notices."""

from __future__ import annotations

import argparse
import dataclasses
import shutil
import sys
from pathlib import Path

from tests.mutation.mutant import Mutant
from tests.mutation.pages import chosen, expectations, mutants
from tests.mutation.report import Report, equivalents
from tests.mutation.trial import Trial
from witness.lint.pages import plans
from witness.runner.environment import find
from witness.runner.facts import Facts

ROOT = Path(__file__).parents[2]
DOCS, EXAMPLES, EXPECTED = ROOT / "docs", ROOT / "examples", ROOT / "tests" / "expected"
EQUIVALENT = Path(__file__).with_name("equivalent.toml")
KINDS = ("operator", "constant", "jit", "static", "dtype", "await", "raises", "live", "expected")


def main() -> int:
    """Run the trial; 0 enough is caught, 1 too little, 2 the pages themselves are not right."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("pages", nargs="*", default=[str(DOCS)], help="pages; default: the whole book")
    parser.add_argument("--each", type=int, default=15, help="mutants of each kind, where there are so many")
    parser.add_argument("--seed", type=int, default=0, help="another choice of mutants")
    parser.add_argument("--kind", action="append", choices=KINDS, help="only this kind; may be repeated")
    options = parser.parse_args()
    folder = ROOT / ".build" / "mutation"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    facts = Facts(folder / "records", reproducible=True)
    try:
        pages = plans(options.pages)
        trial = Trial(find(facts), folder, EXAMPLES, EXPECTED)
    finally:
        facts.close()
    if unsound := [*map(str, pages.unreadable), *trial.sound(pages.plans)]:
        print("\n".join(["these pages are not right, so nothing can be said of mistakes in them:", *unsound]))
        return 2
    found: list[Mutant] = []
    for plan in pages.plans:
        found += mutants(plan, (DOCS / f"{plan.page}.md").read_text("utf-8"), options.seed)
        file = EXPECTED / f"{plan.page}.txt"
        shown = file.relative_to(ROOT).as_posix()
        found += expectations(plan, shown, file.read_text("utf-8"), dataclasses.asdict(trial.environment))
    tried: list[Mutant] = []
    for kind in options.kind or KINDS:
        tried += chosen((mutant for mutant in found if mutant.kind == kind), options.each, options.seed)
    report = Report(list(trial.outcomes(tried)), equivalents(EQUIVALENT))
    lines = list(report.lines())
    print("\n".join(lines))
    (folder / "report.txt").write_text("\n".join(lines) + "\n", "utf-8")
    return 0 if report.holds else 1


if __name__ == "__main__":
    sys.exit(main())
