"""Whether the record of a page still says what a run of the page would."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from witness.reading.inputs import VARIABLE, digests
from witness.reading.order import ordered
from witness.reading.plan import Plan
from witness.records.store import Sign, Store
from witness.runner.environment import Environment


@dataclass(frozen=True)
class Freshness:
    """What a record must agree with."""

    store: Store
    environment: Environment
    root: Path | None = None
    """The folder of pages; None where plans are run without it."""
    replicates: int = 1
    """How often a page must have been run that measures."""
    since: float = 0.0
    """When a build from nothing was asked for: seconds since the epoch. What MyST-NB always executes is run again."""

    def sign(self, page: str) -> Sign | None:
        """Return the sign of a right and whole record that nothing contradicts but, it may be, a new plan; or None."""
        sign = self.store.whole(page)
        if sign is None or sign.key != self.environment.key(sign.plan, sign.needs):
            return None
        known = sign.seen if self.root else [name for name in sign.seen if name.startswith(VARIABLE)]
        if any(digest != sign.seen[name] for name, digest in digests(known, self.root or Path()).items()):
            return None
        if self.root and not all((self.root / name).exists() for name in sign.wrote):
            return None
        if any(record != self.record(before) for before, record in sign.after.items()):
            return None
        return sign

    def record(self, page: str) -> str:
        """Return which record a page has, or an empty text."""
        sign = self.store.sign(page)
        return sign.record if sign else ""

    def stale(self, plans: Iterable[Plan]) -> list[Plan]:
        """Return the plans that must run, each behind those that run before it; with one run all that follow it.

        A page whose prose alone changed is signed anew.
        """
        stale: dict[str, Plan] = {}
        for plan in ordered(plans):
            if plan.after.keys() & stale.keys() or not self._fresh(plan):
                stale[plan.page] = plan
        return list(stale.values())

    def _fresh(self, plan: Plan) -> bool:
        sign = self.sign(plan.page)
        if sign is None or (sign.plan, sign.needs) != (plan.digest(), plan.needs):
            return False
        if plan.always and self.store.path(plan.page).stat().st_mtime < self.since:
            return False
        known = replace(sign, sources=plan.sources, runs=(sign.runs or 1) if measures(plan) else None)
        if not known.suffices(self.replicates):
            return False
        if sign != known:
            self.store.sign_anew(plan.page, known)
        return True


def measures(plan: Plan) -> bool:
    """Say whether a page measures, so that another run of it could have other results."""
    return plan.lane == "alone"
