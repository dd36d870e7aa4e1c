"""``python -m witness`` and the ``witness`` program: the command line, with the checker's commands."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from witness import cli
from witness.bundle import command as record
from witness.check import command, drift_command
from witness.lens import command as lens


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    return cli.main(arguments, [record.add, command.add, drift_command.add, lens.add])


if __name__ == "__main__":
    sys.exit(main())
