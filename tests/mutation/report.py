"""The table of what was caught, and the survivors with what is known of them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.mutation.mutant import Mutant
from tests.mutation.trial import Outcome

BAR = 0.95
UNCOUNTED = "expected"
"""The kind whose rate is shown and not counted: a check compares with just this text."""


@dataclass(frozen=True)
class Equivalent:
    """A mutant that no reader could tell from the page, and why."""

    page: str
    before: str
    after: str
    why: str

    def is_of(self, mutant: Mutant) -> bool:
        """Say whether it is this one."""
        return (self.page, self.before, self.after) == (mutant.page, mutant.before, mutant.after)


def equivalents(path: Path) -> list[Equivalent]:
    """Return those that are recorded."""
    return [Equivalent(**entry) for entry in tomllib.loads(path.read_text("utf-8")).get("equivalent", [])]


@dataclass(frozen=True)
class Report:
    """The outcomes of one trial."""

    outcomes: Sequence[Outcome]
    known: Sequence[Equivalent]

    @property
    def survivors(self) -> list[Outcome]:
        """What nothing noticed."""
        return [outcome for outcome in self.outcomes if not outcome.caught]

    def why(self, mutant: Mutant) -> str:
        """Return why a survivor changes nothing, where that is recorded."""
        return next((it.why for it in self.known if it.is_of(mutant)), "")

    def rate(self, kind: str | None = None) -> tuple[int, int]:
        """Return how many of a kind, or of all that count, were caught, and how many there were; equivalents apart."""
        found = [
            outcome
            for outcome in self.outcomes
            if (outcome.mutant.kind == kind if kind else outcome.mutant.kind != UNCOUNTED)
            and not (not outcome.caught and self.why(outcome.mutant))
        ]
        return sum(bool(outcome.caught) for outcome in found), len(found)

    def lines(self) -> Iterator[str]:
        """Yield the table, then the survivors."""
        yield f"{'kind':10} {'mutants':>7} {'caught':>7}  {'by lint':>7} {'read':>5} {'run':>5} {'check':>6}"
        for kind in dict.fromkeys(outcome.mutant.kind for outcome in self.outcomes):
            ways = [o.caught.partition(":")[0] for o in self.outcomes if o.mutant.kind == kind]
            caught, total = self.rate(kind)
            counts = [ways.count(way) for way in ("lint", "read", "run", "check")]
            share = f"{caught / total:.0%}" if total else "–"
            yield f"{kind:10} {total:7} {share:>7}  {counts[0]:7} {counts[1]:5} {counts[2]:5} {counts[3]:6}"
        caught, total = self.rate()
        yield f"{'all':10} {total:7} {caught / total if total else 1:7.1%}  (without {UNCOUNTED}; the bar is {BAR:.0%})"
        for outcome in self.survivors:
            yield f"survived: {outcome.mutant}"
            if why := self.why(outcome.mutant):
                yield f"    equivalent: {why}"

    @property
    def holds(self) -> bool:
        """Whether the bar is reached."""
        caught, total = self.rate()
        return total > 0 and caught >= BAR * total
