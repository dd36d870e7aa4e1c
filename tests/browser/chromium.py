"""The browser that pages are read in, where this machine has one, and the settings of sites made for it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.building import ROOT
from theme.chromium import FOUND as CHROMIUM
from theme.chromium import OPTIONS, launched

__all__ = ["AXE", "CHROMIUM", "CONF", "NEEDED", "OPTIONS", "divided", "lighthouse", "opened", "vnu"]


def bundled() -> str:
    """Return where the axe.min.js lies that a package for Python brings."""
    spec = find_spec("axe_playwright_python")
    file = Path(spec.submodule_search_locations[0], "axe.min.js") if spec and spec.submodule_search_locations else None
    return str(file) if file and file.is_file() else ""


AXE = os.environ.get("AXE", "") or bundled()
"""Where axe.min.js lies: npm's, or what comes with a package of the locks."""

VNU_PACKAGE = "vnu-jar@26.9.27"
TOOLS = ROOT / ".build" / "npm"


def vnu() -> str:
    """Return where vnu.jar lies, fetched by npm where that and Java are; an empty text where it cannot be had."""
    if named := os.environ.get("VNU", ""):
        return named
    jar = TOOLS / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"
    if not shutil.which("java"):
        return ""
    if not jar.is_file() and shutil.which("npm"):
        command = [
            "npm",
            "install",
            "--silent",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--prefix",
            str(TOOLS),
            VNU_PACKAGE,
        ]
        try:
            subprocess.run(command, capture_output=True, check=False, timeout=180)
        except subprocess.TimeoutExpired:
            return ""
    return str(jar) if jar.is_file() else ""


def lighthouse() -> str:
    """Return npm's lighthouse, where it is installed; it is no small thing, and not fetched."""
    return os.environ.get("LIGHTHOUSE", "") or shutil.which("lighthouse") or ""


@contextmanager
def opened(
    browser: Browser,
    scheme: str = "light",
    width: int = 1280,
    scripts: bool = True,
    chosen: str = "",
    touch: bool = False,
) -> Iterator[BrowserContext]:
    """Open the browser in one setting: the colours that the system prefers, and those ``chosen`` on the page itself."""
    context = browser.new_context(
        viewport={"width": width, "height": 844},
        color_scheme="dark" if scheme == "dark" else "light",
        java_script_enabled=scripts,
        has_touch=touch,
        bypass_csp=True,
    )
    if chosen:
        context.add_init_script(f"for (const key of ['mode', 'theme']) localStorage.setItem(key, '{chosen}')")
    yield context
    context.close()


Item = TypeVar("Item")
Found = TypeVar("Found")


def divided(task: Callable[[Browser, Item], Found], items: Iterable[Item]) -> list[Found]:
    """Do a task with each item, in a browser of its own, as many at once as there are cores."""

    def done(item: Item) -> Found:
        with sync_playwright() as playwright:
            browser = launched(playwright)
            assert browser, "the browser that was here a moment ago is gone"
            with browser:
                return task(browser, item)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return [*pool.map(done, items)]


NEEDED = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")

CONF = f"""
__file__ = {str(ROOT / "conf" / "conf.py")!r}
exec(open({str(ROOT / "conf" / "conf.py")!r}).read())
witness_records = "../records"
rediraffe_redirects = {{}}
"""
