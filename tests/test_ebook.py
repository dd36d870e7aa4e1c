"""The book to take along: a well-formed, whole EPUB, one document to print of it, and the list for programs."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as Xml
from zipfile import ZIP_STORED, ZipFile

import pytest

from tests.browser.chromium import CONF
from tests.building import EXERCISE, Site, page
from theme.printed import Book, dead

CELLS = (
    "import jax\nimport jax.numpy as jnp\n\n@jax.jit\ndef double(x):\n    return 2 * x\n\ndouble.trace(1.0).jaxpr",
    "%timeit -n 1 -r 8 double(1.0).block_until_ready()",
    ":raises: ZeroDivisionError\n1 / 0",
    "double.lower(1.0).compile()",
    "import matplotlib.pyplot as plt\nplt.plot([1, 3, 2])\nplt.title('A line')\nplt.show()",
)
PROSE = """
## A section, and a formula

Where $x < y$ & {doc}`other`, there is [its section](other.md#a-place).

"""
PROSE += EXERCISE
PROSE += """
```{predict} What is it?
:answer: 1 + 1

- [x] 2, the answer to a question
- [ ] 3
```

```{code-cell} python
print("what the fold holds")
```
"""
PART = "```{{toctree}}\n:caption: {}\n\n{}\n```\n\n"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    pages = {
        "a/page": page(*CELLS, prose=PROSE),
        "a/other": "# Other\n\nWhat is asked?\n\n## A place\n\nBack to {ref}`try`.\n",
        "index": f"# The book\n\nWhat?\n\n{PART.format('One & all', 'a/page')}{PART.format('Two', 'a/other')}",
    }
    site = Site.at(tmp_path_factory.mktemp("ebook"), pages, CONF)
    for builder in ("html", "epub"):
        site.right("-W", "--keep-going", "-b", builder, "-d", doctrees(site), output=builder)
    return site


def doctrees(site: Site) -> str:
    return str(site.folder / "doctrees")


def text(site: Site) -> str:
    return (site.folder / "epub" / "a" / "page.xhtml").read_text("utf-8")


def test_every_page_of_the_epub_is_well_formed(site: Site) -> None:
    pages = sorted((site.folder / "epub").rglob("*.xhtml"))
    assert len(pages) == 5  # with the cover and the list of chapters
    for path in pages:
        Xml.parse(path)


def test_the_epub_shows_evidence_and_solutions_without_a_script(site: Site) -> None:
    for part in ("witness-distribution", "witness-error-message", "witness-lens", "<math", "</clipPath>", "the answer"):
        assert part in text(site)
    solution = text(site).index("the answer")
    assert 'open="open"' in text(site)[text(site).rindex("<details", 0, solution) : solution]
    assert "<script" not in text(site)


def test_a_reading_system_finds_each_chapter_under_its_part_and_a_cover(site: Site) -> None:
    folder = site.folder / "epub"
    listed = Xml.parse(folder / "nav.xhtml").getroot()
    levels = listed.findall(".//{*}nav/{*}ol/{*}li")
    assert [it.findtext("{*}a") for it in levels] == ["The book", "One & all", "Two"]
    assert [it.findtext("{*}a") for it in levels[1].findall("{*}ol/{*}li")] == ["Page"]
    points = Xml.parse(folder / "toc.ncx").getroot().findall(".//{*}navMap/{*}navPoint")
    assert [point.findtext("{*}navLabel/{*}text") for point in points] == ["The book", "One & all", "Two"]
    (cover,) = (it for it in Xml.parse(folder / "content.opf").iter() if it.get("properties") == "cover-image")
    assert (folder / (cover.get("href") or "")).read_bytes().startswith(b"\x89PNG")


def test_on_paper_the_answers_are_there(site: Site) -> None:
    document = Xml.fromstring(Book(site.folder / "epub").document())
    (look,) = (it for it in document.iter() if "witness-look" in (it.get("class") or "").split())
    assert look.get("open") is not None
    assert "what the fold holds" in "".join(look.itertext())


def test_the_epub_is_packed_as_readers_want_it_and_twice_the_same(site: Site) -> None:
    (path,) = (site.folder / "epub").glob("*.epub")
    with ZipFile(path) as book:
        first, *_ = book.infolist()
        names = book.namelist()
        assert (first.filename, first.compress_type) == ("mimetype", ZIP_STORED)
        listed = book.read("content.opf").decode("utf-8")
    assert not [name for name in names if name.endswith((".js", "/book.css"))]
    assert 'href="a/page.xhtml" media-type="application/xhtml+xml" properties="mathml svg"' in listed
    before = path.read_bytes()
    site.right("-W", "-E", "-b", "epub", "-d", doctrees(site), output="epub")
    assert path.read_bytes() == before


def test_the_pages_make_one_document_whose_links_lead_within_it(site: Site) -> None:
    document = Book(site.folder / "epub").document()
    Xml.fromstring(document)
    assert list(dead(document)) == []
    assert 'href="#a-other-a-place"' in document
    assert 'href="#a-page-try"' in document
    assert list(dead('<a href="#x"/><p id="y"/>')) == ["x"]


def test_what_was_made_is_published_and_the_first_page_leads_there(site: Site) -> None:
    assert 'class="quiet taken"' not in (site.html("index") or "")
    made = site.folder / "book"
    made.mkdir()
    (made / "whole.pdf").write_bytes(b"%PDF")
    site.right("-W", "-d", doctrees(site))
    assert '<a href="whole.pdf" download>PDF' in (site.html("index") or "")
    assert Path(site.folder, "html", "whole.pdf").read_bytes() == b"%PDF"


def test_programs_find_each_page_as_markdown_with_its_outputs(site: Site) -> None:
    listed = (site.folder / "html" / "llms.txt").read_text("utf-8")
    assert "- [Page](a/page.md)" in listed
    assert "- [Other](a/other.html): What is asked?" in listed
    assert "the answer" in (site.folder / "html" / "a" / "page.md").read_text("utf-8")
    assert '<link rel="alternate" type="text/markdown" href="page.md"' in (site.html("a/page") or "")
