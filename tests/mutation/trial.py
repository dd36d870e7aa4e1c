"""The trial of mutants: linted, read, run and checked as the pages themselves are."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.mutation.mutant import Mutant
from witness.check.evidence import evidence
from witness.check.expected import Expected
from witness.check.expected_diff import Sheet, diff
from witness.lint.linter import lint
from witness.lint.pages import read_file
from witness.reading.plan import Budget, Plan, Unreadable
from witness.reading.site import Site
from witness.records.store import Store
from witness.runner.environment import Environment
from witness.runner.local import Local
from witness.runner.progress import Progress
from witness.runner.run import run

BUDGET = Budget(cell=60.0, page=120.0)
"""A mistake may never end."""


@dataclass(frozen=True)
class Outcome:
    """A mutant, and what noticed it."""

    mutant: Mutant
    caught: str
    """``lint``, ``read``, ``run`` or ``check``, and the name of the first fault; empty where nothing did."""


@dataclass
class Trial:
    """Tries mutants in one environment, below one folder."""

    environment: Environment
    folder: Path
    examples: Path
    expected: Path
    plans: dict[str, Plan] = field(default_factory=dict)

    @property
    def _store(self) -> Store:
        return Store(self.folder / "records" / self.environment.name)

    def sound(self, plans: Sequence[Plan]) -> list[str]:
        """Run the pages as they are; return what is wrong with them, for then no mutant says anything."""
        self.plans = {plan.page: plan for plan in plans}
        run(plans, self._store, self.environment, Progress(), None, Local())
        texts = {plan.page: self._expected(plan.page) for plan in plans}
        faults = {plan.page: self._checked(plan, plan.page, texts[plan.page]) for plan in plans}
        return [f"{self.plans[page].path}: {fault}" for page, fault in faults.items() if fault]

    def outcomes(self, mutants: Sequence[Mutant]) -> Iterator[Outcome]:
        """Yield what noticed each mutant."""
        running: list[tuple[Mutant, Plan]] = []
        for number, mutant in enumerate(mutants):
            if mutant.kind == "expected":
                fault = self._checked(self.plans[mutant.page], mutant.page, mutant.text)
                yield Outcome(mutant, fault)
                continue
            caught, plan = self._read(number, mutant)
            if plan:
                running.append((mutant, plan))
            else:
                yield Outcome(mutant, caught)
        run([plan for _, plan in running], self._store, self.environment, Progress(), None, Local())
        for mutant, plan in running:
            yield Outcome(mutant, self._checked(plan, plan.page, self._expected(mutant.page)))

    def _read(self, number: int, mutant: Mutant) -> tuple[str, Plan | None]:
        """Write a mutant as a site of its own; return its plan, or what noticed it before anything ran."""
        site = self.folder / "mutants" / str(number)
        path = site / "docs" / f"{mutant.page}.md"
        path.parent.mkdir(parents=True)
        path.write_text(mutant.text, "utf-8")
        (site / "examples").symlink_to(self.examples)
        before = {(it.rule, it.message) for it in lint(mutant.original, path)}
        for complaint in lint(mutant.text, path):
            if (complaint.rule, complaint.message) not in before:
                return f"lint: {complaint.rule}", None
        try:
            plan = read_file(path, mutant.page, Site(site / "docs"))
        except Unreadable as error:
            return f"read: {error.faults[0][1]}", None
        if plan is None:
            return "read: no code", None
        return "", dataclasses.replace(
            plan, page=f"{number}/{mutant.page}", path=f"{number}/{plan.path}", budget=BUDGET
        )

    def _checked(self, plan: Plan, name: str, expected: str) -> str:
        """Return the first fault of a page that ran, or an empty text."""
        record = self._store.read(name)
        if record is None:
            return "run: no record"
        if record.problems:
            return f"run: {record.problems[0].rule}"
        sheet = Sheet(plan.path, "expected.txt", dataclasses.asdict(self.environment), "")
        fault = next(diff(sheet, Expected.from_text(expected), evidence(plan, record)), None)
        return f"check: {fault.rule}" if fault else ""

    def _expected(self, page: str) -> str:
        return (self.expected / f"{page}.txt").read_text("utf-8")
