"""Lighthouse over a few pages, as a telephone gets them from a plain server."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator

from tests.browser.figures import Figure
from theme.chromium import FOUND

PAGES = ("index.html", "first-contact/what-jit-does.html", "cost/when-to-jit.html")
GOALS = {"performance": 90, "accessibility": 100, "best-practices": 100, "seo": 100}


def scores(program: str, base: str) -> Iterator[Figure]:
    """Ask lighthouse for its four scores of each page."""
    for page in PAGES:
        flags = "--chrome-flags=--headless=new --no-sandbox --disable-gpu"
        command = [program, f"{base}/{page}", "--quiet", flags, "--output=json"]
        environment = {**os.environ, **({"CHROME_PATH": FOUND} if FOUND else {})}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        try:
            found = json.loads(done.stdout)["categories"]
        except (ValueError, KeyError):
            yield Figure(f"lighthouse, {page}", "no answer", False, done.stderr.splitlines()[-3:])
            continue
        reached = {name: round(100 * (found[name]["score"] or 0)) for name in GOALS}
        told = ", ".join(f"{name} {score}" for name, score in reached.items())
        # How fast a page is here depends on the machine: it is told, and fails nothing.
        good = all(reached[name] >= goal for name, goal in GOALS.items() if name != "performance")
        yield Figure(f"lighthouse, {page}", told, good)
