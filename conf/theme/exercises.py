"""Exercises and solutions as parts of a page: sphinx-exercise gives the content of each the same identifier."""

from __future__ import annotations

from typing import Any

from docutils import nodes
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
