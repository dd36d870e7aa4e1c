"""The box of "Why did it recompile?": what JAX logs, pasted, leads to the section that explains it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.chromium import CONF, NEEDED, opened
from tests.browser.test_reading import Reader, luminance, watched
from tests.building import ROOT, Site
from tests.programs import call

pytestmark = [NEEDED, pytest.mark.slow]

NAME = "references/why-did-it-recompile"
TEXT = (ROOT / "docs" / f"{NAME}.md").read_text("utf-8")
FOUND = "elements => elements.map(link => link.hash.slice(1))"
SECTIONS = """() => [...document.querySelectorAll("[id^=causes] > section")].map(section => [section.id,
    [...section.querySelectorAll(".cell_output pre")].map(part => part.textContent)])"""


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> Path:
    others = dict.fromkeys(re.findall(r"\{doc\}`(?:[^`<]*<)?/([^`>]+)>?`", TEXT), "# Another page\n")
    for page, section in re.findall(r"\]\(/([^)#]+)\.md#([^)]+)\)", TEXT):
        others[page] = f"{others.get(page, '# Another page')}\n\n## {section.replace('-', ' ')}\n"
    site = Site.at(tmp_path_factory.mktemp("recompile"), {**others, NAME: TEXT}, CONF)
    site.right("-W", "--keep-going")
    return site.folder / "html" / f"{NAME}.html"


@pytest.fixture(scope="module", params=["light", "dark"])
def reader(request: pytest.FixtureRequest, browser: Browser, html: Path) -> Iterator[Reader]:
    with opened(browser, width=390, chosen=request.param) as context:
        reader = watched(context.new_page())
        reader.page.goto(html.as_uri())
        reader.page.locator("#recompile-log").wait_for()
        yield reader


@pytest.fixture(scope="module")
def logged() -> list[tuple[str, str]]:
    """Return sections, and what JAX says to standard error of calls that miss for the reason they explain."""
    done = call("tests.browser.misses", cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return re.findall(r"^=== (\S+)\n(.*?)^===$", done.stderr, re.DOTALL | re.MULTILINE)


def causes(page: Page, text: str) -> list[str]:
    """Return the sections that the box leads to when the text is pasted."""
    page.locator("#recompile-log").fill(text)
    links: list[str] = page.locator(".recompile-box li > a:first-of-type").evaluate_all(FOUND)
    return links


def test_what_each_section_of_the_page_prints_leads_to_that_section(reader: Reader) -> None:
    sections = reader.page.evaluate(SECTIONS)
    assert len(sections) > 10
    for section, (provoked, *_) in sections:
        expected = [] if "nothing was logged" in provoked else [section]
        assert causes(reader.page, provoked)[-1:] == expected, provoked


def test_what_jax_logs_anywhere_leads_to_the_section_that_explains_it(
    reader: Reader, logged: list[tuple[str, str]]
) -> None:
    assert len(logged) > 30
    for section, text in logged:
        prefixed = text.replace("TRACING", "WARNING:2026-11-27 10:00:00,000:jax._src.x:1: TRACING")
        assert causes(reader.page, f"step 3\n{prefixed}loss 0.5\n")[-1:] == [section], text


def test_a_whole_log_leads_to_every_cause_in_it(reader: Reader, logged: list[tuple[str, str]]) -> None:
    wanted = {section for section, _ in logged}
    assert set(causes(reader.page, "".join(text for _, text in logged))) == wanted


def test_every_cause_has_a_row_and_an_executed_section(reader: Reader) -> None:
    rows = reader.page.locator("#what-jax-logs-and-what-it-means tbody tr td:nth-child(2) a").evaluate_all(FOUND)
    assert sorted(rows) == sorted(section for section, _ in reader.page.evaluate(SECTIONS))
    for row in rows:
        assert reader.page.locator(f"#{row} .cell_input").count() > 0


def test_a_text_without_a_message_says_what_a_message_is(reader: Reader) -> None:
    assert causes(reader.page, "Traceback (most recent call last):") == []
    assert "TRACING CACHE MISS" in reader.page.locator(".recompile-box li").inner_text()
    assert (
        causes(reader.page, "TRACING CACHE MISS at a.py:1:1 (f):\n  for f defined at a.py:1\n  for a new reason") == []
    )
    assert "does not know" in reader.page.locator(".recompile-box li").inner_text()
    assert causes(reader.page, "") == []
    assert reader.page.locator(".recompile-box li").count() == 0


def test_the_box_is_used_by_keyboard_and_follows_the_toggle_of_the_page(reader: Reader) -> None:
    reader.page.locator("#recompile-log").fill("")
    reader.page.locator("#recompile-log").focus()
    reader.page.keyboard.press("Tab")
    reader.page.keyboard.press("Enter")
    link = reader.page.locator(".recompile-box li > a").first
    assert link.inner_text() == "another shape"
    assert reader.page.get_by_label("Paste what JAX logged").input_value()
    dark = reader.page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert (luminance(reader.page, "#recompile-log") < 90) is dark
    assert reader.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    assert [url for url in reader.requests if not url.startswith(("file:", "data:"))] == []
    assert reader.complaints == []


def test_without_scripts_the_page_reads_by_its_table(browser: Browser, html: Path) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(html.as_uri())
    assert page.locator("#recompile-log").count() == 0
    assert page.get_by_role("link", name="another static value").first.is_visible()
