"""The book's theme on a small site: what links lead to is shown beside them, and other versions are a link away."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import CONF, NEEDED, opened
from tests.building import HEAD, Site
from theme.cards import Evidence, draw

CELL = "```{code-cell} python\nimport jax\n\njax.jit(abs).trace(1.0).jaxpr\n```\n"
NAMES = (
    "`while_loop`, `partial`, `TracerBoolConversionError`, `jnp.where(x > 0, x, 0)`, `jax.jit`; `jit`, "
    "`lax.while_loop` and `where` again; `cond`, `scan` and `x.sum()`."
)
CODE = (
    "```{code-cell} python\nfrom functools import partial\n\nimport jax\nimport jax.numpy as jnp\n"
    "from jax import lax\n\nscan = 3\nlax.while_loop, lax.scan, jnp.where, lax.cond, jnp.linalg.cond\n```\n"
)
KINDS = {
    "print(traced.jaxpr)": "jaxpr",
    "print(traced.lower().as_text())": "StableHLO",
    "print(traced.lower().compile().as_text())": "HLO",
    "print(long.jaxpr)": "jaxpr",
    "print(long.lower().as_text())": "StableHLO",
    "print(few.lower().compile().as_text())": "HLO",
    "print(1 + 1)": "output",
    "traced.no_such_stage": "error",
    "%timeit -n 1 -r 2 traced.lower()": "time",
}
"""What is written against the output of each cell."""

SETUP = """\
import jax

traced, few, long = (jax.jit(f).trace(1.0) for f in (
    abs, lambda x: [x + n for n in range(12)], lambda x: [x + n for n in range(70)]
))"""


def cell(code: str, kind: str = "") -> str:
    return f"```{{code-cell}} python\n{':raises: AttributeError' * (kind == 'error')}\n{code}\n```\n"


KIND_CELLS = "\n".join([cell(SETUP), *(cell(code, kind) for code, kind in KINDS.items())])
PAGES = {
    "part/kinds": f"{HEAD}# Kinds\n\nWhat is it?\n\n{KIND_CELLS}",
    "part/runs": f"{HEAD}# Running\n\nWhat runs?\n\n{CELL}",
    "part/names": f"{HEAD}# Naming\n\n{NAMES}\n\n{CODE}",
    "part/asks": "# Asking\n\nSee {doc}`answers`, [a section](answers.md#deeper) and {term}`lane`; [far](https://a.example/).\n",
    "part/answers": "# Answering\n\nWhat is answered here? All of it.\n\n## Deeper\n\nIt goes deeper here.\n",
    "words": "# Words\n\n```{glossary}\nlane\nrow\n  Where one page runs at a time.\n```\n",
}
PUBLISHED = {
    "BOOK_URL": "https://a.example/jax-0.10/",
    "BOOK_VERSIONS": "JAX-0.12=https://a.example/ JAX-0.10=https://a.example/jax-0.10/",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site.at(tmp_path_factory.mktemp("theme"), PAGES, CONF)
    site.right("-W", "--keep-going", env=PUBLISHED)
    return site


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    with opened(browser) as context:
        page = context.new_page()
        page.goto(Path(site.folder, "html", "part", "asks.html").as_uri())
        yield page


def test_a_page_that_is_missing_is_only_missing(tmp_path: Path) -> None:
    pages = {"asks": PAGES["part/asks"], "index": "# Index\n\nSee {doc}`gone/page` and {doc}`asks`.\n"}
    site = Site.at(tmp_path, pages, CONF)
    done = site.build()
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    told = (site.folder / "html" / "previews.js").read_text("utf-8")
    assert '"index.html":["Index"' in told


@pytest.mark.slow
@NEEDED
@pytest.mark.parametrize(
    ("link", "title", "words"),
    [
        ("Answering", "Answering", "What is answered here? All of it."),
        ("a section", "Deeper", "It goes deeper here."),
        ("lane", "lane", "Where one page runs at a time."),
    ],
)
def test_a_link_tells_what_it_leads_to(page: Page, link: str, title: str, words: str) -> None:
    tip = page.get_by_role("tooltip")
    page.locator("article").get_by_role("link", name=link).hover()
    expect(tip).to_have_text(title + words)
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()


@pytest.mark.slow
@NEEDED
def test_each_output_is_called_what_it_is(page: Page) -> None:
    page.goto(page.url.replace("asks", "kinds"))
    parts = page.locator("div.cell_output > :not(details, p)")
    told = parts.evaluate_all("parts => parts.map(part => getComputedStyle(part, '::before').content)")
    assert [kind.strip('"') for kind in told] == list(KINDS.values())
    assert page.locator("div.cell_output > :has(> .witness-scroll > .witness-ir)").count() == 3


@pytest.mark.slow
@NEEDED
def test_the_keyboard_shows_it_too_and_a_link_out_of_the_book_shows_nothing(page: Page) -> None:
    first, *_, last = page.locator("article a:not(.headerlink)").all()
    page.locator("header input").focus()
    while not first.evaluate("link => link === document.activeElement"):
        page.keyboard.press("Tab")
    expect(page.get_by_role("tooltip")).to_contain_text("What is answered here?")
    expect(first).to_have_attribute("aria-describedby", "preview")
    last.focus()
    expect(page.get_by_role("tooltip")).to_be_hidden()
    assert last.get_attribute("href") == "https://a.example/"
    last.hover()
    page.wait_for_timeout(600)
    assert page.get_by_role("tooltip").count() == 0


def test_the_first_mention_of_a_name_leads_to_its_reference_in_its_short_form_too(site: Site) -> None:
    links = re.findall(r'<a class="api[^"]*" href="[^"#]*#([^"]*)"[^>]*>(.*?)</a>', site.html("part/names") or "")
    assert [(unescape(re.sub("<[^>]*>", "", shown)), name) for name, shown in links] == [
        ("while_loop", "jax.lax.while_loop"),
        ("partial", "functools.partial"),
        ("TracerBoolConversionError", "jax.errors.TracerBoolConversionError"),
        ("jnp.where(x > 0, x, 0)", "jax.numpy.where"),
        ("jax.jit", "jax.jit"),
    ]


def test_each_page_leads_to_itself_in_every_version_and_the_newest_is_the_one_to_find(site: Site) -> None:
    text = site.html("part/asks") or ""
    assert '<a href="https://a.example/part/asks.html">JAX 0.12</a>' in text
    assert '<a href="https://a.example/jax-0.10/part/asks.html" aria-current="true">JAX 0.10</a>' in text
    assert "<summary>JAX 0.10</summary>" in text
    assert '<link rel="canonical" href="https://a.example/part/asks.html">' in text


def test_a_card_shows_the_evidence_of_its_page(site: Site, tmp_path: Path) -> None:
    made = sorted((site.folder / "html" / "_images" / "cards").iterdir())
    assert [path.name.partition(".")[0] for path in made] == [
        "index",
        "part-answers",
        "part-asks",
        "part-kinds",
        "part-names",
        "part-runs",
        "words",
    ]
    (runs,) = (path for path in made if path.name.startswith("part-runs"))
    address = f"https://a.example/jax-0.10/_images/cards/{runs.name}"
    assert f'<meta property="og:image" content="{address}">' in (site.html("part/runs") or "")
    seen = Evidence("jaxpr", ("{ lambda ; a:f32[]. let b:f32[] = abs a in (b,) }",))
    for name, words in (("same.png", seen), ("other.png", Evidence("jaxpr", ("{ lambda ; a:f32[]. let  in (a,) }",)))):
        draw(tmp_path / name, "Jit with JAX", "Running", "What runs?", words)
    assert runs.read_bytes()[16:24] == (1200).to_bytes(4, "big") + (630).to_bytes(4, "big")
    assert (tmp_path / "other.png").read_bytes() != (tmp_path / "same.png").read_bytes()


def test_without_versions_there_is_no_switch(site: Site) -> None:
    site.right("-W", "-E", output="plain")
    assert 'class="versions"' not in (site.html("part/asks", "plain") or "")
    assert "canonical" not in (site.html("part/asks", "plain") or "")
