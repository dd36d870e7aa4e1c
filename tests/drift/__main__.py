"""``python -m tests.drift [VERSION …]``: check the book on each version of JAX, and compare what it did.

Without versions: the oldest that the book holds for, the newest, and the newest pre-release. The comparisons are left
below ``.build/drift``, each as JSON and as text. Ends with 1 where a check found faults, with 2 where none was
possible, or no comparison that was not ruled out by naming one version.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from tests.drift.environments import FOLDER, ROOT, NoEnvironment, choose, make, pythons, versions


def main(arguments: Sequence[str]) -> int:
    """Run all that was asked for; return the exit status."""
    try:
        found = list(pythons())
        wanted = list(dict.fromkeys(arguments)) or versions(found[-1] if sys.version_info < (3, 12) else found[0])
        interpreters = {version: make(version, python) for version, python in choose(wanted).items()}
    except NoEnvironment as error:
        print(f"drift: {error}", file=sys.stderr)
        return 2
    status = max(check(version, python) for version, python in interpreters.items())
    if len(wanted) < 2:
        print(f"drift: nothing was compared: JAX {', '.join(wanted)} alone; name two versions or more", file=sys.stderr)
        return status if arguments else max(status, 2)
    for before, after in pairwise(wanted):
        stores = [str(store(version)) for version in (before, after)]
        compared = witness(interpreters[after], "compare", *stores, "-o", str(FOLDER / f"{before}-to-{after}"))
        status = max(status, compared)
    return status


def check(version: str, python: Path) -> int:
    """Check the book with an interpreter; return the exit status."""
    print(f"== JAX {version}", flush=True)
    return witness(python, "check", "--records", str(FOLDER / version))


def store(version: str) -> Path:
    """Return the folder of the newest records of a version."""
    found = sorted((FOLDER / version).glob(f"jax-{version}-*"), key=lambda path: path.stat().st_mtime)
    return found[-1] if found else FOLDER / version


def witness(python: Path, *arguments: str) -> int:
    """Run a command of witness."""
    return subprocess.run(
        [python, "-m", "witness", *arguments], cwd=ROOT, stdin=subprocess.DEVNULL, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
