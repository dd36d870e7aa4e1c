"""Steps and calls in a real browser: the frames equal the trace, by key and by button; without scripts all reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.chromium import AXE, CONF, NEEDED, opened
from tests.building import Site, page

pytestmark = [NEEDED, pytest.mark.slow]

CELLS = (
    "import jax\nimport jax.numpy as jnp\nx = jnp.ones(3)",
    ":lens: steps\ndef f(x, up=True):\n    print('tracing', x)\n    y = jnp.sin(x)\n    if up:\n        y = y + 1.0\n"
    "    else:\n        y = y - 1.0\n    return y * 2.0\n\n\ntraced = jax.jit(f).trace(x)",
    "print(traced.jaxpr)",
    ":lens: calls\ng = jax.jit(f)\ng(x)\ng(x)\nlast = g(x[:2])",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site.at(tmp_path_factory.mktemp("steps"), {"page": page(*CELLS), "plain": page("1 + 1")}, CONF)
    site.right("-W", "--keep-going")
    return site


@pytest.fixture(params=[(theme, width) for theme in ("light", "dark") for width in (1280, 390)], ids=str)
def reader(request: pytest.FixtureRequest, browser: Browser, site: Site) -> Iterator[Page]:
    """Open the page in one setting."""
    theme, width = request.param
    with opened(browser, width=width, chosen=theme) as context:
        page = context.new_page()
        page.goto((site.folder / "html" / "page.html").as_uri())
        page.locator(".witness-steps.lens-ready").wait_for()
        yield page


def traced(page: Page) -> list[str]:
    """Return the equations of the jaxpr that the page prints."""
    text = page.locator(".witness-ir").first.inner_text()
    return [line.strip() for line in text.split("\n") if " = " in line]


def grown(page: Page) -> list[str]:
    """Return the equations of the jaxpr that are on the screen."""
    parts = page.locator(".witness-steps [data-o]").all()
    return [part.inner_text().strip() for part in parts if part.is_visible()]


def shown(page: Page) -> str:
    """Return the jaxpr pane as it is on the screen."""
    rows = page.locator(".witness-steps .lens-panes pre").last.locator("[data-n]").all()
    return "\n".join(row.inner_text().rstrip() for row in rows if row.is_visible())


def test_what_the_jaxpr_returns_is_shown_at_the_end(reader: Page) -> None:
    assert "let" in shown(reader)
    assert " in " not in shown(reader)
    reader.get_by_role("button", name="Last").click()
    assert " in " in shown(reader)


def test_the_frames_equal_the_trace_by_keyboard(reader: Page) -> None:
    items = reader.locator(".steps-list li")
    frames = []
    items.first.focus()
    for number in range(items.count()):
        assert reader.locator(".steps-list [aria-selected=true]").inner_text() == items.nth(number).inner_text()
        assert reader.locator(".steps-bar [role=status]").inner_text() == f"Step {number + 1} of {items.count()}"
        frames.append(grown(reader))
        reader.keyboard.press("ArrowDown")
    equations = traced(reader)
    assert len(equations) == 3
    said = items.all_inner_texts()
    assert [it.rpartition("wrote")[2].strip() for it in said if " = " in it] == equations
    assert frames == [equations[: sum(" = " in it for it in said[: n + 1])] for n in range(len(said))]
    assert ["printed tracing" in it for it in said].index(True) == 0
    reader.keyboard.press("Home")
    assert grown(reader) == []
    reader.keyboard.press("End")
    assert grown(reader) == equations


def test_buttons_go_through_it_and_light_the_line(reader: Page) -> None:
    reader.get_by_role("button", name="Next").click()
    assert "".join(reader.locator(".steps-bar ~ .lens-panes [data-p].lens-same").all_inner_texts()) == "jnp.sin(x)"
    reader.get_by_role("button", name="Last").click()
    assert len(grown(reader)) == 3
    reader.get_by_role("button", name="First").click()
    reader.get_by_role("button", name="Back").click()
    assert reader.locator(".steps-bar [role=status]").inner_text().startswith("Step 1 of")
    reader.locator(".steps-list li").nth(1).click()
    assert reader.locator(":focus").inner_text() == reader.locator(".steps-list li").nth(1).inner_text()


def test_the_branch_not_taken_is_marked_with_more_than_colour(reader: Page) -> None:
    never = reader.locator(".steps-never")
    assert "".join(never.all_inner_texts()) == "y = y - 1.0"
    assert "line-through" in never.first.evaluate("e => getComputedStyle(e).textDecorationLine")
    assert never.first.evaluate("e => e.closest('[data-n]').dataset.n") == "✕7"
    assert reader.get_by_text("Never reached in this trace").is_visible()


def test_each_call_is_a_row_with_a_mark_in_each_lane(reader: Page) -> None:
    rows = [
        [cell.inner_text().split("\n") for cell in row.locator("td").all()]
        for row in reader.locator(".witness-calls tbody tr").all()
    ]
    assert [row[1][0] for row in rows] == ["g(x)", "g(x)", "g(x[:2])"]
    assert [[cell[0][0] for cell in row[2:]] for row in rows] == [["●", "○", "●"], ["○", "–", "–"], ["●", "●", "●"]]
    assert "x: float32[2], before float32[3]" in " ".join(rows[2][1])
    summary = reader.locator(".witness-calls summary").last
    summary.focus()
    reader.keyboard.press("Enter")
    assert "now f32[2] and before f32[3]" in reader.locator(".witness-calls details[open]").inner_text()


def test_the_page_never_scrolls_sideways(reader: Page) -> None:
    assert reader.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0


def test_the_script_is_on_no_other_page(site: Site) -> None:
    assert "steps.js" in (site.html("page") or "")
    assert "steps.js" not in (site.html("plain") or "")
    assert "lens.js" not in (site.html("page") or "")


def test_without_scripts_all_reads(browser: Browser, site: Site) -> None:
    context = browser.new_context(java_script_enabled=False)
    opened = context.new_page()
    opened.goto((site.folder / "html" / "page.html").as_uri())
    assert grown(opened) == traced(opened)
    assert opened.locator("ol.steps-list > li").count() == 5
    assert opened.locator("ol.steps-list").get_attribute("tabindex") == "0"
    assert opened.get_by_role("button", name="Next").count() == 0
    assert opened.locator(".witness-calls tbody tr").count() == 3
    context.close()


@pytest.mark.skipif(not AXE, reason="AXE does not name axe.min.js of npm's axe-core")
def test_axe_finds_nothing_serious(reader: Page) -> None:
    reader.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")
    reader.locator(".steps-list li").nth(1).click()
    reader.add_script_tag(content=Path(AXE).read_text("utf-8"))
    found = reader.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    serious = [it for it in found if it["impact"] in ("serious", "critical")]
    assert [(it["id"], json.dumps([node["html"] for node in it["nodes"]])) for it in serious] == []
