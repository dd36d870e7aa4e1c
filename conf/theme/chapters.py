"""The list of chapters on the first page: each with the question it asks."""

from __future__ import annotations

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from theme import sentences


def on_env_updated(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Return the first page where what a chapter asks, or is called, is no longer what stands there."""
    now = {page: (env.titles[page].astext(), text) for page, text in sentences.of(env).items() if page in env.titles}
    before, env.__dict__["book_chapters"] = env.__dict__.get("book_chapters"), now
    return [] if before == now else [app.config.root_doc]


def on_doctree_resolved(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put the list in the place of the first page's tables of contents."""
    if docname != app.config.root_doc or app.builder.name != "html":
        return
    for toctree in list(doctree.findall(addnodes.toctree)):
        pages = [page for page in toctree["includefiles"] if page in app.env.titles]
        part = nodes.container("", classes=["part"])
        if toctree.get("caption"):
            part += nodes.paragraph("", toctree["caption"], classes=["part-name"])
        part += nodes.enumerated_list("", *(_chapter(app, page) for page in pages), classes=["toctree-l0"])
        (toctree.parent if isinstance(toctree.parent, nodes.compound) else toctree).replace_self(part)


def parts(env: BuildEnvironment) -> dict[str, str]:
    """Return the part that each chapter is in."""
    tables = env.get_doctree(env.config.root_doc).findall(addnodes.toctree)
    return {page: str(table["caption"]) for table in tables if table.get("caption") for page in table["includefiles"]}


def _chapter(app: Sphinx, page: str) -> nodes.list_item:
    uri = app.builder.get_relative_uri(app.config.root_doc, page)
    title = [node.deepcopy() for node in app.env.titles[page].children]
    item = nodes.list_item("", nodes.paragraph("", "", nodes.reference("", "", *title, refuri=uri, internal=True)))
    if text := sentences.of(app.env).get(page):
        item += nodes.paragraph("", text, classes=["asks"])
    item["classes"].append("toctree-l1")
    return item
