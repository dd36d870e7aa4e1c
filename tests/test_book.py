"""The book: every page in a stock kernel, every experiment in the built site, the same site every time."""

from __future__ import annotations

import ast
import asyncio
import os
import pickle
import re
import subprocess
import sys
import tomllib
from functools import cache
from html.parser import HTMLParser
from importlib.metadata import packages_distributions
from itertools import compress
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from tests.building import GIVEN, netless
from tests.stock import execution, printed, raised
from witness.lint.pages import read_file
from witness.python.cell import parse
from witness.reading.notebook import read_notebook
from witness.reading.site import Site

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
WITHOUT_CODE = {
    "index",
    *(f"references/{name}" for name in ("build-card", "devices", "drift", "glossary")),
    *(f"references/{name}" for name in ("run-this-book", "run-your-own-pages", "which-page")),
}
NAMES = (path.relative_to(DOCS).with_suffix("").as_posix() for path in DOCS.rglob("*.md"))
PAGES = sorted(name for name in NAMES if name not in WITHOUT_CODE)
EXPERIMENTS = tomllib.loads((Path(__file__).parent / "experiments.toml").read_text("utf-8"))["experiment"]
STOCK = {"IPython", "jax", "jaxlib", "numpy"}
"""What a stock Jupyter with JAX has."""


class _Text(HTMLParser):
    """The text of a page, scripts and styles apart."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._skip = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._skip += tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._skip -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if not self._skip:
            self.parts.append(data)


def text_of(html: str) -> str:
    """Return what a reader sees of a page."""
    parser = _Text()
    parser.feed(html)
    return "".join(parser.parts)


def build(output: Path) -> subprocess.CompletedProcess[str]:
    """Build the book as `nox -s docs` does, into a folder of its own, and without a network where there is a way.

    What `nox -s docs` or `nox -s doctest` has executed is not executed again: the stock kernels below execute it all.
    """
    words = ["-W", "--keep-going", "-n", "-c", "conf", "docs", str(output)]
    command = [*netless(), sys.executable, "-m", "sphinx", *words]
    return subprocess.run(command, cwd=ROOT, env=GIVEN, capture_output=True, text=True, timeout=1200, check=False)


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("book") / "html"
    done = build(output)
    assert done.returncode == 0, done.stderr
    return output


@pytest.mark.slow
def test_every_page_is_published(book: Path) -> None:
    assert [page for page in PAGES if not (book / f"{page}.html").exists()] == []


@pytest.mark.slow
def test_an_exercise_is_kept_from_build_to_build_without_the_page_around_it(book: Path) -> None:
    kept = pickle.loads((book / ".doctrees" / "environment.pickle").read_bytes()).sphinx_exercise_registry.values()
    assert kept
    assert {(it["node"].parent, it["node"].document) for it in kept} == {(None, None)}
    assert {len(it["node"].children) for it in kept} == {1}


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda experiment: experiment["what"])
@pytest.mark.slow
def test_each_experiment_of_the_notes_is_in_the_book(book: Path, experiment: dict[str, str]) -> None:
    html = (book / f"{experiment['page']}.html").read_text("utf-8")
    text = text_of(html)
    assert [seen for seen in experiment["sees"] if seen not in text] == []
    assert len(re.findall(r'class="live[ "]', html)) >= int(experiment.get("live", 0))


@pytest.mark.slow
def test_a_second_run_over_the_same_output_runs_nothing_and_changes_nothing(book: Path) -> None:
    published = [path for path in book.rglob("*") if path.is_file() and ".doctrees" not in path.parts]
    before = {path: path.read_bytes() for path in published}
    done = build(book)
    assert done.returncode == 0, done.stderr
    assert not re.search(r"^\[\d+/\d+\]", done.stderr, re.MULTILINE)
    assert [path.name for path in published if path.read_bytes() != before[path]] == []


@pytest.mark.slow
def test_the_book_builds_without_a_network(book: Path) -> None:
    if not netless():
        pytest.skip("this user cannot take the network away: unshare -rn")
    tell = "import socket; print([name for _, name in socket.if_nameindex()])"
    seen = subprocess.run([*netless(), sys.executable, "-c", tell], capture_output=True, text=True, check=True).stdout
    assert seen == "['lo']\n"
    assert (book / "index.html").exists()


@pytest.mark.slow
def test_no_page_asks_another_host_for_anything(book: Path) -> None:
    asking = re.compile(
        r"""<(?:script|img|iframe|source)\b[^>]*\bsrc=["'](?:https?:)?//[^"']+|<link\b[^>]*rel=["'](?:stylesheet|preload|icon)["'][^>]*href=["'](?:https?:)?//[^"']+"""
    )
    found = {path: asking.findall(path.read_text("utf-8")) for path in book.rglob("*.html")}
    assert {path: urls for path, urls in found.items() if urls} == {}


class _Nested(HTMLParser):
    """The links of a page that stand within another one."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._open = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            if self._open:
                self.found.append(str(dict(attrs).get("href")))
            self._open += 1

    def handle_endtag(self, tag: str) -> None:
        self._open -= tag == "a"


def nested(html: str) -> list[str]:
    """Return where the links lead that stand within another link."""
    parser = _Nested()
    parser.feed(html)
    return parser.found


def test_a_link_within_a_link_is_found() -> None:
    assert nested('<a href="x">one</a> <a href="y">two <code>2</code></a>') == []
    assert nested('<a href="x"><a href="y">two</a></a> <a href="z"></a>') == ["y"]


@pytest.mark.slow
def test_no_link_stands_within_another(book: Path) -> None:
    found = {path.name: nested(path.read_text("utf-8")) for path in book.rglob("*.html")}
    assert {name: links for name, links in found.items() if links} == {}


provided = cache(packages_distributions)


def imported(source: str) -> set[str]:
    """Return the packages a cell imports; what a listing imports only as a program, under ``main``, is not run here."""
    tree = parse(source).tree
    main = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "main"] if tree else []
    lines = source.split("\n")
    for node in main:
        lines[node.lineno - 1 : node.end_lineno] = [""] * ((node.end_lineno or 0) - node.lineno + 1)
    return parse("\n".join(lines)).imported


@pytest.mark.parametrize("page", PAGES)
def test_a_page_imports_only_jax_and_what_it_says_it_needs(page: str) -> None:
    notebook = read_notebook((DOCS / f"{page}.md").read_text("utf-8"), DOCS / f"{page}.md", Site(DOCS))
    assert notebook is not None
    needs = set(notebook.metadata.get("witness", {}).get("needs", []))
    known = STOCK | sys.stdlib_module_names | {name for name, packages in provided().items() if needs & set(packages)}
    strangers = [imported(cell.source) - known for cell in notebook.cells if cell.cell_type == "code"]
    assert set().union(*strangers) == set()


@pytest.fixture(scope="module")
def downloaded(
    book: Path, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[NotebookNode, NotebookNode]]:
    """Return the notebooks of the pages that are tested, as published and as executed anew, without a network."""

    async def execute(page: str) -> tuple[NotebookNode, NotebookNode]:
        notebook = nbformat.read(book / f"{page}.ipynb", as_version=4)
        async with kernels:
            return notebook, await execution(notebook, tmp_path_factory.mktemp(page.replace("/", "-")), netless())

    async def all_of(pages: list[str]) -> list[tuple[NotebookNode, NotebookNode]]:
        return await asyncio.gather(*map(execute, pages))

    kernels = asyncio.Semaphore(os.cpu_count() or 1)
    tests = [item for item in request.session.items if "downloaded" in getattr(item, "fixturenames", ())]
    pages = [str(item.callspec.params["page"]) for item in tests if isinstance(item, pytest.Function)]
    return dict(zip(pages, asyncio.run(all_of(pages)), strict=True))


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.slow
def test_a_downloaded_page_gives_the_same_results_in_a_stock_kernel(
    downloaded: dict[str, tuple[NotebookNode, NotebookNode]], page: str, tmp_path: Path
) -> None:
    path = DOCS / f"{page}.md"
    plan = read_file(path, page, Site(DOCS))
    assert plan is not None
    notebook, done = downloaded[page]
    install, *cells = (cell for cell in done.cells if cell.cell_type == "code")
    assert "%pip install jax==" in install.source
    assert [cell.source for cell in cells] == [cell.source.rstrip("\n") for cell in plan.cells]
    wanted = [cell.raises and cell.raises.rpartition(".")[2] for cell in plan.cells]
    for _ in range(3):
        if plan.lane == "together" or [raised(cell) for cell in cells] == wanted:
            break
        done = asyncio.run(execution(notebook, tmp_path, netless()))  # beside other tests, one time may be anything
        _, *cells = (cell for cell in done.cells if cell.cell_type == "code")
    assert [raised(cell) for cell in cells] == wanted
    if plan.lane == "together":  # one that measures is another each time
        _, *published = (cell for cell in notebook.cells if cell.cell_type == "code")
        checked = [not cell.unchecked for cell in plan.cells]
        assert [*compress(map(printed, cells), checked)] == [*compress(map(printed, published), checked)]
