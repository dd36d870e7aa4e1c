"""The browser of the tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.chromium import CHROMIUM, OPTIONS, opened
from tests.building import Site


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start the browser."""
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS.split())
        yield found
        found.close()


@pytest.fixture(params=[(theme, width) for theme in ("light", "dark") for width in (1280, 390)], ids=str)
def reader(request: pytest.FixtureRequest, browser: Browser, site: Site) -> Iterator[Page]:
    """Open the page with a lens, the one page of a module's site, in one setting."""
    theme, width = request.param
    with opened(browser, width=width, chosen=theme, touch=True) as context:
        page = context.new_page()
        page.goto((site.folder / "html" / "page.html").as_uri())
        page.locator(".lens-ready").wait_for()
        yield page
