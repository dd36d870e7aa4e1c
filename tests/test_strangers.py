"""Another's site, which only added ``witness`` to its extensions, shows what it must: each folder of `strangers`.

A page has what its ``.sees.txt`` says, or else what a stock kernel gives: outputs of the same kinds and texts, in the
same order. CONTRIBUTING tells what a case is made of.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.programs import call
from tests.stock import execution
from witness.reading.notebook import read_notebook
from witness.reading.settings import Settings
from witness.reading.site import Site
from witness.records.page_record import PageRecord
from witness.records.scrub import without_colour

CASES = Path(__file__).parent / "strangers"
CONF = """\
import pathlib, sys
project = "Another's"
extensions = ["witness", "myst_nb"]
html_theme = "basic"
nb_execution_mode = "force"
"""
KINDS = (
    "application/vnd.jupyter.widget-view+json",
    "application/javascript",
    "text/html",
    "text/markdown",
    "image/svg+xml",
    "image/png",
    "image/jpeg",
    "text/latex",
    "text/plain",
)
"""MIME types, the richest first: an output is of the first that it has."""

ADDRESS = re.compile(r"(?<= at )0x[0-9a-f]+|(?<=object at )0x[0-9a-f]+")


@dataclass(frozen=True)
class Built:
    """A site that was built."""

    folder: Path
    log: str
    status: int

    def record(self, page: str) -> PageRecord:
        """Return the record of a page."""
        (path,) = self.folder.glob(f".witness/*/{page}.json")
        return PageRecord.from_json(path.read_text("utf-8"))

    def html(self, page: str) -> str:
        return (self.folder / "html" / f"{page}.html").read_text("utf-8")


def cases(*holding: str) -> list[str]:
    """Return the cases that have a file of each name, and of the others none."""
    special = ("conf_extra.txt", "log.txt")
    return sorted(
        case.name
        for case in CASES.iterdir()
        if case.is_dir() and all((case / name).exists() == (name in holding) for name in special)
    )


ALONE = cases("conf_extra.txt") + cases("conf_extra.txt", "log.txt")
"""Cases with settings of their own: each is a site."""


def pages(case: str) -> list[str]:
    found = [path.stem for suffix in ("md", "ipynb") for path in (CASES / case).glob(f"*.{suffix}")]
    return sorted(found)


PAGES = [(case.name, page) for case in sorted(CASES.iterdir()) if case.is_dir() for page in pages(case.name)]
LOGS = sorted(path.parent.name for path in CASES.glob("*/log.txt"))


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return what builds the site of a case, once: cases without settings of their own share one, or fail in one."""

    @cache
    def built(*names: str) -> Built:
        folder = tmp_path_factory.mktemp("strangers")
        for name in names:
            shutil.copytree(CASES / name, folder / "site" / name)
        entries = "\n".join(f"{name}/{page}" for name in names for page in pages(name))
        (folder / "site" / "index.md").write_text(f"# Index\n\n```{{toctree}}\n{entries}\n```\n")
        extra = [path.read_text("utf-8") for path in (folder / "site").glob("*/conf_extra.txt")]
        (folder / "site" / "conf.py").write_text("\n".join([CONF, *extra]), "utf-8")
        # ipykernel does not read descriptors where it takes itself for a part of a test
        env = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
        done = call("sphinx", "-q", str(folder / "site"), str(folder / "html"), env=env)
        return Built(folder, done.stderr, done.returncode)

    def site(case: str) -> Built:
        if case in ALONE:
            return built(case)
        return built(*cases("log.txt")) if case in LOGS else built(*cases())

    return site


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Mapping[tuple[str, str], list[str]]:
    """Return what a stock kernel shows of each page that does not say what must be seen."""

    async def run(case: str, page: str) -> list[str]:
        folder = tmp_path_factory.mktemp("stock") / case
        shutil.copytree(CASES / case, folder)
        path = next(folder.glob(f"{page}.[mi]*"))
        notebook = read_notebook(path.read_text("utf-8"), path, Site(folder, Settings()))
        assert notebook
        async with kernels:
            done = await execution(notebook, folder)
        cells = [cell for cell in done.cells if cell.cell_type == "code"]
        return [line for number, cell in enumerate(cells, 1) for line in seen(number, cell.outputs)]

    async def all_of(wanted: Sequence[tuple[str, str]]) -> list[list[str]]:
        return await asyncio.gather(*(run(case, page) for case, page in wanted))

    kernels = asyncio.Semaphore(os.cpu_count() or 1)
    return dict(zip(STOCK, asyncio.run(all_of(STOCK)), strict=True))


def says(case: str, page: str) -> str | None:
    """Return what a page must show, if it says so."""
    path = CASES / case / f"{page}.sees.txt"
    return path.read_text("utf-8") if path.exists() else None


def seen(number: int, outputs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the lines that tell a cell's outputs: a head for each, and its text; a text printed in pieces is one."""
    before, text = "", ""
    for output in [*outputs, {"output_type": "end"}]:
        kind = output["name"] if output["output_type"] == "stream" else ""
        if before and kind != before:
            yield from block(number, before, text)
            text = ""
        before = kind
        if kind:
            text += output["text"]
        elif output["output_type"] == "error":
            yield from block(number, "error", f"{output['ename']}: {output['evalue']}")
        elif data := output.get("data"):
            mime = next((mime for mime in KINDS if mime in data), next(iter(data), ""))
            shown = str(data[mime]) if mime.startswith("text/") else ""
            yield from block(number, mime, shown)


def block(number: int, kind: str, text: str) -> Iterator[str]:
    yield f"[{number}] {kind}"
    for line in ADDRESS.sub("0x…", without_colour(text)).rstrip("\n").split("\n") if text else []:
        yield f"    {line}".rstrip()


def like(pattern: str, line: str) -> bool:
    """Return whether a line is as a pattern says, in which ``…`` stands for anything."""
    return bool(re.fullmatch(".*".join(map(re.escape, pattern.rstrip().split("…"))), line, re.DOTALL))


SAID = [(case, page) for case, page in PAGES if says(case, page)]
STOCK = [(case, page) for case, page in PAGES if case not in LOGS and not says(case, page)]


@pytest.mark.parametrize(("case", "page"), SAID + [pytest.param(*it, marks=pytest.mark.slow) for it in STOCK])
def test_a_page_shows_what_it_must(case: str, page: str, sites: Any, request: pytest.FixtureRequest) -> None:
    said = says(case, page)
    built: Built = sites(case)
    shown = [line for cell in built.record(f"{case}/{page}").cells for line in seen(cell.number, cell.outputs)]
    wanted = said.rstrip("\n").split("\n") if said else request.getfixturevalue("stock")[case, page]
    alike = len(shown) == len(wanted) and all(map(like, wanted, shown))
    assert alike, json.dumps({"wanted": wanted, "shown": shown, "log": built.log}, indent=1, ensure_ascii=False)


@pytest.mark.parametrize("case", sorted({case for case, _ in PAGES} - {*LOGS}))
def test_a_right_site_is_published_without_an_error(case: str, sites: Any) -> None:
    built: Built = sites(case)
    assert built.status == 0, built.log
    assert "ERROR" not in built.log


@pytest.mark.parametrize(("case", "page"), PAGES)
def test_no_page_shows_a_frame_of_ours(case: str, page: str, sites: Any) -> None:
    cells = sites(case).record(f"{case}/{page}").cells
    traces = [line for cell in cells for it in cell.outputs for line in it.get("traceback", ())]
    assert not re.search(r"File \S*\bwitness/", without_colour("\n".join(traces)))


@pytest.mark.parametrize("case", LOGS)
def test_a_wrong_site_says_what_is_wrong(case: str, sites: Any) -> None:
    built: Built = sites(case)
    assert built.status == 1
    log = without_colour(built.log).splitlines()
    for wanted in (CASES / case / "log.txt").read_text("utf-8").splitlines():
        assert any(like(f"…{wanted}…", line) for line in log), f"no line like {wanted!r} in\n{built.log}"


HTML = sorted((path.parent.name, path.name.removesuffix(".html.txt")) for path in CASES.glob("*/*.html.txt"))


@pytest.mark.parametrize(("case", "page"), HTML)
def test_the_built_page_holds_what_it_must(case: str, page: str, sites: Any) -> None:
    html = sites(case).html(f"{case}/{page}")
    for line in (CASES / case / f"{page}.html.txt").read_text("utf-8").splitlines():
        text = line.removeprefix("not: ")
        assert (text in html) != line.startswith("not: "), line
