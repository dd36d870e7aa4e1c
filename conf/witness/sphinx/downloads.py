"""Downloads: each executed page as a notebook, a script, Markdown and a table, from the tree and record of its HTML."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nbformat
from docutils import nodes
from sphinx.application import Sphinx

from witness.export.links import PageLinks
from witness.export.markdown import markdown
from witness.export.notebook import assembled
from witness.export.samples import samples
from witness.export.script import script
from witness.export.twin import twin
from witness.records.page_record import PageRecord
from witness.sphinx import reader
from witness.sphinx.env_state import record_of

KINDS = {"notebook": ".ipynb", "script": ".py", "Markdown with outputs": ".md", "every sample of its timings": ".csv"}
"""What is offered, with the suffixes of the files."""


def on_html_page_context(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Write the downloads of a page beside its HTML, and offer them at its foot."""
    if doctree is None or app.builder.name not in ("html", "dirhtml"):
        return
    record = record_of(app.env, pagename) if app.config.witness_downloads else None
    files = made(app, pagename, doctree, record) if record else {}
    remove(app, {pagename}, {suffix for suffix in KINDS.values() if suffix not in files})
    for suffix, text in files.items():
        path = Path(app.outdir, pagename + suffix)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    if files and context.get("body"):
        links = [
            f'<a href="{context["pathto"](pagename + suffix, True)}" download>{kind} ({suffix})</a>'
            for kind, suffix in KINDS.items()
            if suffix in files
        ]
        context["body"] += f'<p class="witness-downloads">Download this page: {", ".join(links)}</p>\n'


def made(app: Sphinx, page: str, doctree: nodes.document, record: PageRecord) -> dict[str, str]:
    """Return the texts of a page's downloads, by suffix."""
    path = str(app.env.doc2path(page))
    known = app.env.mystnb_config.custom_formats[path][1]  # type: ignore[attr-defined]
    text = Path(path).read_text(app.config.source_encoding)
    filled = reader.read(text, **known)
    notebook = assembled(filled, markdown(doctree, PageLinks(app, page)), record)
    files = {".ipynb": nbformat.writes(notebook) + "\n", ".md": twin(notebook)}
    if notebook.metadata.language_info.name == "python":
        files[".py"] = script(notebook)
    if measured := samples(record):
        files[".csv"] = measured
    return files


def remove(app: Sphinx, pages: Iterable[str], suffixes: Iterable[str] = KINDS.values()) -> None:
    """Remove the downloads of pages that are not published."""
    if app.config.witness_downloads and app.builder.name in ("html", "dirhtml"):
        for page in pages:
            for suffix in suffixes:
                Path(app.outdir, page + suffix).unlink(missing_ok=True)
