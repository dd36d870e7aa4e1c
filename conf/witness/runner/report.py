"""What went wrong with pages, as diagnostics."""

from __future__ import annotations

from collections.abc import Iterable

from witness.reading.plan import Plan
from witness.records.diagnostic import Diagnostic
from witness.records.page_record import Problem
from witness.records.store import Store

MORE = {
    rule: f", or give it more time (in its head, `witness: {{{key}: SECONDS}}`)"
    for rule, key in {"cell-budget": "cell_budget", "page-budget": "page_budget"}.items()
}
"""What else may be done about a fault."""


def report(plans: Iterable[Plan], store: Store, command: str = "`witness run`") -> list[Diagnostic]:
    """Return why pages may not be published; ``command`` runs them again."""
    found: list[Diagnostic] = []
    for plan in plans:
        record = store.read(plan.page)
        found += (
            [no_record(plan.path)] if record is None else [diagnostic(plan.path, it, command) for it in record.problems]
        )
    return found


def no_record(path: str) -> Diagnostic:
    """Return that a page has no record, though it ran."""
    return Diagnostic(path, 1, "no-record", "expected a record; got none", next="run it again")


def diagnostic(path: str, problem: Problem, command: str = "`witness run`") -> Diagnostic:
    """Return a problem of a page as a diagnostic; ``command`` runs the page again."""
    return Diagnostic(
        path,
        problem.line,
        problem.rule,
        f"expected {problem.expected}; got {problem.got}",
        problem.detail,
        f"mend the page{MORE.get(problem.rule, '')}, then {command}",
        problem.cell,
    )
