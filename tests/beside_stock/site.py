"""A copy of a site, built in one way."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.beside_stock.outputs import Cell, cells

LEFT = shutil.ignore_patterns("_build", ".git", ".witness", ".jupyter_cache", "jupyter_execute")


FORCED = """

# What tests.beside_stock adds.
nb_execution_mode = "force"
nb_merge_streams = False  # or the notebooks that are compared would have lost which text came before which figure
"""
CHOSEN = """\
include_patterns = [f"{globals().get('root_doc', globals().get('master_doc', 'index'))}.*", *@]
"""
WITHOUT = "exclude_patterns = [*globals().get('exclude_patterns', []), *@]\n"
OURS = 'extensions = [*extensions, "witness"]\n'

ADVICE = "The full traceback has been saved in:"
"""What Sphinx says of every traceback, after its own last line."""

SAID = re.compile(r"(?:WARNING|ERROR|CRITICAL)\b")


@dataclass(frozen=True)
class Built:
    """What one build left."""

    seconds: float
    status: int
    log: str
    pages: Mapping[str, Sequence[Cell]]
    """The executed notebook of each page, by its name."""
    failed: Mapping[str, str] = field(default_factory=dict)
    """What was said of each page that could not be executed to its end."""


def settings(*, ours: bool, pages: Sequence[str] = (), without: Sequence[str] = ()) -> str:
    """Return what is added to a site's ``conf.py``: stock's or our way to run these pages, or all but some."""
    chosen = CHOSEN.replace("@", repr(list(pages))) if pages else ""
    left = WITHOUT.replace("@", repr(list(without))) if without else ""
    return FORCED + chosen + left + (OURS if ours else "")


def build(site: Path, folder: Path, added: str, more: Sequence[str] = ()) -> Built:
    """Copy a site into an empty folder, add to its ``conf.py``, and build it there."""
    copy = folder / site.resolve().name
    shutil.copytree(site, copy, ignore=LEFT, symlinks=True, dirs_exist_ok=True)
    with (copy / "conf.py").open("a", encoding="utf-8") as conf:
        conf.write(added)
    html = folder / "out" / "html"
    log = folder / "log.txt"
    began = time.perf_counter()
    with log.open("w") as file:
        status = subprocess.run(
            [sys.executable, "-m", "sphinx", "-q", "-b", "html", *more, str(copy), str(html)],
            stdout=file,
            stderr=file,
            stdin=subprocess.DEVNULL,
            env={name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")},
            check=False,
        ).returncode
    return left(copy, folder, time.perf_counter() - began, status)


def left(copy: Path, folder: Path, seconds: float, status: int) -> Built:
    """Return what a build of this copy of a site left in a folder."""
    html, log = folder / "out" / "html", folder / "log.txt"
    executed = folder / "out" / "jupyter_execute"
    found = {
        path.relative_to(executed).as_posix().removesuffix(".ipynb"): cells(path, copy)
        for path in sorted(executed.rglob("*.ipynb"))
    }
    said = log.read_text("utf-8", "replace").replace(f"{copy}/", "")
    return Built(seconds, status, said, found, failed(html, found, said))


def failed(html: Path, pages: Sequence[str] | Mapping[str, object], log: str) -> dict[str, str]:
    """Return what was said of each page that failed: stock leaves its traceback, ours publishes no such page."""
    found = {}
    for page in pages:
        report = html / "reports" / f"{page}.err.log"
        if report.exists():
            found[page] = report.read_text("utf-8", "replace").strip().splitlines()[-1]
        elif not (html / f"{page}.html").exists():
            lines = [line for line in log.splitlines() if line.startswith(f"{page}.") and SAID.search(line)]
            *_, last = ["", *log.partition(ADVICE)[0].strip().splitlines()]
            found[page] = "\n".join(lines) or f"no such page was written; the last that was said: {last.strip()}"
    return found
