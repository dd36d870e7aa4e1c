"""Nodes that keep long things short: a part that opens on demand, and a part that scrolls within itself."""

from __future__ import annotations

from html import escape
from typing import Any

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode, visit_HideCellInput
from sphinx.application import Sphinx
from sphinx.locale import admonitionlabels
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.writers.html5 import HTML5Translator


class fold(nodes.container):  # noqa: N801 (docutils' nodes are written so)
    """A part of a page that a reader opens.

    In an EPUB a solution stands open; builders of other formats than HTML show all open, without their summaries.
    """


class summary(nodes.title):  # noqa: N801
    """The title of a fold that an author wrote, with its markup; other folds have a plain text, ``summary``."""


class scroll(nodes.container):  # noqa: N801
    """A part of a page that scrolls within itself, can be reached by keyboard, and has a label."""


def opened(self: HTML5Translator) -> dict[str, Any]:
    """Return the attribute by which a part is open at once where there may be nothing to open it with."""
    return {"open": "open"} if self.builder.name == "epub" else {}


def visit_fold(self: HTML5Translator, node: fold) -> None:
    """Begin a part that opens on demand."""
    attributes = opened(self) if "dropdown" in node["classes"] else {}
    self.body.append(self.starttag(node, "details", CLASS="witness-fold", **attributes))
    if "summary" in node:
        self.body.append(f"<summary>{escape(node['summary'])}</summary>\n")


def visit_summary(self: HTML5Translator, node: summary) -> None:
    """Begin the title of a fold."""
    self.body.append("<summary>")


def depart_summary(self: HTML5Translator, node: summary) -> None:
    """End it."""
    self.body.append("</summary>\n")


def depart_fold(self: HTML5Translator, node: fold) -> None:
    """End it."""
    self.body.append("</details>\n")


def visit_scroll(self: HTML5Translator, node: scroll) -> None:
    """Begin a part that scrolls within itself."""
    attributes: dict[str, Any] = {"role": "region", "tabindex": "0", "aria-label": node["label"]}
    self.body.append(self.starttag(node, "div", CLASS="witness-scroll", **attributes))


def depart_scroll(self: HTML5Translator, node: scroll) -> None:
    """End it."""
    self.body.append("</div>\n")


def visit_hidden(self: HTML5Translator, node: HideCodeCellNode) -> None:
    """Begin code or output that a page hides; MyST-NB's own label is not the text that a reader sees (WCAG 2.5.3).

    In a site that is not tidy it is MyST-NB's, for its style sheet and the theme's know that.
    """
    if not self.config.witness_tidy:
        visit_HideCellInput(self, node)
        return
    self.body.append(self.starttag(node, "details", CLASS="hide", **opened(self)))
    shown, hidden = escape(node["prompt_show"]), escape(node["prompt_hide"])
    if shown == hidden:
        self.body.append(f"<summary>{shown}</summary>")
        return
    self.body.append(f'<summary><span class="collapsed">{shown}</span><span class="expanded">{hidden}</span></summary>')


class Dropdowns(SphinxPostTransform):
    """Admonitions of class ``dropdown``, such as solutions, open on demand in a tidy site: the theme does not do it."""

    default_priority = 800
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Put each such admonition's content into a fold, and its title on it, without links: a click opens it."""
        if not self.config.witness_tidy or "sphinx_togglebutton" in self.env._app.extensions:
            return
        for node in list(self.document.findall(nodes.Element)):
            if isinstance(node, nodes.Admonition) and "dropdown" in node["classes"]:
                titled = bool(node.children) and isinstance(node[0], nodes.title)  # a hint or a note has none
                named = str(admonitionlabels.get(node.tagname, node.tagname))
                for link in list(node[0].findall(nodes.reference)) if titled else ():
                    link.replace_self(link.children)
                title = node[0].children if titled else [nodes.Text(named)]
                folded = fold("", summary("", "", *title), *node[int(titled) :], ids=node["ids"])
                folded["classes"] = [*node["classes"], "admonition"]
                node.replace_self(folded)


def add(app: Sphinx) -> None:
    """Teach the HTML builders the nodes."""
    app.add_node(fold, html=(visit_fold, depart_fold))
    app.add_node(summary, html=(visit_summary, depart_summary))
    app.add_node(scroll, html=(visit_scroll, depart_scroll))
    app.add_node(HideCodeCellNode, override=True, html=(visit_hidden, depart_fold))
    app.add_post_transform(Dropdowns)
