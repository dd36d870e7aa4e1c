"""A page in a real browser: on a desk and on a phone, in the light and in the dark, from a folder without a server."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.chromium import AXE, CONF, NEEDED, opened
from tests.building import EXERCISE, Site, page

pytestmark = [NEEDED, pytest.mark.slow]

CELLS = (
    "table = {}\nwide = 'wide ' * 60",
    ':raises: KeyError\ntable["zyzzyva"]  # and a comment that makes this line wider than a telephone is',
    ":raises: json.decoder.JSONDecodeError\nimport json\njson.loads('{')",
    "print(wide)",
    "print('\\n'.join(str(n) for n in range(90)))",
    "import sys\nprint('careful', file=sys.stderr)",
    "from IPython.display import Markdown\nMarkdown('|' + 'column|' * 12 + '\\n|' + '--|' * 12 + '\\n|' + '1|' * 12)",
    "import jax\nimport jax.numpy as jnp\n\n"
    "jax.make_jaxpr(lambda a, b: jnp.tanh(a @ b).sum())(jnp.ones((2, 3)), jnp.ones(3))",
    "lowered = jax.jit(lambda a: jnp.cos(jnp.sort(a)) / a.sum()).lower(jnp.ones(9))\nlowered",
    "print(lowered.compile().as_text())",
    "print('first', lowered.as_text(debug_info=True))\nprint(lowered.compile().as_text())",
    ":raises: RuntimeError\ntry:\n    table['numbat']\nexcept KeyError as cause:\n"
    "    raise RuntimeError('outer') from cause",
    "display({'text/html': '<table><tr><th></th><th>name</th></tr><tr><th>0</th><td>x</td></tr></table>'}, raw=True)",
    ":tags: [hide-input]\nfrom IPython.display import SVG\n"
    'SVG(\'<svg xmlns="http://www.w3.org/2000/svg" width="900" height="90"><circle r="40"/></svg>\')',
)
PROSE = """
## A heading with aVeryLongNameThatIsNotBrokenByAnything

It took {live}`1 + 1`, and $x^2$ is

$$a + b + c + d + e + f + g + h + i + j + k + l + m + n + o + p + q + r + s + t + u + v + w = 0$$

"""
PROSE += EXERCISE


@dataclass
class Reader:
    """A page in the browser, and what it did behind the reader's back."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site.at(tmp_path_factory.mktemp("reading"), {"page": page(*CELLS, prose=PROSE)}, CONF)
    site.right("-W", "--keep-going")
    return site


@pytest.fixture(params=[(theme, width) for theme in ("light", "dark") for width in (1280, 390)], ids=str)
def reader(request: pytest.FixtureRequest, browser: Browser, site: Site) -> Iterator[Reader]:
    """Open the page in one setting; the operating system prefers the other theme than the page's toggle says."""
    theme, width = request.param
    with opened(browser, "light" if theme == "dark" else "dark", width, chosen=theme) as context:
        reader = watched(context.new_page())
        reader.page.goto((site.folder / "html" / "page.html").as_uri())
        reader.page.wait_for_timeout(500)
        yield reader


def watched(page: Page) -> Reader:
    """Return a page with what it does behind the reader's back noted."""
    reader = Reader(page)
    page.on("request", lambda made: reader.requests.append(made.url))
    page.on("console", lambda said: reader.complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: reader.complaints.append(str(error)))
    return reader


def luminance(page: Page, selector: str) -> float:
    """Return how bright the ground of an element is, from 0 to 255."""
    script = """element => {
      for (let e = element; e; e = e.parentElement) {
        const c = getComputedStyle(e).backgroundColor.match(/[\\d.]+/g).map(Number);
        if (c.length < 4 || c[3] > 0.5) return (c[0] + c[1] + c[2]) / 3;
      }
      return 255;
    }"""
    return float(page.locator(selector).first.evaluate(script))


def test_nothing_is_asked_of_another_host_and_nothing_is_complained_of(reader: Reader) -> None:
    assert [url for url in reader.requests if not url.startswith(("file:", "data:"))] == []
    assert reader.complaints == []


def test_a_first_visit_loads_at_most_100_kilobytes(reader: Reader) -> None:
    files = {Path(unquote(urlparse(url).path)) for url in reader.requests if url.startswith("file:")}
    assert len(files) > 3
    assert sum(len(gzip.compress(file.read_bytes())) for file in files if file.is_file()) < 100_000


def test_formulas_are_drawn_by_the_browser_itself(reader: Reader) -> None:
    assert reader.page.locator("math").count() == 2
    assert reader.page.locator("math:visible").count() == 2
    assert [url for url in reader.requests if "mathjax" in url.lower() or "katex" in url.lower()] == []


def test_a_page_s_downloads_are_links_that_lead_there_without_a_server(reader: Reader, site: Site) -> None:
    links = reader.page.get_by_role("link", name=re.compile("notebook|script"))
    found = [unquote(urlparse(str(link.evaluate("element => element.href"))).path) for link in links.all()]
    assert [Path(path) for path in found] == [site.folder / "html" / name for name in ("page.ipynb", "page.py")]
    assert all(Path(path).is_file() for path in found)


def test_the_page_itself_never_scrolls_sideways(reader: Reader) -> None:
    reader.page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")
    assert reader.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0


def test_what_scrolls_can_be_reached_by_keyboard_and_has_a_name_of_its_own(reader: Reader) -> None:
    reader.page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")
    reader.page.wait_for_timeout(700)
    parts = reader.page.evaluate(
        """[...document.querySelectorAll('.bd-article *')]
        .filter(e => /auto|scroll/.test(getComputedStyle(e).overflow + getComputedStyle(e).overflowX))
        .filter(e => e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1)
        .map(e => [e.tabIndex === 0 || e.querySelector('[tabindex="0"]') !== null,
            e.getAttribute('role'), e.getAttribute('aria-label')])"""
    )
    assert len(parts) >= 3
    assert {reached for reached, _, _ in parts} == {True}  # by itself, or by what is in it, as a pane of the lens
    assert {role for _, role, _ in parts} <= {"region", "group"}
    names = [name for *_, name in parts]
    assert all(names)
    assert len(set(names)) == len(names)


def test_outputs_and_figures_follow_the_toggle_of_the_page(reader: Reader) -> None:
    dark = reader.page.evaluate("document.documentElement.dataset.theme") == "dark"
    for part in (
        "article",
        ".cell_input",
        ".cell_output pre",
        ".witness-error",
        "details.solution",
        ".cell_output img",
    ):
        assert (luminance(reader.page, part) < 90) is dark, part


def test_there_is_one_h1(reader: Reader) -> None:
    assert reader.page.locator("h1").count() == 1


def test_a_solution_opens_by_keyboard(reader: Reader) -> None:
    answer = reader.page.get_by_text("the answer", exact=True)
    assert not answer.is_visible()
    reader.page.locator("details.solution > summary").focus()
    reader.page.keyboard.press("Enter")
    assert answer.is_visible()


def test_the_search_works_without_a_server_and_finds_an_error(reader: Reader, site: Site) -> None:
    reader.page.goto((site.folder / "html" / "search.html").as_uri() + "?q=zyzzyva")
    result = reader.page.locator("#found a", has_text="Page").first
    result.wait_for()
    result.click()
    reader.page.locator("mark", has_text="zyzzyva").first.wait_for()
    assert reader.complaints == []


def test_a_first_visit_follows_the_operating_system_without_complaint(browser: Browser, site: Site) -> None:
    for scheme in ("dark", "light"):
        context = browser.new_context(color_scheme="dark" if scheme == "dark" else "light")
        reader = watched(context.new_page())
        reader.page.goto((site.folder / "html" / "page.html").as_uri())
        reader.page.wait_for_timeout(300)
        assert (luminance(reader.page, "article") < 90) is (scheme == "dark")
        assert reader.complaints == []
        context.close()


@pytest.mark.skipif(not AXE, reason="AXE does not name axe.min.js of npm's axe-core")
def test_axe_finds_nothing_serious(reader: Reader) -> None:
    reader.page.add_script_tag(content=Path(AXE).read_text("utf-8"))
    reader.page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")
    reader.page.wait_for_timeout(700)
    found = reader.page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    assert [
        (fault["id"], [node["html"] for node in fault["nodes"]])
        for fault in found
        if fault["impact"] in ("serious", "critical")
    ] == []
