"""``nox -s browser``: the built site as readers get it, in a real browser; prints its figures, and fails on a fault.

Needs Chromium, Playwright's own or Debian's; without one, it tries to fetch Playwright's, or says in a sentence what to
install. axe comes with the locks; vnu is fetched by npm, where npm and Java are; lighthouse is asked where it is
installed. What is not there is not checked, and the report says so.
"""

from __future__ import annotations

import functools
import gzip
import re
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain
from pathlib import Path
from urllib.parse import quote, unquote, urlparse

from playwright.sync_api import Browser, Error, sync_playwright

from tests.browser import audit
from tests.browser.chromium import AXE, divided, lighthouse, opened, vnu
from tests.browser.figures import BLOCKING, FIRST, FURTHER, QUERIES, SEARCH, TYPED, Figure
from tests.browser.links import links, markup
from tests.browser.settings import settings
from tests.browser.test_reading import luminance
from theme.chromium import ADVICE, launched

BLOCKS = """[...document.head.querySelectorAll('link[rel=stylesheet], script[src]:not([defer]):not([async])')]
    .map(part => part.href ?? part.src)"""


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def served(site: Path) -> Iterator[str]:
    """Serve a site on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


def loads(browser: Browser, site: Path, pages: list[str]) -> Iterator[Figure]:
    """Measure what a first visit and each further page load, compressed, and what they ask of others."""
    with served(site) as base, opened(browser) as context:
        page, urls, said = context.new_page(), list[str](), list[str]()
        page.on("request", lambda made: urls.append(made.url))
        page.on("console", lambda it: said.append(f"{page.url}: {it.text}") if it.type == "error" else None)
        page.on("pageerror", lambda error: said.append(f"{page.url}: {error}"))
        sizes, known, blocking = {}, set[str](), 0
        for name in pages:
            urls.clear()
            page.goto(f"{base}/{name}", wait_until="load")
            new = {url for url in urls if url.startswith(base)} - known
            known |= {url for url in new if "/_static/" in url}
            files = [site / unquote(urlparse(url).path).lstrip("/") for url in new]
            sizes[name] = sum(len(gzip.compress(file.read_bytes())) for file in files if file.is_file())
            blocking = max(blocking, len(page.evaluate(BLOCKS)))
            said += [f"{name} asks {url}" for url in urls if not url.startswith((base, "data:"))]
        search = sizes.pop("search.html", 0)
        first, *rest = sizes.values()
        worst = max(rest, default=0)
        heavy = next((name for name, size in sizes.items() if size == worst), "")
        yield Figure("first load, gzip", f"{first / 1000:.0f} KB", first <= FIRST)
        yield Figure("heaviest further page, gzip", f"{worst / 1000:.0f} KB ({heavy})", worst <= FURTHER)
        yield Figure("search, gzip", f"{search / 1000:.0f} KB", search <= SEARCH)
        yield Figure("render-blocking files", str(blocking), blocking <= BLOCKING)
        yield Figure("console errors, requests of others", str(len(said)), not said, said)


def asked(site: Path, browser: Browser, queries: list[tuple[str, list[str]]]) -> list[str]:
    """Ask the search, from the file system, and follow its first answer to the words it marks; return what is wrong."""
    wrong = []
    with opened(browser) as context:
        page = context.new_page()
        for query, where in queries:
            page.goto((site / "search.html").as_uri() + f"?q={quote(query)}")
            try:
                page.locator("#found a").first.click(timeout=5000)
                page.locator("article mark:visible").first.wait_for(timeout=5000)
                reached = re.sub(r"\.html(\?[^#]*)?", "", page.url).rpartition("/")[2]
                if reached not in where:
                    wrong.append(f"{query} leads to {reached}")
            except Error:
                wrong.append(f"{query} finds nothing, or marks nothing")
    return wrong


def searches(site: Path, queries: dict[str, list[str]], name: str) -> Iterator[Figure]:
    """Ask for all that readers look for."""
    parts = [[*queries.items()][start::4] for start in range(4)]
    wrong = [*chain.from_iterable(divided(functools.partial(asked, site), parts))]
    yield Figure(name, f"{len(queries) - len(wrong)} of {len(queries)}", not wrong, wrong)


def uses(browser: Browser, site: Path) -> Iterator[Figure]:
    """Use a page: colours, copies, live values, chapters on a telephone, and everything that works without scripts."""
    faults = []
    start = (site / "first-contact" / "what-jit-does.html").as_uri()
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    with opened(browser) as context:
        page = context.new_page()
        page.goto(start)
        before = page.evaluate(ground)
        for _ in range(2):
            page.locator("button.scheme").click()
        faults += ["the toggle changes no colours"] * (page.evaluate(ground) == before)
        live = page.locator("article .live").first
        live.focus()
        told = live.evaluate("part => getComputedStyle(part, '::after').content")
        faults += ["a live value says nothing when it is focused"] * ("Computed while" not in told)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.locator(".cell_input").first.hover()
        page.locator(".copy").first.click()
        copied = page.evaluate("navigator.clipboard.readText()")
        faults += ["a copy is not the code"] * ("import jax" not in copied)
        page.emulate_media(media="print")
        faults += ["print shows the navigation"] * page.locator("header.top").is_visible()
        solution = page.locator("details.solution > :not(summary)").first
        faults += ["print hides solutions"] * (not solution.evaluate("part => part.checkVisibility()"))
    with opened(browser, "dark", 390, scripts=False) as context:
        page = context.new_page()
        page.goto(start)
        page.get_by_role("button", name="Chapters").click()
        faults += ["without scripts, a telephone has no chapters"] * (
            not page.locator("#chapters a").nth(3).is_visible()
        )
        faults += ["without scripts, the system's dark is light"] * (luminance(page, "article") > 90)
        frame = page.locator("div.cell").first.evaluate("part => getComputedStyle(part).borderTopWidth")
        faults += ["without scripts, cells have no frame"] * (frame == "0px")
    yield Figure("uses that fail", str(len(faults)), not faults, faults)


def fetched() -> bool:
    """Try to fetch Playwright's own browser; return whether that was done."""
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    try:
        return subprocess.run(command, capture_output=True, check=False, timeout=180).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def told(figures: Iterable[Figure]) -> Iterator[Figure]:
    """Print each figure when it is known: all of them take minutes."""
    for figure in figures:
        print(figure, flush=True)
        yield figure


def main(site: Path) -> int:
    """Check a site; return how the process ends."""
    if not (site / "index.html").exists():
        print(f"{site} holds no site: build it first, with `nox -s docs`", file=sys.stderr)
        return 2
    pages = ["index.html", *sorted(str(path.relative_to(site)) for path in site.glob("*/*.html")), "search.html"]
    pages = [name for name in pages if not name.startswith("_")]
    with sync_playwright() as playwright:
        browser = launched(playwright) or (launched(playwright) if fetched() else None)
        if browser is None:
            print(f"skipped: {ADVICE}")
            return 0
        jar, lights = vnu(), lighthouse()
        figures = [
            *told(loads(browser, site, pages)),
            *told(settings(site, pages)),
            *told(searches(site, QUERIES, "searches that lead where they should")),
            *told(searches(site, TYPED, "real questions that the first result answers")),
            *told(uses(browser, site)),
            *told(links(site, browser, pages)),
            *told(markup(site, pages, jar) if jar else ()),
        ]
        browser.close()
    if lights:
        with served(site) as base:
            figures += told(audit.scores(lights, base))
    for what, there, advice in (
        ("axe", AXE, "`nox -s dev` installs it"),
        ("vnu", jar, "`npm` and Java bring it"),
        ("lighthouse", lights, "`npm install --global lighthouse` brings it"),
    ):
        if not there:
            print(f"not checked: {what}; {advice}")
    return int(not all(figure.good for figure in figures))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else ".build/html").resolve()))
