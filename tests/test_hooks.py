"""Another's site whose ``conf.py`` and extensions take part in the build: what they do counts as in a stock one."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.building import HEAD, THEIRS, Site, page, text_of

HOOKED = f"""{THEIRS}
import os
from pathlib import Path
from myst_nb.sphinx_ import Parser
from sphinx.writers.html5 import HTML5Translator

source_suffix = {{".md": "myst-nb", ".cells": "with-cells", ".rst": "restructuredtext"}}


class OwnParser(Parser):
    supported = ("with-cells",)


class OwnTranslator(HTML5Translator):
    def visit_image(self, node):
        self.body.append("<b>own picture</b>")
        super().visit_image(node)


def read(app, page, source):
    source[0] = source[0].replace("x = 1", "x = 2").replace("@@VALUE@@", "40")
    if page == "appended":
        source[0] += "\\n```{{code-cell}}\\n'appended ' + 'below'\\n```\\n"


def before(app, env, pages):
    Path(app.srcdir, "made.txt").write_text("made before")
    os.environ["SET_BEFORE"] = "set"


def setup(app):
    app.add_source_parser(OwnParser)
    app.set_translator("html", OwnTranslator)
    app.connect("source-read", read)
    app.connect("env-before-read-docs", before)
"""
PICTURES = "import matplotlib.pyplot as plt\nplt.plot([0, 1])\nplt.show()\nx = 0"
DRAWN = """\
from base64 import b64decode
from IPython.display import Image, display
png = Image(b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
))"""
MARKUP = (
    "from IPython.display import Markdown\nMarkdown('<details><summary>S</summary>\\n\\nin **it**\\n\\n</details>')"
)
PLUGIN = "mystnb: {render_plugin: default, merge_streams: true}"
PAGES = {
    "replaced": page("x = 1\nprint('x is', x)", "print(@@VALUE@@ + 1)"),
    "appended": page("'first'"),
    "made": page("import os\nprint(open('made.txt').read(), os.environ['SET_BEFORE'])"),
    "no-mapping": page("print(1)", "%timeit -n 1 -r 1 1\nprint('after ' + 'it')", options=":mystnb: text\n"),
    "endless": page("print('at ' + 'last')", head="execution: {timeout: null, allow_errors: 1}"),
    "no-lexer": page("print('as ' + 'text')", head="mystnb: {render_text_lexer: null}"),
    "own-renderer": page("print('above')\n%timeit -n 1 -r 1 1\nprint('below')", head=PLUGIN),
    "labelled": HEAD + "# Labelled\n\n(a-label)=\n```{code-cell}\n1\n```\n\nSee [](#a-label).\n",
    "markup": page(MARKUP, "print('zebra' + 'fish')"),
    "drawn": page(f"{DRAWN}\nfor i in range(2):\n    display(png)\nx = 1", "png", "display(png)\ndisplay(png)"),
    "pictures": page(PICTURES, prose="```{hint}\n:class: dropdown\n\nA hint.\n```\n"),
}


@pytest.fixture(scope="module")
def hooked(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site.at(tmp_path_factory.mktemp("hooked"), PAGES, HOOKED)
    (site.folder / "docs" / "own.cells").write_text(page("'own ' + 'parser'"))
    index = site.folder / "docs" / "index.md"
    index.write_text(index.read_text().replace("replaced", "replaced\nown"))
    site.right("-W")
    return site


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("replaced", "x is 2"),
        ("replaced", "41"),
        ("appended", "appended below"),
        ("made", "made before set"),
        ("own", "own parser"),
        ("no-mapping", "after it"),
        ("endless", "at last"),
        ("no-lexer", "as text"),
    ],
)
def test_a_page_shows(hooked: Site, name: str, shown: str) -> None:
    assert shown in text_of(hooked.html(name))


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("no-lexer", '<div class="[^"]*highlight-none'),
        ("own-renderer", r"above\n[^\n]* a call [^\n]*\nbelow"),
        ("labelled", '<div class="cell[^"]*" id="a-label">'),
        ("labelled", 'href="#a-label"'),
        ("markup", r"<details><summary>S</summary>\s*<p>in <strong>it</strong></p>\s*</details>"),
        ("drawn", 'alt="Picture that `display\\(png\\)` displays.*' * 2 + 'alt="Picture that `png` displays.*'),
        ("drawn", 'alt="Picture that this cell displays.*' * 2),
        ("pictures", "own picture"),
        ("pictures", '<div class="dropdown admonition hint">|<div class="admonition hint dropdown">'),
    ],
)
def test_a_page_is_written(hooked: Site, name: str, written: str) -> None:
    assert re.search(written, hooked.html(name) or "", re.DOTALL), hooked.html(name)


def test_a_search_finds_what_cells_show(hooked: Site) -> None:
    assert "zebrafish" in hooked.words()


COUNTED = f"""{THEIRS}
import itertools

numbers = itertools.count(1)


def setup(app):
    app.connect("source-read", lambda app, page, source: source.append(source.pop() + f"\\n% {{next(numbers)}}\\n"))
"""


def test_code_that_is_another_when_it_is_read_is_not_shown_with_what_ran(tmp_path: Path) -> None:
    counts = COUNTED.replace("\\n% {next(numbers)}", "\\n```{{code-cell}}\\nprint({next(numbers)})\\n```")
    site = Site.at(tmp_path, {"a": page("1")}, counts)
    done = site.build()
    assert done.returncode != 0
    assert "a.md: expected code cell 2 as it ran; got other code" in done.stderr
    assert site.html("a") is None


def test_prose_that_is_another_each_time_it_is_read_is_published(tmp_path: Path) -> None:
    Site.at(tmp_path, {"a": page("1")}, COUNTED).right("-W")


# What is no more


MOVED = f"""{THEIRS}
def stubs(app):
    yield from [("gone", {{"body": "moved away", "title": "Moved"}}, "page.html")] * ("gone" not in app.env.found_docs)


def setup(app):
    app.connect("html-collect-pages", stubs)
"""


def test_a_page_that_takes_the_place_of_a_removed_one_is_published(tmp_path: Path) -> None:
    site = Site.at(tmp_path, {"moves": page("1"), "gone": page("2"), "leaves": page("3")}, MOVED)
    site.right("-b", "dirhtml")
    docs, html = tmp_path / "docs", tmp_path / "html"
    assert (html / "leaves" / "index.html").exists()
    (docs / "moves").mkdir()
    (docs / "moves.md").rename(docs / "moves" / "index.md")
    for name in ("gone", "leaves"):
        (docs / f"{name}.md").unlink()
    (docs / "index.md").write_text("# Index\n\n```{toctree}\nmoves/index\n```\n")
    site.right("-b", "dirhtml")
    assert (html / "moves" / "index.html").exists()
    assert "moved away" in (html / "gone" / "index.html").read_text("utf-8")
    assert not (html / "leaves" / "index.html").exists()


# How it is started, and what it is written in


def test_a_build_that_is_started_in_a_running_loop(tmp_path: Path) -> None:
    site = Site.at(tmp_path, {"a": page("'in ' + 'a loop'")}, THEIRS)
    script = f"""
import asyncio
from sphinx.application import Sphinx

async def main():
    folders = [{str(tmp_path)!r} + name for name in ("/docs", "/conf", "/html", "/doctrees")]
    Sphinx(*folders, "html", status=None).build()

asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "in a loop" in text_of(site.html("a"))


def test_a_site_has_the_encoding_that_it_says(tmp_path: Path) -> None:
    site = Site.at(tmp_path, {"a": page("1")}, f'{THEIRS}source_encoding = "latin-1"\n')
    (tmp_path / "docs" / "a.md").write_bytes(page("print('na\xefve'.upper())").encode("latin-1"))
    site.right()
    assert "NAÏVE" in text_of(site.html("a"))


def test_what_names_this_machine_and_was_not_run_is_the_author_s(tmp_path: Path) -> None:
    site = Site.at(tmp_path, {"a": page("1", prose=f"As in `{tmp_path}/docs/a.md`.")}, THEIRS)
    site.right()
    assert f"{tmp_path}/docs/a.md" in text_of(site.html("a"))
