"""What went wrong, as a person reads it: page:line, expected, got, and the next command."""

from __future__ import annotations

from collections.abc import Iterable

from witness.reading.plan import Plan
from witness.records.page_record import Problem
from witness.records.store import Store

MORE = {
    rule: f", or give it more time (in its head, `witness: {{{key}: SECONDS}}`)"
    for rule, key in {"cell-budget": "cell_budget", "page-budget": "page_budget"}.items()
}
"""What else may be done about a fault."""


def report(plans: Iterable[Plan], store: Store) -> list[str]:
    """Return a text for each page that may not be published."""
    faults = []
    for plan in plans:
        record = store.read(plan.page)
        if record is None:
            faults.append(f"{plan.path}:1: no record; run it again")
        elif record.problems:
            faults.append("\n".join(f"{plan.path}:{problem.line}: {describe(problem)}" for problem in record.problems))
    return faults


def describe(problem: Problem, command: str = "`witness run`") -> str:
    """Return a problem without its page: rule, expected, got, and the next command."""
    where = f"cell {problem.cell}: " if problem.cell else ""
    detail = "".join(f"\n    {line}" for line in problem.detail.splitlines())
    return (
        f"{where}{problem.rule}: expected {problem.expected}; got {problem.got}{detail}\n"
        f"    next: mend the page{MORE.get(problem.rule, '')}, then {command}"
    )
