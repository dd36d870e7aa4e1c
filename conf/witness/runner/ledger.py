"""The records of one run, each written with what tells later whether it still holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from witness.reading.inputs import VARIABLE, digests
from witness.reading.plan import Plan
from witness.records.page_record import PageRecord
from witness.runner.conflicts import Conflicts
from witness.runner.freshness import Freshness, measures
from witness.runner.traces import Traces


class Ledger:
    """Writes records while pages run, and again, once all have, those of pages that needed what another one makes."""

    def __init__(self, freshness: Freshness) -> None:
        self._freshness = freshness
        self._store = freshness.store
        self._root = freshness.root
        self._traces: dict[str, Traces] = {}

    def keep(self, plan: Plan, record: PageRecord, traces: Traces) -> None:
        """Write the record of a page that has ended."""
        self._traces[plan.page] = traces
        seen = digests([f"{VARIABLE}{name}" for name in plan.environment], Path())
        self._store.write(
            record,
            plan.digest(),
            plan.needs,
            plan.sources,
            measures(plan, record.clocks),
            seen={**seen, **traces.seen(self._root)} if self._root else seen,
            wrote=traces.left(self._root) if self._root else (),
            after={page: self._freshness.record(page) for page in plan.after},
        )

    def settle(self, plans: Sequence[Plan]) -> None:
        """Say of each page what it needed of another, and forget the files that pages have removed since."""
        if self._root is None:
            return
        conflicts = Conflicts(plans, self._traces, self._store, self._root)
        for plan in plans:
            stamp, record = self._store.stamp(plan.page), self._store.read(plan.page)
            if stamp is None or record is None:
                continue
            problems = conflicts.problems(plan, record.problems)
            left = [name for name in stamp.wrote if (self._root / name).is_file()]
            if problems != record.problems:
                self._store.rewrite(replace(record, problems=problems), replace(stamp, wrote=left))
            elif left != stamp.wrote:
                self._store.restamp(plan.page, replace(stamp, wrote=left))
