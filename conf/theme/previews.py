"""What a link to a page, a section or a term leads to, in a few words: shown beside the link before it is followed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from sphinx.application import Sphinx

from theme import search, sentences

MAX_PREVIEW_CHARACTERS = 220
"""Characters of a preview."""


def on_build_finished(app: Sphinx, exception: Exception | None) -> None:
    """Write the previews as a script, which a page loads when the first of them is wanted, without a server too."""
    if not exception and app.builder.name == "html":
        told = json.dumps(dict(_previews(app)), ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
        Path(app.outdir, "previews.js").write_text(f"self.previews = {told};\n", "utf-8")


def _previews(app: Sphinx) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield an address within the book, and the title and the first words of what is there."""
    titles = {page: title.astext() for page, title in app.env.titles.items()}
    for page, parts in sorted(search.of(app.env).items()):
        address = app.builder.get_target_uri(page)
        for part in parts:
            words = search.TITLE.sub(lambda found: titles.get(found[1], ""), part.get("means") or part["text"])
            if not part["at"]:
                words = sentences.of(app.env).get(page, words)
            for place in [part["at"], *part.get("also", [])]:
                if words:
                    told = part["title"], sentences.shortened(words, MAX_PREVIEW_CHARACTERS)
                    yield address + (f"#{place}" if place else ""), told
