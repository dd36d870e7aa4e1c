"""Builders that share their doctrees: after any sequence of them, each has published what one alone would."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.building import CONF, Site, page
from tests.programs import call

CUT_OFF = """
import os

def cut_off(app, pagename, *_):
    if pagename == os.environ.get("TEST_CUT_OFF"):
        os._exit(7)

def setup(app):
    app.connect("html-page-context", cut_off)
"""
PRINTS = "import os\nprint(os.environ['TEST_DATA'] or 1 / 0)"
DATA = "witness: {environment: TEST_DATA}"
PAGES = {
    "prints": page(PRINTS, prose="{live}`len(os.environ['TEST_DATA'])`", head=DATA),
    "glues": page("import os\nfrom myst_nb import glue\nglue('glued', os.environ['TEST_DATA'])", head=DATA),
    "shows": "# Afar\n\n{glue:any}`glues.md::glued`\n",
    "table": "# Table\n\n````{only} html\n```{nb-exec-table}\n```\n````\n",
    "card": "# Card\n\n```{build-card}\n```\n",
    "includes": "# Included\n\n```{include} part.txt\n```\n",
    "still": page("1 + 1"),
}
BUILDS = {
    "html": ("html", "html"),
    "all of html": ("html", "html", "-a"),
    "html anew": ("html", "html", "-E"),
    "other": ("other", "html"),
    **{name: (name, name) for name in ("dirhtml", "text", "singlehtml", "epub", "linkcheck")},
}
"""The steps that build: each with its output, its builder and options."""
SEQUENCES = {
    "another builder": ["html", "change", "text", "html", "change", "linkcheck", "html"],
    "cut off": ["html", "change", "cut off", "html", "text", "change", "text", "cut off", "html"],
    "back again, in another folder": ["html", "other", "change", "html", "back", "other", "text", "html"],
}
LONG = {
    "others that write everything": ["epub", "html", "singlehtml", "change", "epub", "html", "singlehtml"],
    "each after the other": ["html", "text", "change", "html", "text", "change", "dirhtml", "text", "html"],
    "cut off at first": ["cut off", "change", "text", "html"],
    "a page that fails": ["html", "text", "change", "fail", "text", "change", "text", "html"],
    "a page by its name": ["html", "change", "one page", "html"],
    "all and anew": ["html", "text", "change", "html anew", "text", "change", "text", "all of html"],
    "a page that was lost": ["html", "change", "text", "lose", "html"],
}


class Steps:
    """A site that is built step by step."""

    def __init__(self, folder: Path) -> None:
        self.site = Site.at(folder, PAGES, CONF + CUT_OFF)
        self.change(1)

    def take(self, name: str) -> None:
        """Take a step."""
        folder = self.site.folder
        shared = ("-d", str(folder / "doctrees"))
        if name in BUILDS:
            self.build(name, folder)
        elif name == "change":
            self.change(self.value + 2)
        elif name == "back":
            self.change(self.value - 2)
        elif name == "lose":
            (folder / "html" / "prints.html").unlink()
        elif name == "fail":
            done = self.site.build(*shared, env={**self.env, "TEST_DATA": ""})
            assert done.returncode == 1, done.stderr
        elif name == "cut off":
            done = self.site.build(*shared, env={**self.env, "TEST_CUT_OFF": "includes"})
            assert done.returncode == 7, done.stderr
        else:
            _, _, *command = self.site.command(*shared)
            done = call(*command, str(folder / "docs" / "still.md"), env=self.env)
            assert done.returncode == 0, done.stderr

    def change(self, value: int) -> None:
        """Change what pages show that does not stand in their sources."""
        self.value, self.env = value, {**os.environ, "TEST_DATA": "x" * value}
        (self.site.folder / "docs" / "part.txt").write_text(f"Included {value}.\n")

    def build(self, name: str, folder: Path) -> list[str]:
        """Build the site below a folder, with the doctrees there; return the pages that ran."""
        output, builder, *options = BUILDS[name]
        arguments = ["-b", builder, "-d", str(folder / "doctrees"), *options]
        return self.site.ran(self.site.right(*arguments, output=str(folder / output), env=self.env))


def published(folder: Path) -> dict[str, bytes]:
    """Return the pages of an output, with what is written beside them."""
    kinds = (".html", ".xhtml", ".txt", ".ipynb", ".md", ".py")
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.suffix in kinds}


def dates(folder: Path) -> dict[str, int]:
    """Return when each doctree was written, and each page that has a file of its own."""
    patterns = ["doctrees/*", *(f"{output}/{name}.*" for output in ("html", "other", "text") for name in PAGES)]
    return {str(path): path.stat().st_mtime_ns for pattern in patterns for path in folder.glob(pattern)}


@pytest.mark.parametrize("name", [*SEQUENCES, *(pytest.param(name, marks=pytest.mark.slow) for name in LONG)])
def test_pages_are_those_of_a_fresh_build(name: str, tmp_path: Path) -> None:
    steps, sequence = Steps(tmp_path), (SEQUENCES | LONG)[name]
    for step in sequence:
        steps.take(step)
    changed = max(place for place, step in enumerate(sequence) if step in ("change", "back"))
    last = {BUILDS[step][0]: step for step in sequence[changed:] if step in BUILDS}
    for output in last:
        assert steps.build(output, tmp_path / "fresh") == []
        fresh, there = published(tmp_path / "fresh" / output), published(tmp_path / output)
        assert fresh or output == "linkcheck"
        assert sorted(page for page in fresh.keys() | there.keys() if fresh.get(page) != there.get(page)) == []
    before = dates(tmp_path)
    for output in last:
        assert steps.build(output, tmp_path) == []
    assert dates(tmp_path) == before
