"""What the search looks through: prose by section, the names in its code, its errors, and what cells show."""

from __future__ import annotations

import json
import re
from collections.abc import Set
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.environment.collectors import EnvironmentCollector
from sphinx.util import docname_join

NAMES = re.compile(r"(?:[A-Za-z_]\w*\.)*[A-Za-z_]\w{2,}")
PROSE = (nodes.paragraph, nodes.entry, nodes.caption)
APART = (nodes.title, nodes.definition_list, addnodes.toctree)
TITLE = re.compile("\0(.*?)\0")
"""Where the title of a page is to stand that is read later."""
SHOWN = 4000
"""Characters of what the cells of one section show that can be found."""

Part = dict[str, Any]


def of(env: BuildEnvironment) -> dict[str, list[Part]]:
    """Return the sections of each page."""
    known: dict[str, list[Part]] = env.__dict__.setdefault("book_search", {})
    return known


class Index(EnvironmentCollector):
    """Keeps the sections of each page."""

    def clear_doc(self, app: Sphinx, env: BuildEnvironment, docname: str) -> None:
        """Forget a page."""
        of(env).pop(docname, None)

    def merge_other(self, app: Sphinx, env: BuildEnvironment, docnames: Set[str], other: BuildEnvironment) -> None:
        """Take over what another process read."""
        of(env).update({page: parts for page, parts in of(other).items() if page in docnames})

    def process_doc(self, app: Sphinx, doctree: nodes.document) -> None:
        """Keep the sections of a page."""
        parts = [part(node) for node in doctree.findall(nodes.section) if titled(node)]
        parts += [term(node) for node in doctree.findall(nodes.definition_list_item)]
        of(app.env)[app.env.docname] = parts


def titled(section: nodes.section) -> bool:
    """Return whether a section has a heading; what stands in others is of the one around them."""
    return isinstance(next(iter(section), None), nodes.title)


def part(section: nodes.section) -> Part:
    """Return what can be found in a section, without the sections below it."""
    prose: list[str] = []
    names: dict[str, None] = {}
    errors: list[str] = []
    shown: list[str] = []
    for node in within(section):
        element = node.get("nb_element")
        if element == "cell_code_source":
            names |= dict.fromkeys(NAMES.findall(node.astext()))
        elif element == "cell_code_output":
            for error in node.findall(lambda it: isinstance(it, nodes.Element) and "witness-error" in it["classes"]):
                errors += [
                    said.astext()
                    for said in error.findall(nodes.paragraph)
                    if {"witness-error-class", "witness-error-message"} & {*said["classes"]}
                ]
            shown += [block.astext() for block in node.findall(nodes.literal_block)]
        else:
            prose.append(text(node))
    first = not isinstance(section.parent, nodes.section)
    return {
        "at": "" if first else section["ids"][0],
        "title": section[0].astext(),
        "text": " ".join(" ".join(prose).split()),
        "names": " ".join(names),
        "errors": " ".join(" ".join(errors).split()),
        "shown": "\n".join(shown)[:SHOWN],
    }


def term(entry: nodes.definition_list_item) -> Part:
    """Return what can be found of a term that is explained."""
    name, *rest = entry.children
    also = [place for other in rest if isinstance(other, nodes.term) for place in other["ids"]]
    said = " ".join(text(node) for node in rest if isinstance(node, nodes.Element))
    at = name["ids"][0] if isinstance(name, nodes.Element) and name["ids"] else ""
    found = {"at": at, "title": name.astext(), "text": " ".join(said.split()), "names": "", "errors": "", "shown": ""}
    means = " ".join(text(node) for node in rest if isinstance(node, nodes.definition))
    return {**found, "also": also, "means": " ".join(means.split())}


def within(node: nodes.Element) -> list[nodes.Element]:
    """Return the cells and the pieces of prose of a section, in order."""
    found: list[nodes.Element] = []
    for child in node.children:
        if not isinstance(child, nodes.Element) or isinstance(child, APART):
            continue
        if isinstance(child, nodes.section) and titled(child):
            continue
        if child.get("nb_element") in ("cell_code_source", "cell_code_output") or isinstance(child, PROSE):
            found.append(child)
        elif "no-search" not in child.get("classes", []):
            found += within(child)
    return found


def text(node: nodes.Node) -> str:
    """Return the words of a piece of prose as a reader sees them."""
    if isinstance(node, nodes.Text):
        return node.astext()
    if isinstance(node, (nodes.raw, nodes.math)) or not isinstance(node, nodes.Element):
        return ""
    if isinstance(node, addnodes.pending_xref) and not node.get("refexplicit"):
        if node["reftype"] == "doc":
            return f"\0{docname_join(node['refdoc'], node['reftarget'])}\0"
        return "" if node["refdomain"] == "std" else node.astext()
    end = " " if isinstance(node, nodes.TextElement) and not isinstance(node, nodes.Inline) else ""
    return "".join(map(text, node.children)) + end


def on_builder_inited(app: Sphinx) -> None:
    """Put this search in the place of Sphinx's own, whose index nothing would read."""
    if app.builder.name == "html":
        app.builder.search = False  # type: ignore[attr-defined]
        app.config.html_additional_pages["search"] = "search.html"


def on_build_finished(app: Sphinx, exception: Exception | None) -> None:
    """Write what is searched as scripts, which a page may load without a server too."""
    if exception or app.builder.name != "html":
        return
    pages = [page for page in of(app.env) if Path(app.builder.get_output_path(page)).exists()]  # type: ignore[attr-defined]
    pages.sort()
    titles = {page: title.astext() for page, title in app.env.titles.items()}
    sections, shown = [], []
    for page in pages:
        address = app.builder.get_target_uri(page)
        for it in of(app.env)[page]:
            prose = TITLE.sub(lambda found: titles.get(found[1], ""), it["text"])
            sections.append([address, it["at"], titles[page], it["title"], prose, it["names"], it["errors"]])
            shown.append(it["shown"])
    for file, name, data in (("search-data.js", "sections", sections), ("search-outputs.js", "outputs", shown)):
        told = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
        Path(app.outdir, file).write_text(f"self.{name} = {told};\n", "utf-8")
