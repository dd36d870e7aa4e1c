"""``llms.txt``: the list of chapters for programs that read, each leading to the page as Markdown with its outputs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

from sphinx import addnodes
from sphinx.application import Sphinx

from theme import sentences

HOW = (
    "Every cell was executed while the site was built, and what stands below a cell is what it did. "
    "Each link leads to Markdown with the outputs; beside it lie the same page as .html, .ipynb and .py, and the "
    "samples of its timings as .csv, where it has any."
)


def on_build_finished(app: Sphinx, exception: Exception | None) -> None:
    """Write the list, of the pages that are published."""
    if not exception and app.builder.name == "html":
        Path(app.outdir, "llms.txt").write_text("\n".join(_lines(app)) + "\n", "utf-8")


def _lines(app: Sphinx) -> Iterator[str]:
    known = sentences.of(app.env)
    root = app.config.root_doc
    yield f"# {app.config.html_title}"
    yield f"\n> {known.get(root, '')}\n\n{HOW}"
    for toctree in app.env.get_doctree(root).findall(addnodes.toctree):
        yield f"\n## {toctree.get('caption') or app.config.html_title}\n"
        for page in toctree["includefiles"]:
            suffix = next((it for it in (".md", ".html") if Path(app.outdir, page + it).exists()), None)
            if suffix:
                title = app.env.titles[page].astext()
                asks = known.get(page, "")
                yield f"- [{title}]({urljoin(app.config.html_baseurl, page + suffix)})" + (f": {asks}" if asks else "")
