"""Which commit of its sources a page was executed from."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


def commit(source: Path | None) -> str:
    """Return what git calls the sources; an empty text where they are in no repository or git is not there.

    A folder that a repository around it does not track is in none.
    """
    if source is None:
        return ""
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(source), *arguments]
        done = subprocess.run(
            command, capture_output=True, text=True, stdin=subprocess.DEVNULL, env=environment, timeout=20, check=True
        )
        return done.stdout.strip()

    try:
        tracked = git("ls-files", "--", ".")
        return git("describe", "--always", "--tags", "--dirty= with changes") if tracked else ""
    except (OSError, subprocess.SubprocessError, UnicodeError):
        return ""
