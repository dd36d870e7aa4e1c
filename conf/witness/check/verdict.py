"""The verdict of a check: what is wrong, told to a person and to GitHub, and the exit status."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field

from witness.check.fault import Fault

RIGHT, WRONG, IMPOSSIBLE = 0, 1, 2


@dataclass
class Verdict:
    """What a check found."""

    faults: list[Fault] = field(default_factory=list)
    impossible: list[str] = field(default_factory=list)
    """A line for each page that could not be checked."""

    def status(self) -> int:
        """Tell a person, and GitHub where it listens; return the exit status."""
        for line in self.impossible:
            print(line, file=sys.stderr)
        for fault in self.faults:
            print(fault, file=sys.stderr)
            if os.environ.get("GITHUB_ACTIONS") == "true":
                print(fault.annotation())
        return IMPOSSIBLE if self.impossible else WRONG if self.faults else RIGHT
