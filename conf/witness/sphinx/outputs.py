"""Outputs in the page's tree: who renders them, what may be shown, and what the search finds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from importlib.metadata import entry_points

from docutils import nodes
from myst_nb.core.render import base_render_priority
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util import logging

from witness.nodes.error import cell_id
from witness.nodes.fold import scroll
from witness.nodes.table import TABLE
from witness.records.kinds import IR, LENS, TIMING
from witness.sphinx.env_state import pages

logger = logging.getLogger(__name__)

ACTIVE = ("text/html", "application/javascript", "application/vnd.jupyter.widget-view+json")
"""Kinds of output that can run scripts or reach another host: with `witness_safe_html` each is the last choice."""

SAFE = ("text/markdown", "image/svg+xml", "image/png", "image/jpeg", "image/gif", "text/latex", "text/plain")
"""Kinds of output that pages may show, best first."""

OURS = (TIMING.mime,)
"""Kinds of output that the kernel extension publishes; elsewhere than in HTML their text is shown."""

HTML = ("html", "dirhtml", "singlehtml", "epub")


def on_config_inited(app: Sphinx, config: Config) -> None:
    """Choose our renderer where the site chose none; where HTML is to be safe, what outputs may show."""
    installed = bool(entry_points(group="myst_nb.renderers", name="witness"))
    if config.nb_render_plugin == "default":
        if installed:
            config.nb_render_plugin = "witness"
        else:
            logger.warning("outputs look plain, for witness is not installed: pip install --no-deps -e .")
    if installed:
        known = base_render_priority()
        own = [name for name, it in app.registry.builders.items() if it.format == "html" and name not in known]
        ours = [(builder, kind, 0) for builder in (*HTML, *own) for kind in OURS]
        ours += [(builder, LENS.mime, -1) for builder in HTML]
        config.nb_mime_priority_overrides = [
            ("*", IR.mime, 0),
            ("*", TABLE, 0),
            *ours,
            *config.nb_mime_priority_overrides,
        ]
    if config.witness_safe_html:
        if config.nb_render_markdown_format == "commonmark":  # MyST-NB's choice, which has no tables
            config.nb_render_markdown_format = "gfm"
        last = 1000 if installed else None
        config.nb_mime_priority_overrides = [
            *((builder, kind, number) for builder in HTML for number, kind in enumerate(SAFE)),
            *(("*", kind, last) for kind in ACTIVE),
            *config.nb_mime_priority_overrides,
        ]


def on_doctree_read(app: Sphinx, doctree: nodes.document) -> None:
    """Name what scrolls; in a tidy site, keep an executed page's outputs out of the search index, but for errors.

    Those are found by their classes and messages. HTML in Markdown may begin in one node and end in another, and has
    no class: docutils would write an element around each.
    """
    if app.env.docname not in pages(app.env):
        return
    for cell in doctree.findall(nodes.container):
        if "number" in cell:
            cell["ids"].sort(key=cell_id(cell["number"]).__eq__)  # an author's label is the one of the element itself
    labels: Counter[str] = Counter()
    for region in doctree.findall(scroll):
        labels[region["label"]] += 1
        if (count := labels[region["label"]]) > 1:
            region["label"] += f" ({count})"  # a landmark's name is its own
    for output in doctree.findall(nodes.container) if app.config.witness_tidy else ():
        if output.get("nb_element") == "cell_code_output":
            for node in shown(output):
                part = isinstance(node, nodes.raw) and node.parent.get("mime_type") == "text/markdown"
                if "witness-error" not in node["classes"] and not part:
                    node["classes"].append("no-search")


def shown(output: nodes.Element) -> Iterator[nodes.Element]:
    """Yield what one cell shows; of a bundle of kinds, each kind's nodes, for one of them is chosen later."""
    for node in output.children:
        if isinstance(node, nodes.Element) and (node.get("nb_element") == "mime_bundle" or "mime_type" in node):
            yield from shown(node)
        elif isinstance(node, nodes.Element):
            yield node
