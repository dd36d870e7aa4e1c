"""Small sites for tests: written, built in a process of their own, and read back."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from html import unescape
from pathlib import Path

from tests.programs import call
from witness.records.page_record import PageRecord

ROOT = Path(__file__).parent.parent
GIVEN = dict(os.environ)
"""The variables of this process before a test imports JAX, which sets two that decide what a page prints."""
CONF = """\
project = "Small"
extensions = ["myst_nb", "sphinx_exercise", "witness"]
html_theme = "basic"
nb_execution_mode = "force"
nb_execution_timeout = 600
witness_strict = True
witness_records = "../records"
"""
THEIRS = """\
project = "Another's"
extensions = ["witness", "myst_nb"]
html_theme = "basic"
nb_execution_mode = "force"
nb_execution_timeout = 600
"""
"""Settings of a site that is not ours, and only added the extension."""
STOPWATCH = """\
import time


class Stopwatch:
    def __enter__(self):
        self.began = time.perf_counter()
        return self

    def __exit__(self, *_):
        self.took = time.perf_counter() - self.began
        print(self.took)
"""
"""A module of a site's own that reads a clock, and prints what it said."""
HEAD = "---\nfile_format: mystnb\nkernelspec: {name: python3}\n---\n\n"

EXERCISE = """
```{exercise-start} Try it
:label: try
```
What is it?
```{exercise-end}
```

```{solution-start} try
:class: dropdown
```
```{code-cell} python
print("the answer")
```
```{solution-end}
```
"""
"""An exercise with an executed solution, as a page of the book ends with."""


@dataclass
class Site:
    """A folder with ``docs``, ``conf`` and, once built, ``html``."""

    folder: Path

    @classmethod
    def at(cls, folder: Path, pages: Mapping[str, str], conf: str = CONF) -> Site:
        """Write a site; pages that are no index are listed in one."""
        site = cls(folder)
        names = "\n".join(sorted(name for name in pages if name != "index"))
        site.page("index", f"# Index\n\n```{{toctree}}\n{names}\n```\n")
        for name, text in pages.items():
            site.page(name, text)
        (folder / "conf").mkdir()
        (folder / "conf" / "conf.py").write_text(conf, "utf-8")
        return site

    def page(self, name: str, text: str) -> None:
        """Write a page's text."""
        path = self.folder / "docs" / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")

    def command(self, *arguments: str, output: str = "html") -> list[str]:
        """Return the command that builds the site."""
        folders = ["-c", str(self.folder / "conf"), str(self.folder / "docs"), str(self.folder / output)]
        return [sys.executable, "-m", "sphinx", "-q", *arguments, *folders]

    def build(
        self, *arguments: str, output: str = "html", env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Build the site; its log is in ``stderr``."""
        _, _, *rest = self.command(*arguments, output=output)
        return call(*rest, env=env)

    def right(
        self, *arguments: str, output: str = "html", env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Build the site, which must go right."""
        done = self.build(*arguments, output=output, env=env)
        assert done.returncode == 0, done.stderr
        return done

    def record(self, page: str) -> PageRecord:
        """Return the record of a page."""
        (path,) = (it for it in self.folder.rglob("jax-*") if (it / f"{page}.json").exists())
        return PageRecord.from_json((path / f"{page}.json").read_text("utf-8"))

    def witness(self, *arguments: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run the command in the site's folder."""
        return call("witness", *arguments, cwd=self.folder, env=env)

    def html(self, page: str, output: str = "html") -> str | None:
        """Return a built page's HTML, or None when it was not published."""
        path = self.folder / output / f"{page}.html"
        return path.read_text("utf-8") if path.exists() else None

    def words(self) -> set[str]:
        """Return what its search finds."""
        index = (self.folder / "html" / "searchindex.js").read_text("utf-8")
        return set(json.loads(index.removeprefix("Search.setIndex(").removesuffix(")"))["terms"])

    def ran(self, done: subprocess.CompletedProcess[str]) -> list[str]:
        """Return the pages that a build executed, sorted."""
        lines = [line for line in done.stderr.splitlines() if line.startswith("[") and "docs/" in line]
        return sorted(line.split("docs/")[1].split(".md")[0] for line in lines)


def page(*cells: str, prose: str = "", title: str = "Page", options: str = "", head: str = "") -> str:
    """Return the text of a page with these code cells; ``head`` is a line more of front matter."""
    blocks = [f"```{{code-cell}} python\n{options}{cell}\n```\n" for cell in cells]
    first = HEAD.replace("---\n\n", f"{head}\n---\n\n") if head else HEAD
    return first + "\n".join([f"# {title}\n", *blocks, prose])


LOCAL = """
import fcntl, os, socket, struct, sys
fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sh22x", b"lo", 1))  # SIOCSIFFLAGS, IFF_UP
os.execvp(sys.argv[1], sys.argv[1:])
"""
"""Has a process without a network talk to itself, and become what its arguments say."""


@cache
def netless() -> list[str]:
    """Return what a command begins with that has no network, or nothing where this user cannot take it away."""
    way = ["unshare", "-rn", sys.executable, "-c", LOCAL]
    return way if shutil.which("unshare") and not subprocess.run([*way, "true"], capture_output=True).returncode else []


def text_of(html: str | None) -> str:
    """Return what a reader of a page sees, in one line."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", html or "")))
