"""The lens in a real browser: pointer, focus, tap and arrow keys in each pane light what belongs together."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page

from tests.browser.chromium import AXE, CONF, NEEDED
from tests.building import Site, page

pytestmark = [NEEDED, pytest.mark.slow]

CELLS = (
    "import jax\nimport jax.numpy as jnp\n\n\ndef loss(w, x):\n    é = jnp.tanh(x @ w); return jnp.mean(é ** 2)\n\n\n"
    "w, x = jnp.ones((8, 4)), jnp.ones((2, 8))",
    "jax.jit(jax.grad(loss)).lower(w, x).compile()",
    ":lens: stablehlo\njax.jit(loss).lower(w, x)",
)
SOURCE, JAXPR, STABLEHLO, HLO = range(4)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site.at(tmp_path_factory.mktemp("lens"), {"page": page(*CELLS), "plain": page("1 + 1")}, CONF)
    site.right("-W", "--keep-going")
    return site


def unit(page: Page, pane: int, text: str) -> Locator:
    """Return the part of a pane that has a text and none within it that has."""
    return page.locator(".lens-text").nth(pane).locator("[data-o], [data-p]").filter(has_text=text).first


def lit(page: Page, pane: int) -> str:
    """Return the text of what is lit in a pane."""
    return "".join(page.locator(".lens-text").nth(pane).locator(".lens-same").all_inner_texts())


def all_lit(page: Page) -> None:
    """Make sure that what belongs to the hyperbolic tangent is lit, and no product."""
    assert lit(page, SOURCE) == "jnp.tanh(x @ w)"
    assert "tanh" in lit(page, JAXPR)
    assert "stablehlo.tanh" in lit(page, STABLEHLO)
    assert "tanh(" in lit(page, HLO)
    assert "dot_general" not in lit(page, JAXPR) + lit(page, STABLEHLO)
    assert "columns 9–23" in page.locator(".lens-status").inner_text()


PARTS = [(SOURCE, "jnp.tanh("), (JAXPR, "= tanh "), (STABLEHLO, "stablehlo.tanh"), (HLO, " tanh(")]


@pytest.mark.parametrize(("pane", "text"), PARTS)
def test_pointer_focus_and_tap_light_what_belongs_together(reader: Page, pane: int, text: str) -> None:
    part = unit(reader, pane, text)
    part.scroll_into_view_if_needed()
    part.hover(position={"x": 4, "y": 4})
    all_lit(reader)
    reader.mouse.move(0, 0)
    assert lit(reader, JAXPR) == ""
    part.focus()
    all_lit(reader)
    part.press("Escape")
    assert lit(reader, JAXPR) == ""
    part.blur()
    part.tap(position={"x": 4, "y": 4})
    all_lit(reader)
    assert part.get_attribute("aria-pressed") == "true"
    unit(reader, JAXPR, "= integer_pow").hover()  # what is pinned stays
    all_lit(reader)


def test_arrow_keys_go_through_a_pane_and_across(reader: Page) -> None:
    unit(reader, JAXPR, "= tanh ").focus()
    reader.keyboard.press("ArrowRight")
    assert "stablehlo.tanh" in reader.locator(":focus").inner_text()
    all_lit(reader)
    reader.keyboard.press("ArrowRight")
    assert "tanh(" in reader.locator(":focus").inner_text()
    for _ in range(3):
        reader.keyboard.press("ArrowLeft")
    assert reader.locator(":focus").inner_text() == "jnp.tanh("
    unit(reader, JAXPR, "= tanh ").focus()
    reader.keyboard.press("ArrowDown")
    below = reader.locator(":focus").inner_text()
    assert below != unit(reader, JAXPR, "= tanh ").inner_text()
    reader.keyboard.press("ArrowUp")
    assert "tanh" in reader.locator(":focus").inner_text()
    reader.keyboard.press("Home")
    assert "= dot_general" in reader.locator(":focus").inner_text()


def test_each_pane_is_one_stop_of_the_tab_key(reader: Page) -> None:
    for pane in range(4):
        stops = reader.locator(".lens-text").nth(pane).locator("[tabindex='0']")
        assert stops.count() == 1
    unit(reader, SOURCE, "jnp.tanh(").focus()
    reader.keyboard.press("Tab")
    assert reader.locator(".lens-text").nth(JAXPR).locator(":focus").count() == 1


def test_a_kernel_lights_all_that_it_was_fused_from(reader: Page) -> None:
    reader.locator(".lens-kernels summary").click()
    kernels = []
    for row in reader.locator("tr[data-kernel]").all():
        row.focus()
        kernels.append((lit(reader, SOURCE), lit(reader, HLO), lit(reader, JAXPR)))
    assert all(map(all, kernels))
    (holding,) = (kernel for kernel in kernels if " tanh(" in kernel[1])
    assert "jnp.tanh(x @ w)" in holding[0]
    assert "tanh" in holding[2]


def test_marks_are_more_than_colour(reader: Page) -> None:
    unit(reader, JAXPR, "= tanh ").focus()
    for pane in range(4):
        mark = reader.locator(".lens-text").nth(pane).locator(".lens-same").first
        assert mark.evaluate("e => getComputedStyle(e).boxShadow") != "none"


def test_one_stage_is_a_listing(reader: Page) -> None:
    assert reader.locator(".witness-lens").count() == 1
    assert reader.locator(".witness-ir").count() == 1


def test_the_page_never_scrolls_sideways(reader: Page) -> None:
    reader.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")
    assert reader.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0


def test_the_script_is_on_no_other_page(site: Site) -> None:
    assert "lens.js" in (site.html("page") or "")
    assert "lens.js" not in (site.html("plain") or "")


def test_without_scripts_all_still_reads(browser: Browser, site: Site) -> None:
    context = browser.new_context(java_script_enabled=False)
    opened = context.new_page()
    opened.goto((site.folder / "html" / "page.html").as_uri())
    for pane, words in enumerate(("jnp.tanh", "dot_general", "stablehlo.tanh", "ENTRY")):
        assert words in opened.locator(".lens-text").nth(pane).inner_text()
    assert opened.locator(".lens-pane").nth(JAXPR).get_by_text("equations mapped").is_visible()
    assert opened.locator(".lens-text").nth(JAXPR).get_attribute("tabindex") == "0"
    context.close()


def test_a_program_of_thousands_of_equations_answers(browser: Browser, tmp_path: Path) -> None:
    """Parts out of sight are not drawn: what is lit is brought into view all the same."""
    body = "".join(f"    x = jnp.sin(x) * {n}.5 + jnp.cos(x - {n})\n" for n in range(500))
    (tmp_path / "many.py").write_text(f"import jax.numpy as jnp\n\n\ndef many(x):\n{body}    return x\n")
    command = [sys.executable, "-m", "witness", "lens", "many:many", "--args", "f32[8]", "-o", "many.html"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    context = browser.new_context(viewport={"width": 1280, "height": 844})
    opened = context.new_page()
    opened.goto((tmp_path / "many.html").as_uri())
    opened.locator(".lens-ready").wait_for()
    equations = opened.locator(".lens-text").nth(JAXPR).locator("[data-o]")
    assert equations.count() == 2500
    equations.nth(2000).focus()
    opened.wait_for_timeout(500)
    same = opened.locator(".lens-text").nth(STABLEHLO).locator(".lens-same").first
    pane = opened.locator(".lens-text").nth(STABLEHLO).bounding_box()
    there = same.bounding_box()
    assert pane
    assert there
    assert pane["y"] <= there["y"] <= pane["y"] + pane["height"]
    context.close()


@pytest.mark.skipif(not AXE, reason="AXE does not name axe.min.js of npm's axe-core")
def test_axe_finds_nothing_serious(reader: Page) -> None:
    reader.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")
    unit(reader, JAXPR, "= tanh ").focus()
    reader.add_script_tag(content=Path(AXE).read_text("utf-8"))
    found = reader.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    assert [
        (fault["id"], [node["html"] for node in fault["nodes"]])
        for fault in found
        if fault["impact"] in ("serious", "critical")
    ] == []
