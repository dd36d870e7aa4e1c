"""Whether the record of a page still says what a run of the page would."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from witness.reading.inputs import VARIABLE, digests
from witness.reading.order import ordered
from witness.reading.plan import Plan
from witness.records.store import Stamp, Store
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

    def stamp(self, page: str) -> Stamp | None:
        """Return the stamp of a right and whole record that nothing contradicts but, it may be, a new plan; or None."""
        stamp = self.store.whole(page)
        if stamp is None or stamp.key != self.environment.key(stamp.plan, stamp.needs):
            return None
        known = stamp.seen if self.root else [name for name in stamp.seen if name.startswith(VARIABLE)]
        if any(digest != stamp.seen[name] for name, digest in digests(known, self.root or Path()).items()):
            return None
        if self.root and not all((self.root / name).exists() for name in stamp.wrote):
            return None
        if any(record != self.record(before) for before, record in stamp.after.items()):
            return None
        return stamp

    def record(self, page: str) -> str:
        """Return which record a page has, or an empty text."""
        stamp = self.store.stamp(page)
        return stamp.record if stamp else ""

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
        stamp = self.stamp(plan.page)
        if stamp is None or (stamp.plan, stamp.needs) != (plan.digest(), plan.needs):
            return False
        if plan.always and self.store.path(plan.page).stat().st_mtime < self.since:
            return False
        measured = measures(plan) or (stamp.runs is not None and not plan.lane_stated)  # a clock was found as it ran
        known = replace(stamp, sources=plan.sources, runs=(stamp.runs or 1) if measured else None)
        if not known.suffices(self.replicates):
            return False
        if stamp != known:
            self.store.restamp(plan.page, known)
        return True


def measures(plan: Plan, clocks: Collection[str] = ()) -> bool:
    """Return whether a page measures, so that another run of it could have other results.

    Its head says so, or its code, or ``clocks``: names that were found to read a clock when it ran.
    """
    return plan.lane == "alone" or (bool(clocks) and not plan.lane_stated)
