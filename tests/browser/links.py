"""The links and the markup of a whole site."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlparse

from playwright.sync_api import Browser, Error

from tests.browser.chromium import opened
from tests.browser.figures import Figure


def links(site: Path, browser: Browser, pages: list[str]) -> Iterator[Figure]:
    """Follow every link within the site, old addresses too, to its file and its anchor."""
    dead, anchors, asked = [], dict[Path, set[str]](), list[tuple[str, Path, str]]()
    with opened(browser) as context:
        page = context.new_page()
        for name in pages:
            page.goto((site / name).as_uri())
            anchors[site / name] = {*page.evaluate("[...document.querySelectorAll('[id]')].map(part => part.id)")}
            for url in page.evaluate("[...document.querySelectorAll('a[href]')].map(part => part.href)"):
                parts = urlparse(url)
                if parts.scheme == "file":
                    asked.append((name, Path(unquote(parts.path)), unquote(parts.fragment)))
        for moved in sorted({*site.glob("*.html")} - {site / name for name in pages} - {site / "404.html"}):
            page.goto(moved.as_uri())
            try:
                page.locator("article h1").wait_for(timeout=5000)
            except Error:
                dead.append(f"{moved.name} leads nowhere")
    for name, path, anchor in asked:
        if not path.is_file() or (anchor and anchor not in anchors.get(path, {anchor})):
            dead.append(f"{name}: {path.name}#{anchor}")
    yield Figure(f"dead links of {len(asked)}", str(len(dead)), not dead, dead)


def markup(site: Path, pages: list[str], vnu: str) -> Iterator[Figure]:
    """Ask vnu."""
    command = ["java", "-jar", vnu, "--errors-only", "--format", "gnu", *(str(site / name) for name in pages)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    errors = [line.rpartition("/html/")[2] for line in done.stderr.splitlines() if "error" in line]
    yield Figure("vnu errors", str(len(errors)), not errors, errors)
