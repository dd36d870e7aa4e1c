"""Predictions in a real browser: the answer is not on the screen until it is asked for, and what was said stays."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import AXE, CONF, NEEDED, opened
from tests.building import HEAD, ROOT, Site

pytestmark = [NEEDED, pytest.mark.slow]

TEXT = (
    HEAD
    + """# Page

```{predict} How many?
:answer: len(seen)

- [ ] one
- [x] three, as *said*

Because.
```

```{code-cell} python
seen = [1, 2, 3]
print("OUT" + "PUT")
```

What was seen.

## Typed

```{predict} And how many more?
:answer: len(seen) / 7
:within: 0.1
```

```{code-cell} python
print("LA" + "TER")
```
"""
)
STATIC = ROOT / "conf" / "witness" / "sphinx" / "static"
SETTINGS = [(theme, width) for theme in ("light", "dark") for width in (1280, 390)]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    site = Site.at(tmp_path_factory.mktemp("predictions"), {"page": TEXT}, CONF)
    site.right("-W", "--keep-going")
    return (site.folder / "html" / "page.html").as_uri()


@pytest.fixture
def reader(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(bypass_csp=True)
    opened = context.new_page()
    opened.goto(address)
    yield opened
    context.close()


GIVEN_AWAY = (re.compile("OUTPUT"), "What was seen", "Because", "Answer:")


def test_nothing_gives_the_answer_away(reader: Page) -> None:
    for text in (*GIVEN_AWAY, "LATER"):
        expect(reader.get_by_text(text, exact=False)).to_have_count(2 if text == "Answer:" else 1)
        expect(reader.get_by_text(text, exact=False).first).not_to_be_visible()
    expect(reader.get_by_text("seen = [1, 2, 3]")).to_be_visible()


def test_a_choice_is_made_and_checked_by_keyboard_alone(reader: Page) -> None:
    first = reader.locator(".witness-predict").first
    first.get_by_role("radio").first.focus()
    reader.keyboard.press("ArrowDown")
    reader.keyboard.press("Enter")
    expect(first.get_by_role("status")).to_contain_text("Right")
    for text in GIVEN_AWAY:
        expect(reader.get_by_text(text, exact=False).first).to_be_visible()
    expect(reader.get_by_text("LATER")).not_to_be_visible()


def test_a_wrong_choice_is_said_to_be_one_and_kept_until_it_is_forgotten(reader: Page) -> None:
    first = reader.locator(".witness-predict").first
    first.get_by_label("one").check()
    first.get_by_role("button", name="Check").click()
    expect(first.get_by_role("status")).to_contain_text("Not so")
    reader.reload()
    expect(first.get_by_label("one")).to_be_checked()
    expect(first.get_by_role("status")).to_contain_text("Not so")
    expect(reader.get_by_text(re.compile("OUTPUT"))).to_be_visible()
    first.get_by_role("button", name="Forget").click()
    expect(reader.get_by_text(re.compile("OUTPUT"))).not_to_be_visible()
    reader.reload()
    expect(first.get_by_label("one")).not_to_be_checked()
    expect(first.get_by_role("status")).to_have_text("")


@pytest.mark.parametrize(("said", "told"), [("0.45", "Right"), ("0.428", "Right"), ("0.6", "Not so"), ("no", "Not so")])
def test_a_typed_answer_may_be_as_far_off_as_the_page_says(reader: Page, said: str, told: str) -> None:
    second = reader.locator(".witness-predict").nth(1)
    second.get_by_label("Your answer").fill(said)
    reader.keyboard.press("Enter")
    expect(second.get_by_role("status")).to_contain_text(told)
    expect(reader.get_by_text("LATER")).to_be_visible()


def test_nothing_is_checked_where_nothing_is_said(reader: Page) -> None:
    for box in reader.locator(".witness-predict").all():
        box.get_by_role("button", name="Check").click()
    expect(reader.get_by_text(re.compile("OUTPUT"))).not_to_be_visible()
    expect(reader.get_by_text("LATER")).not_to_be_visible()


def test_without_scripts_a_fold_holds_the_answer(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    expect(page.locator(".witness-choices li")).to_have_count(2)
    expect(page.get_by_role("button", name="Check")).to_have_count(0)
    expect(page.get_by_text(re.compile("OUTPUT"))).not_to_be_visible()
    page.get_by_text("Look", exact=True).first.click()
    expect(page.get_by_text(re.compile("OUTPUT"))).to_be_visible()
    context.close()


def test_on_paper_all_of_it_is_there(reader: Page) -> None:
    reader.emulate_media(media="print")
    for text in (*GIVEN_AWAY, "LATER"):
        expect(reader.get_by_text(text, exact=False).first).to_be_visible()
    expect(reader.get_by_role("button", name="Check").first).not_to_be_visible()


def test_script_and_style_weigh_no_more_than_a_page_of_text() -> None:
    assert sum(len(gzip.compress((STATIC / f"predict.{kind}").read_bytes())) for kind in ("js", "css")) <= 1536


@pytest.mark.skipif(not AXE, reason="no axe")
@pytest.mark.parametrize(("theme", "width"), SETTINGS)
def test_axe_finds_nothing(browser: Browser, address: str, theme: str, width: int) -> None:
    with opened(browser, width=width, chosen=theme) as context:
        page = context.new_page()
        page.goto(address)
        page.get_by_label("one").check()
        page.get_by_role("button", name="Check").first.click()
        page.add_script_tag(path=AXE)
        found = page.evaluate("axe.run('.bd-article, main').then(done => done.violations)")
        assert [it["id"] for it in found if it["impact"] in ("serious", "critical")] == []
