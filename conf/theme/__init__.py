"""The book's theme, a child of sphinx-book-theme: pages that are light, read without scripts, and lead on."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from theme import cards, chapters, ebook, exercises, links, llms, previews, search, sentences, taken, terms, versions

SUPERSEDED = ("*/pygments.css", "*/basic.css", "*/mystnb.*.css", "*/exercise.css", "*/sphinx-design.min.css")
"""Stylesheets of what the book is made with; its own has a place for all that they style."""

SCRIPTS = [f"_static/{name}.js" for name in ("book", "lens", "steps", "predict", "minisearch", "search", "recompile")]
"""Scripts that pages load; what extensions would add is not needed."""

UNPLACED = ("404", "search")
"""Pages that have no place of their own in another version."""

HUMP = re.compile(r"(?<=[a-z]{4})(?=[A-Z][a-z]{4})")
"""Where a long name may be broken, in the narrow list of what is on a page."""

RAN = re.compile(r'(<p><a class="start .*?</p>\n)(.*)(<p class="witness-provenance">.*?</p>\n)', re.DOTALL)
"""On the first page, the way in, what stands below it, and the sentence that says where the cells ran."""


def needed(file: str, body: str) -> bool:
    """Return whether a page links to a stylesheet."""
    if fnmatch(file, "*/sphinx-design.min.css"):
        return 'class="sd-' in body
    return not any(fnmatch(file, pattern) for pattern in SUPERSEDED)


def on_html_page_context(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Give a page what the layout asks for; wide tables scroll within themselves."""
    context["needed"] = needed
    context["scripts"] = SCRIPTS
    if pagename == "search":
        for script in ("minisearch.js", "search.js"):
            app.add_js_file(script, loading_method="defer")
    context["described"] = sentences.of(app.env).get(pagename, "")
    told = str(app.config.html_theme_options.get("versions", ""))
    page = "" if pagename in UNPLACED else app.builder.get_target_uri(pagename)
    context["versions"] = versions.versions(told, app.config.html_baseurl, page)
    context["taken"] = taken.links(app)
    context["executed"] = "witness-provenance" in context.get("body", "")
    if 'id="what-jax-logs-and-what-it-means"' in context.get("body", ""):
        app.add_js_file("recompile.js", loading_method="defer")
    if doctree and app.builder.name == "html" and app.config.html_baseurl:
        context["card"] = cards.card(app, pagename)
    context["toc"] = HUMP.sub("<wbr>", context.get("toc", ""))
    if pagename == app.config.root_doc:
        context["body"] = RAN.sub(r"\1\3\2", context["body"])
    if doctree:
        tables = context["body"].replace("<table", '<div class="scrolls"><table')
        context["body"] = tables.replace("</table>", "</table></div>")


def on_build_finished(app: Sphinx, exception: Exception | None) -> None:
    """Tell other sites' searches where the list of pages is, where the book has an address."""
    if not exception and app.builder.name == "html" and (base := app.config.html_baseurl):
        told = f"User-agent: *\nAllow: /\n\nSitemap: {base.rstrip('/')}/sitemap.xml\n"
        Path(app.outdir, "robots.txt").write_text(told, "utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Set the theme up: the table of contents of what it adds."""
    app.setup_extension("sphinx_book_theme")
    app.add_html_theme("book", str(Path(__file__).parent / "book"))
    app.add_js_file("book.js", loading_method="defer")
    ebook.add(app)
    taken.add(app)
    app.add_env_collector(sentences.Sentences)
    app.add_env_collector(search.Index)
    app.add_transform(terms.Terms)
    app.add_post_transform(exercises.Contents)
    app.add_post_transform(links.Mentions)
    app.connect("doctree-read", exercises.lighten)
    app.connect("env-updated", chapters.on_env_updated)
    app.connect("doctree-resolved", chapters.on_doctree_resolved)
    app.connect("html-page-context", on_html_page_context, priority=900)
    app.connect("builder-inited", search.on_builder_inited)
    app.connect("build-finished", search.on_build_finished)
    app.connect("build-finished", on_build_finished)
    app.connect("build-finished", previews.on_build_finished)
    app.connect("build-finished", llms.on_build_finished)
    return {"version": "1", "env_version": 2, "parallel_read_safe": True, "parallel_write_safe": True}
