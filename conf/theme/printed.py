"""``python -m theme.printed EPUB PDF``: the pages of the unpacked EPUB as one document, printed by Chromium."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from posixpath import normpath
from xml.etree import ElementTree as Xml

from playwright.sync_api import sync_playwright

from theme.chromium import ADVICE, launched

XHTML = "http://www.w3.org/1999/xhtml"
OPF = "{http://www.idpf.org/2007/opf}"
DC = "{http://purl.org/dc/elements/1.1/}"
NAMED = ("id", "for", "aria-labelledby", "aria-describedby", "aria-controls")
"""Attributes that hold identifiers, which only within a chapter are its own."""

ASKED = "witness-look"
"""The class of a fold with the answer to a question: on paper there is nothing to open it with."""

DATES = re.compile(rb"(/(?:CreationDate|ModDate) \(D:)\d{14}")
FOOT = (
    '<div style="width: 100%; font: 8pt sans-serif; text-align: center; color: #4a5563">'
    '<span class="pageNumber"></span></div>'
)
POINTING = re.compile(r"url\(#([^)]+)\)")
"""How a part of a drawing names another."""
HEAD = '<link rel="stylesheet" href="_static/ebook.css"/><link rel="stylesheet" href="_static/lens.css"/>'


class Book:
    """An unpacked EPUB."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        package = Xml.parse(folder / "content.opf").getroot()
        told = {node.tag.removeprefix(DC): node.text or "" for node in package.iter() if node.tag.startswith(DC)}
        self.title, self.description, self.rights = told["title"], told["description"], told["rights"]
        self.date = told["date"]
        files = {item.get("id"): item.get("href", "") for item in package.iter(f"{OPF}item")}
        spine = [files[item.get("idref")] for item in package.iter(f"{OPF}itemref")]
        self.pages = [name for name in dict.fromkeys(spine) if name not in ("nav.xhtml", "epub-cover.xhtml")]

    def document(self) -> str:
        """Return all pages as one, each a chapter whose links lead to the others."""
        Xml.register_namespace("", XHTML)
        chapters = [self._chapter(name) for name in self.pages]
        return (
            f'<html xmlns="{XHTML}" lang="en"><head><meta charset="utf-8"/><title>{_escaped(self.title)}</title>{HEAD}'
            f'</head><body><section class="cover"><h1>{_escaped(self.title)}</h1><p>{_escaped(self.description)}</p>'
            f"<p>{self.date[:10]}. © {_escaped(self.rights)}</p></section>"
            + "".join(Xml.tostring(chapter, "unicode") for chapter in chapters)
            + "</body></html>"
        )

    def _chapter(self, name: str) -> Xml.Element:
        page = Xml.parse(self.folder / name).getroot()
        body = next(node for node in page.iter(f"{{{XHTML}}}div") if node.get("role") == "main")
        for node in body.iter():
            if ASKED in node.get("class", "").split():
                node.set("open", "")
            for key in NAMED:
                if value := node.get(key):
                    node.set(key, " ".join(_name(name, part) for part in value.split()))
            for key, value in node.attrib.items():
                node.set(key, POINTING.sub(lambda found: f"url(#{_name(name, found[1])})", value))
            if href := node.get("href"):
                node.set("href", self._link(name, href))
            if source := node.get("src"):
                node.set("src", normpath(PurePosixPath(name).parent / source))
        body.attrib = {"class": "chapter", "id": _name(name, "")}
        return body

    def _link(self, name: str, href: str) -> str:
        """Return where a link leads within the whole."""
        if "://" in href or href.startswith(("mailto:", "data:")):
            return href
        path, _, anchor = href.partition("#")
        page = normpath(PurePosixPath(name).parent / path) if path else name
        return f"#{_name(page, anchor)}"


def _name(page: str, anchor: str) -> str:
    """Return the identifier in the whole of a place on a page.

    >>> _name("cost/benchmarking.xhtml", "takeaway"), _name("index.xhtml", "")
    ('cost-benchmarking-takeaway', 'index')
    """
    return "-".join(filter(None, (page.removesuffix(".xhtml").replace("/", "-"), anchor)))


def _escaped(text: str) -> str:
    return " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;")


def dead(document: str) -> Iterator[str]:
    """Yield the links within a document, those of drawings included, that lead nowhere."""
    there = set(re.findall(r' id="([^"]*)"', document))
    asked = {*re.findall(r' href="#([^"]*)"', document), *POINTING.findall(document)}
    yield from sorted(asked - there)


def main(folder: Path, target: Path) -> int:
    """Print an EPUB; without a browser say how to get one, and end well: the book is there as EPUB."""
    book = Book(folder)
    document = book.document()
    if lost := [*dead(document)]:
        print(f"{folder}: links lead nowhere: {', '.join(lost)}", file=sys.stderr)
        return 1
    whole = folder / "whole.xhtml"
    with sync_playwright() as playwright:
        browser = launched(playwright)
        if browser is None:
            print(f"no PDF: {ADVICE}")
            return 0
        whole.write_text(document, "utf-8")
        page = browser.new_page(java_script_enabled=False)
        page.goto(whole.resolve().as_uri())
        page.pdf(path=target, prefer_css_page_size=True, print_background=True, outline=True, tagged=True,
                 display_header_footer=True, header_template="<span></span>", footer_template=FOOT)  # fmt: skip
        browser.close()
    whole.unlink()
    date = re.sub(r"\D", "", book.date).encode()
    target.write_bytes(DATES.sub(rb"\g<1>" + date, target.read_bytes()))
    print(f"{target}: {target.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:3])))
