"""The table of what was caught, and the survivors with what is known of them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.mutation.mutant import Mutant
from tests.mutation.trial import Outcome

BAR = 0.95
UNCOUNTED = "expected"
"""The kind whose rate is shown and not counted: a check compares with just this text."""
WAYS = ("lint", "read", "run", "check")


def equivalents(path: Path) -> dict[str, str]:
    """Return the name of each mutant that is recorded as no mistake, and why it is none.

    Raises ValueError where one stands there twice.
    """
    found: dict[str, str] = {}
    for entry in tomllib.loads(path.read_text("utf-8")).get("equivalent", []):
        for name in entry["mutants"]:
            if name in found:
                raise ValueError(f"{path.name}: twice: {name}")
            found[name] = entry["why"]
    return found


@dataclass(frozen=True)
class Tally:
    """How many mutants of one kind were made, and what became of them."""

    made: int
    caught: int
    equivalent: int
    """Not caught, and known to be no mistake."""

    @property
    def mistakes(self) -> int:
        """How many count."""
        return self.made - self.equivalent

    @property
    def rate(self) -> float:
        """The share of mistakes that were caught."""
        return self.caught / self.mistakes if self.mistakes else 1.0

    def __str__(self) -> str:
        return f"{self.made:6} {self.caught:7} {self.equivalent:11} {self.rate:6.1%}"


@dataclass(frozen=True)
class Report:
    """The outcomes of one trial."""

    outcomes: Sequence[Outcome]
    known: Mapping[str, str]
    """The names of mutants that are no mistakes, each with the reason."""

    @property
    def survivors(self) -> list[Outcome]:
        """What nothing noticed."""
        return [outcome for outcome in self.outcomes if not outcome.caught]

    def why(self, mutant: Mutant) -> str:
        """Return why a survivor is no mistake, where that is recorded."""
        return self.known.get(mutant.name, "")

    def tally(self, kind: str | None = None) -> Tally:
        """Return the counts of a kind, or of all kinds that count."""
        found = [it for it in self.outcomes if (it.mutant.kind == kind if kind else it.mutant.kind != UNCOUNTED)]
        caught = sum(bool(it.caught) for it in found)
        return Tally(len(found), caught, sum(not it.caught and bool(self.why(it.mutant)) for it in found))

    def lines(self) -> Iterator[str]:
        """Yield the table, then the survivors: those that nobody explained first."""
        ways = " ".join(f"{way:>5}" for way in WAYS)
        yield f"{'kind':10} {'made':>6} {'caught':>7} {'equivalent':>11} {'rate':>6}   by {ways}"
        for kind in dict.fromkeys(outcome.mutant.kind for outcome in self.outcomes):
            fates = [outcome.caught.partition(":")[0] for outcome in self.outcomes if outcome.mutant.kind == kind]
            yield f"{kind:10} {self.tally(kind)}      {' '.join(f'{fates.count(way):5}' for way in WAYS)}"
        yield f"{'all':10} {self.tally()}      (without {UNCOUNTED}; the bar is {BAR:.0%})"
        for outcome in sorted(self.survivors, key=lambda outcome: bool(self.why(outcome.mutant))):
            yield f"survived: {outcome.mutant}"
            if why := self.why(outcome.mutant):
                yield f"    equivalent: {why}"

    @property
    def holds(self) -> bool:
        """Whether the bar is reached."""
        return self.tally().mistakes > 0 and self.tally().rate >= BAR
