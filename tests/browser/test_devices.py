"""Devices and versions beside one another, in a browser: without scripts, by keyboard, in both schemes, on paper."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.chromium import AXE, CONF, NEEDED, opened
from tests.building import Site
from tests.recordings import EIGHT, recorded, rewritten
from tests.test_devices import PAGES
from tests.test_drift_page import PAGES as DRIFT
from tests.test_drift_page import comparison
from witness.bundle.bundle import Bundle

pytestmark = [NEEDED, pytest.mark.slow]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    pages = {name: text for name, text in PAGES.items() if name in ("timed", "devices")}
    site = Site.at(tmp_path_factory.mktemp("devices"), pages | DRIFT, CONF)
    done = recorded(site, "eight.zip", "timed", **EIGHT)
    assert done.returncode == 0, done.stderr
    bundle = Bundle.read(site.folder / "eight.zip")
    folder = site.folder / "docs" / "_records"
    rewritten(bundle, folder / "eight.zip")
    for name in ("NVIDIA H100 80GB HBM3", "TPU v6 lite"):
        rewritten(bundle, folder / f"{name}.zip", device=replace(bundle.device, platform="gpu", kind=name, count=1))
    (folder / "drift.json").write_text(comparison(site).to_json(), "utf-8")
    site.right("-W", "--keep-going")
    return site


@pytest.fixture(params=[("light", 1280), ("dark", 390)], ids=str)
def timed(request: pytest.FixtureRequest, browser: Browser, site: Site) -> Iterator[Page]:
    scheme, width = request.param
    with opened(browser, scheme, width, scripts=False) as context:
        page = context.new_page()
        page.goto((site.folder / "html" / "timed.html").as_uri())
        yield page


def seen(page: Page) -> list[str]:
    """Return the identifiers of the buttons whose devices are in sight, of the first timing."""
    group = page.locator(".witness-devices").first
    buttons = [str(button.get_attribute("id")) for button in group.locator("input").all()]
    parts = group.locator(".witness-device").all()
    return [button for button, part in zip(buttons, parts, strict=True) if part.is_visible()]


def test_one_device_is_in_sight_and_the_arrow_keys_change_it(timed: Page) -> None:
    (first,) = seen(timed)
    timed.locator(f"#{first}").focus()
    timed.keyboard.press("ArrowRight")
    (second,) = seen(timed)
    assert second != first
    timed.keyboard.press("ArrowLeft")
    assert seen(timed) == [first]


def test_a_click_on_a_device_shows_it(timed: Page) -> None:
    label = timed.get_by_text("NVIDIA H100 80GB HBM3, JAX").locator("visible=true").first
    label.click()
    (shown,) = seen(timed)
    assert timed.locator(f"label[for={shown}]").text_content() == label.text_content()


def test_a_button_that_has_the_focus_is_marked(timed: Page) -> None:
    first = timed.locator(".witness-devices input").first
    first.focus()
    timed.keyboard.press("ArrowRight")
    style = "label => getComputedStyle(label).outlineStyle"
    outlined = [
        label.evaluate(style) != "none" for label in timed.locator(".witness-devices").first.locator("label").all()
    ]
    assert outlined == [False, True, False, False]


def test_on_paper_all_devices_stand_below_their_names(timed: Page) -> None:
    timed.emulate_media(media="print")
    assert len(seen(timed)) == 4
    names = timed.locator(".witness-devices").first.locator(".witness-device-name")
    assert all(name.is_visible() for name in names.all())


def test_without_a_stylesheet_all_devices_stand_below_their_names(timed: Page) -> None:
    timed.evaluate("document.querySelectorAll('link[rel=stylesheet], style').forEach(part => part.remove())")
    assert len(seen(timed)) == 4


@pytest.mark.skipif(not AXE, reason="no axe on this machine")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["timed", "devices", "drift"])
def test_axe_finds_nothing(browser: Browser, site: Site, name: str, scheme: str) -> None:
    with opened(browser, scheme, 390) as context:
        page = context.new_page()
        page.goto((site.folder / "html" / f"{name}.html").as_uri())
        page.wait_for_timeout(500)
        page.evaluate("document.querySelectorAll('details').forEach(it => it.open = true)")
        page.add_script_tag(path=AXE)
        found = json.loads(page.evaluate("axe.run().then(found => JSON.stringify(found.violations))"))
        assert [(it["id"], [node["target"] for node in it["nodes"]]) for it in found] == []
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0


def test_a_timing_with_devices_stays_small(site: Site) -> None:
    html = Path(site.folder / "html" / "timed.html").read_text()
    groups = html.split('<fieldset class="witness-devices')[1:]
    assert len(groups) == 2
    assert all(len(group.split("</fieldset>")[0]) < 4 * 5_000 for group in groups)
