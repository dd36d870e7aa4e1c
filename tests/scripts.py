"""``python -m tests.scripts [FOLDER]``: run every script that a built site offers, with ``python`` and ``ipython``."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
WAYS = {"python": ["-P"], "ipython": ["-m", "IPython", "--colors=NoColor"]}
TIMEOUT = 540
"""Seconds after which a script is stopped."""


@dataclass(frozen=True)
class Run:
    """A script, run in one way."""

    script: Path
    way: str
    status: int
    text: str
    """What it wrote, errors among it."""

    @property
    def fails(self) -> bool:
        """Whether it ended by an error; one that it shows and goes on after is what its page shows."""
        return self.status != 0


def run(script: Path, way: str) -> Run:
    """Run a script in a folder of its own, as someone would who has downloaded it."""
    with tempfile.TemporaryDirectory(prefix="script-") as folder:
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        environment = {**kept, "MPLBACKEND": "agg", "IPYTHONDIR": folder, "NO_COLOR": "1", "TMPDIR": folder}
        command = [sys.executable, *WAYS[way], str(script)]
        try:
            done = subprocess.run(
                command, cwd=folder, env=environment, capture_output=True, text=True, timeout=TIMEOUT, check=False
            )
        except subprocess.TimeoutExpired:
            return Run(script, way, -1, f"it did not end within {TIMEOUT} s")
        return Run(script, way, done.returncode, done.stdout + done.stderr)


def scripts(site: Path) -> list[Path]:
    """Return the scripts of a built site: those that lie beside a page."""
    return sorted(path for path in site.rglob("*.py") if path.with_suffix(".html").exists())


def every(found: Sequence[Path]) -> Iterator[Run]:
    """Yield each script's runs, in both ways; two are under way at a time."""
    with ThreadPoolExecutor(2) as pool:
        yield from pool.map(lambda job: run(*job), [(script, way) for script in found for way in WAYS])


def main() -> None:
    """Run the scripts, print which fail and with what, and exit with an error if one does."""
    site = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / ".build" / "html")
    found = scripts(site)
    if not found:
        sys.exit(f"{site}: no scripts; build the site first: nox -s docs")
    failed = 0
    for done in every(found):
        name = f"{done.way} {done.script.relative_to(site)}"
        failed += done.fails
        print(f"{'FAILS' if done.fails else 'runs '} {name}", flush=True)
        if done.fails:
            print("    " + "\n    ".join(done.text.splitlines()[-12:]), flush=True)
    print(f"{failed} of {len(WAYS) * len(found)} runs of {len(found)} scripts fail")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
