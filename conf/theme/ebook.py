"""The book as EPUB: every chapter with its evidence, solutions and rests open, and nothing that needs a script."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders import _epub_base, epub3
from sphinx.builders.epub3 import Epub3Builder

from theme import chapters, sentences
from theme.cover import cover
from theme.xhtml import xhtml
from witness.sphinx.card import records_of

STYLES = ("ebook.css", "lens.css")
"""What is kept of all that a site's theme and extensions bring."""

FIRST = ("mimetype", "META-INF/container.xml", "content.opf", "toc.ncx")
"""What a reading system looks for."""

ITEM = re.compile(r'(<item id="[^"]*" href="([^"]+\.xhtml)" media-type="application/xhtml\+xml") />')
SCRIPT = re.compile(r"<script\b.*?</script>", re.DOTALL)
KINDS = (("mathml", "<math"), ("svg", "<svg"))
"""What the list of files must say of a page, and what shows that the page has it."""


class Ebook(Epub3Builder):
    """Builds an EPUB that a validator passes, and the same bytes from the same records."""

    def content_metadata(self) -> dict[str, Any]:
        """Return what the book says of itself: its date is that of the newest record."""
        dates = [record.executed for record in records_of(self.env)]
        date = max(dates, default="1980-01-01T00:00:00").rstrip("Z")[:19] + "Z"
        told = sentences.of(self.env).get(self.config.root_doc, "")
        return {**super().content_metadata(), "date": date, "description": told.replace("&", "&amp;")}

    def build_content(self) -> None:
        """Draw the cover, and write the list of files, of those that the pages use."""
        Path(self.outdir, self.coverpage_name).unlink(missing_ok=True)  # what is there is listed in another place
        cover(self.app, Path(self.outdir, self.config.epub_cover[0]))
        for path in Path(self.outdir, "_static").iterdir():
            if path.name not in STYLES:
                path.unlink()
        super().build_content()
        listed = Path(self.outdir, "content.opf")
        text = ITEM.sub(self._item, listed.read_text("utf-8"))
        told = f'href="{self.config.epub_cover[0]}" media-type="image/png"'
        listed.write_text(text.replace(told, f'{told} properties="cover-image"'), "utf-8")

    def build_toc(self) -> None:
        """Write the list of chapters for old systems; Sphinx gives the book another name in it."""
        super().build_toc()
        listed = Path(self.outdir, "toc.ncx")
        name, identifier = (f'"dtb:uid" content="{it}"' for it in (self.config.epub_uid, self.config.epub_identifier))
        listed.write_text(listed.read_text("utf-8").replace(name, identifier), "utf-8")

    def build_navpoints(self, nodes: list[dict[str, Any]]) -> list[_epub_base.NavPoint]:
        """Return the list of chapters for old systems, each under its part."""
        return super().build_navpoints(self._in_parts(nodes))

    def build_navlist(self, navnodes: list[dict[str, Any]]) -> list[epub3.NavPoint]:
        """Return the list of chapters, each under its part."""
        return super().build_navlist(self._in_parts(navnodes))

    def _in_parts(self, places: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return places one level down from a part that they are in; a part begins where its first chapter does."""
        parts, found, part = chapters.parts(self.env), [], ""
        for place in places:
            page, _, anchor = place["refuri"].partition(f"{self.out_suffix}")
            if place["level"] == 1 and not anchor:
                before, part = part, parts.get(page, "")
                if part and part != before:
                    found.append({**place, "text": escape(part)})
            found.append({**place, "level": place["level"] + bool(part)})
        return found

    def _item(self, found: re.Match[str]) -> str:
        text = Path(self.outdir, found[2]).read_text("utf-8")
        has = " ".join(name for name, sign in KINDS if sign in text)
        return f'{found[1]} properties="{has}" />' if has else found[0]

    def build_epub(self) -> None:
        """Pack the files, with one date for all."""
        with ZipFile(Path(self.outdir, f"{self.config.epub_basename}.epub"), "w") as book:
            for name in dict.fromkeys((*FIRST, *sorted(self.files))):
                kind = ZIP_STORED if name == "mimetype" else ZIP_DEFLATED
                book.writestr(ZipInfo(name), Path(self.outdir, name).read_bytes(), kind)


def on_html_page_context(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Leave a page of the EPUB its own stylesheets only, and make it well-formed."""
    if app.builder.name == "epub":
        context["body"] = xhtml(SCRIPT.sub("", context.get("body", "")))
        context["script_files"] = []
        context["css_files"] = [css for css in context["css_files"] if Path(str(css.filename)).name in STYLES]


def on_builder_inited(app: Sphinx) -> None:
    """Have the stylesheet copied."""
    if app.builder.name == "epub":
        app.config.html_static_path.append(str(Path(__file__).parent / "ebook_static"))


def add(app: Sphinx) -> None:
    """Put the builder in the place of Sphinx's own."""
    app.add_builder(Ebook, override=True)
    app.connect("builder-inited", on_builder_inited)
    app.connect("html-page-context", on_html_page_context, priority=950)
