"""``python -m tests.drift [VERSION …]``: check the book on each version of JAX, measure it, and compare what it did.

Without versions: the oldest that the book holds for, the newest, and the newest pre-release; one that is named twice is
compared with itself. The comparison is left in ``.build/drift``, as JSON and as text. Ends with 1 where a check found
faults, with 2 where none was possible, or no comparison that was not ruled out by naming one version.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.drift.environments import FOLDER, ROOT, NoEnvironment, choose, make, pythons, versions
from tests.drift.turns import ROUNDS, worth
from witness.records.ratio import FEWEST

RECORDS = ROOT / "docs" / "_records"


def main(arguments: Sequence[str]) -> int:
    """Run all that was asked for; return the exit status."""
    options = parser().parse_args(arguments)
    if options.rounds != 1 and options.rounds < FEWEST:
        print(f"drift: {options.rounds} rounds tell nothing of times: 1, or {FEWEST} or more", file=sys.stderr)
        return 2
    try:
        found = list(pythons())
        wanted = options.versions or versions(found[-1] if sys.version_info < (3, 12) else found[0])
        chosen = choose(list(dict.fromkeys(wanted)))
        interpreters = {label: make(version, chosen[version]) for label, version in labelled(wanted).items()}
    except NoEnvironment as error:
        print(f"drift: {error}", file=sys.stderr)
        return 2
    status = measured(interpreters, options.rounds if len(wanted) > 1 else 1)
    if len(wanted) < 2:
        print(f"drift: nothing was compared: JAX {', '.join(wanted)} alone; name two versions or more", file=sys.stderr)
        return status if options.versions else max(status, 2)
    folders = [str(FOLDER / label) for label in interpreters]
    status = max(status, witness(list(interpreters.values())[-1], "compare", *folders, "-o", str(FOLDER / "drift")))
    if options.record and status < 2:
        RECORDS.mkdir(exist_ok=True)
        shutil.copy(FOLDER / "drift.json", RECORDS)
    return status


def parser() -> argparse.ArgumentParser:
    """Return the parser of arguments."""
    made = argparse.ArgumentParser(prog="nox -s drift --", allow_abbrev=False)
    made.add_argument("versions", nargs="*", metavar="VERSION", help="of JAX, the oldest first")
    made.add_argument(
        "--rounds", type=int, default=ROUNDS, help=f"how often each measures, default {ROUNDS}; 1: outputs"
    )
    made.add_argument(
        "--record", action="store_true", help="leave the comparison in docs/_records, for the book to show"
    )
    return made


def labelled(wanted: Sequence[str]) -> dict[str, str]:
    """Return versions by the names of their folders, which tell one that is named again from itself.

    >>> labelled(["0.12", "0.12"])
    {'0.12': '0.12', '0.12-2': '0.12'}
    """
    count: Counter[str] = Counter()
    found = {}
    for version in wanted:
        count[version] += 1
        found[version if count[version] == 1 else f"{version}-{count[version]}"] = version
    return found


def measured(interpreters: Mapping[str, Path], rounds: int) -> int:
    """Check the book on each version, and have it measure in turns; return the exit status of the checks.

    The order of versions is another in every second round. Records of an earlier day have no place among these turns.
    """
    for label in interpreters if rounds > 1 else ():
        shutil.rmtree(FOLDER / label, ignore_errors=True)
    status = 0
    for number in range(1, rounds + 1):
        if status > 1:  # nothing could be checked, and so nothing measured
            break
        began = time.monotonic()
        labels = [*interpreters][:: 1 if number % 2 else -1]
        pages = worth({label: FOLDER / label for label in interpreters}, number, rounds) if number > 1 else {}
        for label in labels:
            records = ("--records", str(FOLDER / label / str(number)))
            print(f"== JAX {label}, round {number} of {rounds}", flush=True)
            if number == 1:
                status = max(status, witness(interpreters[label], "check", *records))
            elif pages[label]:  # a page that fails in a round has said so, and has no figures of it
                witness(interpreters[label], "run", *records, *pages[label])
        print(f"== round {number} took {time.monotonic() - began:.0f} s", flush=True)
    return status


def witness(python: Path, *arguments: str) -> int:
    """Run a command of witness."""
    return subprocess.run(
        [python, "-m", "witness", *arguments], cwd=ROOT, stdin=subprocess.DEVNULL, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
