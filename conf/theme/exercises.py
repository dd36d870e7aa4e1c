"""Exercises and solutions as parts of a page, and as what Sphinx keeps of them from build to build.

sphinx-exercise gives the content of each the same identifier, and keeps the whole page that each stands on.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

CONTENTS = {"exercise-content", "solution-content"}


class Contents(SphinxPostTransform):
    """Makes a plain part of what is marked up as a section without a heading."""

    default_priority = 750
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Replace the section in each exercise and solution; it keeps its content and loses its identifier."""
        for section in list(self.document.findall(nodes.section)):
            if CONTENTS & {*section["ids"]}:
                section.parent.replace(section, nodes.container("", *section.children, classes=["content"]))


def lighten(app: Sphinx, doctree: nodes.document) -> None:
    """Keep of each exercise and solution of a page its attributes and its title: all that is asked of it elsewhere.

    A node that is kept as it is brings its page along, with every output, and each build reads what Sphinx kept.
    """
    for kept in getattr(app.env, "sphinx_exercise_registry", {}).values():
        if kept["docname"] == app.env.docname:
            whole = kept["node"]
            kept["node"] = whole.copy()
            kept["node"] += [child.deepcopy() for child in whole.children[:1]]
            for node in kept["node"].findall():
                node.document = None
