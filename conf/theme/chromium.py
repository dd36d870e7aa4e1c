"""The browser that prints the book and reads the site: Debian's Chromium, Google's Chrome, or Playwright's own."""

from __future__ import annotations

import shutil
import sys

from playwright.sync_api import Browser, Error, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
FOUND = next(filter(None, map(shutil.which, NAMES)), None)
OPTIONS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
ADVICE = "no browser here; `apt-get install chromium` or `.nox/dev/bin/playwright install chromium` brings one"


def launched(playwright: Playwright) -> Browser | None:
    """Start a browser, or return None where there is none, or one that this system cannot run, and say why."""
    try:
        return playwright.chromium.launch(executable_path=FOUND, args=OPTIONS.split())
    except Error as error:
        if "Executable doesn't exist" not in error.message:
            print(f"the browser does not start: {error.message.strip().splitlines()[0]}", file=sys.stderr)
        return None
