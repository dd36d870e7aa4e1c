"""The verdict of a check: what is wrong, and the exit status."""

from __future__ import annotations

from dataclasses import dataclass, field

from witness.records.diagnostic import Diagnostic, tell

RIGHT, WRONG, IMPOSSIBLE = 0, 1, 2


@dataclass
class Verdict:
    """What a check found."""

    faults: list[Diagnostic] = field(default_factory=list)
    impossible: list[Diagnostic] = field(default_factory=list)
    """Why pages could not be checked."""

    def status(self) -> int:
        """Report what was found; return the exit status."""
        tell([*self.impossible, *self.faults])
        return IMPOSSIBLE if self.impossible else WRONG if self.faults else RIGHT
