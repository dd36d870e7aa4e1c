"""The code of kernels in a real browser: a function lights up with the instructions that its kernel is made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.chromium import AXE, CONF, NEEDED
from tests.building import Site, page

pytestmark = [NEEDED, pytest.mark.slow]

CELLS = (
    "import jax\nimport jax.numpy as jnp\n\n\ndef twice(x):\n    return jnp.tanh(x) * 2.0\n\n\nx = jnp.ones((64, 64))",
    ":lens: code\njax.jit(lambda x: twice(twice(x) @ x)).lower(x).compile()",
)
SOURCE, HLO, CODE = range(3)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site.at(tmp_path_factory.mktemp("code"), {"page": page(*CELLS)}, CONF)
    done = site.build("-W", "--keep-going")
    assert done.returncode == 0, done.stderr
    return site


def kernels(page: Page, pane: int) -> list[int | None]:
    """Return the kernel of each operation of a pane."""
    stages: Any = page.evaluate("JSON.parse(document.querySelector('.witness-lens > script').textContent)[1]")
    return [it[2] if len(it) > 2 else None for it in stages[pane - 1]]


def lit(page: Page, pane: int) -> set[int]:
    """Return the operations of a pane that are lit."""
    found = page.locator(".lens-text").nth(pane).locator(".lens-same").all()
    return {int(it.get_attribute("data-o") or "") for it in found}


def test_a_function_and_the_instructions_of_its_kernel_light_each_other(reader: Page) -> None:
    of_code, of_hlo = kernels(reader, CODE), kernels(reader, HLO)
    assert len(of_code) == 2
    for number, kernel in enumerate(of_code):
        members = {it for it, other in enumerate(of_hlo) if other == kernel}
        text = reader.locator(".lens-text")
        text.nth(CODE).locator(f"[data-o='{number}']").first.focus()
        assert lit(reader, HLO) == members
        assert lit(reader, CODE) == {number}
        text.nth(HLO).locator(f"[data-o='{min(members)}']").first.focus()
        assert lit(reader, CODE) == {number}


def test_a_line_lights_every_function_that_it_ended_in(reader: Page) -> None:
    reader.locator(".lens-text").nth(SOURCE).locator("[data-p]").filter(has_text="jnp.tanh(").first.focus()
    assert lit(reader, CODE) == {0, 1}


def test_the_page_never_scrolls_sideways(reader: Page) -> None:
    assert reader.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0


def test_without_scripts_the_code_reads(browser: Browser, site: Site) -> None:
    context = browser.new_context(java_script_enabled=False)
    opened = context.new_page()
    opened.goto((site.folder / "html" / "page.html").as_uri())
    assert "define " in (opened.locator(".lens-text").nth(CODE).text_content() or "")
    context.close()


@pytest.mark.skipif(not AXE, reason="AXE does not name axe.min.js of npm's axe-core")
def test_axe_finds_nothing_serious(reader: Page) -> None:
    reader.locator(".lens-text").nth(CODE).locator("[data-o]").first.focus()
    reader.add_script_tag(content=Path(AXE).read_text("utf-8"))
    found = reader.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    assert [fault["id"] for fault in found if fault["impact"] in ("serious", "critical")] == []
