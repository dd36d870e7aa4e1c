"""A book under check: its pages, their records and their expected text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from witness.check.acceptance import accepted, steady, unsteady
from witness.check.condition import Condition
from witness.check.evidence import Evidence, evidence
from witness.check.expected import Expected, Malformed
from witness.check.expected_diff import Sheet, diff, difference
from witness.check.expected_files import ExpectedFiles
from witness.check.verdict import Verdict
from witness.reading.pages import Pages
from witness.reading.plan import Plan
from witness.records.count import counted
from witness.records.diagnostic import Diagnostic
from witness.records.store import Store
from witness.runner.display import progress
from witness.runner.environment import Environment
from witness.runner.local import Local
from witness.runner.report import diagnostic, no_record
from witness.runner.run import run

SEEDS = (1, 2)
"""Hash seeds of the two runs whose agreement acceptance asks for."""


@dataclass
class Book:
    """The pages that are checked, their records, and their expected text."""

    pages: Pages
    environment: Environment
    store: Store
    files: ExpectedFiles
    command: str = "witness check"
    """How pages are checked, as messages say it."""

    def check(self) -> int:
        """Compare each page; return the exit status."""
        verdict = Verdict(impossible=list(self.pages.unreadable))
        right = sum(self._checked(plan, verdict) for plan in self.pages.plans)
        if self.pages.whole and not self.pages.unreadable:
            verdict.faults += self.files.orphaned({plan.page for plan in self.pages.plans})
        status = verdict.status()
        does = "does" if len(self.pages.plans) == 1 else "do"
        print(f"{right} of {counted(len(self.pages.plans), 'page')} {does} what is expected with {self._where()}")
        return status

    def _checked(self, plan: Plan, verdict: Verdict) -> bool:
        """Compare one page; say whether it does what is expected."""
        if (cells := self._evidence(plan, self.store, verdict)) is None:
            return False
        if (expected := self._expected(plan, verdict)) is None:
            return False
        found = list(diff(self._sheet(plan), expected, cells))
        verdict.faults += found
        return not found

    def accept(self, overlay: Condition | None) -> int:
        """Make what pages do their expected text, where two runs agree; return the exit status."""
        verdict = Verdict(impossible=list(self.pages.unreadable))
        good = [plan for plan in self.pages.plans if self._evidence(plan, self.store, verdict) is not None]
        with TemporaryDirectory(prefix="witness-") as folder:
            stores = [self.store, *self._again(good, Path(folder))]
            seen = [[self._evidence(plan, store, verdict) for store in stores] for plan in good]
        changed = []
        for plan, runs in zip(good, seen, strict=True):
            faults = list(self._refused(plan, [it for it in runs if it]))
            verdict.faults += faults
            if faults or None in runs:
                continue
            if (expected := self._expected(plan, verdict)) is None:
                continue
            found = steady([it for it in runs if it])
            promoted = accepted(expected, found, self._sheet(plan).environment, overlay)
            if self.files.write(plan.page, promoted, plan.path, f"{self.command} --accept {plan.page}"):
                changed.append(self.files.shown(plan.page))
        status = verdict.status()
        for path in changed:
            print(f"accepted: {path}")
        print(f"{counted(len(changed), 'file')} changed; review what changed before it is committed")
        return status

    def _expected(self, plan: Plan, verdict: Verdict) -> Expected | None:
        """Return the expected text of a page, or None where its file holds none: what is in it may still be wanted."""
        try:
            return self.files.read(plan.page).replaced(self.pages.rules)
        except (Malformed, UnicodeDecodeError) as error:
            line = error.line if isinstance(error, Malformed) else 1
            verdict.impossible.append(Diagnostic(self.files.shown(plan.page), line, "malformed", str(error)))
            return None

    def _again(self, good: Sequence[Plan], folder: Path) -> Iterator[Store]:
        """Run pages once more for each seed, each time in interpreters that share nothing, and yield the stores."""
        for seed in SEEDS:
            store = Store(folder / str(seed) / self.environment.name)
            run(good, store, self.environment, progress(), self.pages.root, Local(), hash_seed=seed)
            yield store

    def _refused(self, plan: Plan, runs: Sequence[Sequence[Evidence]]) -> Iterator[Diagnostic]:
        advice = "make it the same in every run, or let the cell say `:check: runs`, and why with `:reason:`"
        for cell in runs[0]:
            if cell.unstable:
                message = "prints optimised HLO"
                yield Diagnostic(plan.path, cell.line, "unstable", message, next=advice, cell=cell.number)
        for cell, other in unsteady([steady(runs), *runs[1:]]):
            detail = difference("one run", "another run", cell.parts, other.parts)
            yield Diagnostic(plan.path, cell.line, "unsteady", "two runs differ", detail, advice, cell.number)

    def _evidence(self, plan: Plan, store: Store, verdict: Verdict) -> list[Evidence] | None:
        """Return the evidence of a page, or None for one that failed."""
        record = store.read(plan.page)
        if record is None:
            verdict.impossible.append(no_record(plan.path))
            return None
        verdict.faults += [diagnostic(plan.path, problem, f"`{self.command}`") for problem in record.problems]
        return None if record.problems else [it.replaced(self.pages.rules) for it in evidence(plan, record)]

    def _sheet(self, plan: Plan) -> Sheet:
        facts = {name: getattr(self.environment, name) for name in ("jax", "jaxlib", "numpy", "python", "platform")}
        return Sheet(plan.path, self.files.shown(plan.page), facts, f"{self.command} --accept {plan.page}")

    def _where(self) -> str:
        return Sheet(
            "", "", {name: getattr(self.environment, name) for name in ("jax", "python", "platform")}, ""
        ).where
