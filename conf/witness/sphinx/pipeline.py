"""The ``pipeline`` directive: what JAX did with a function in the cells above, as a picture made from their record."""

from __future__ import annotations

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

from witness.nodes.pipeline import svg, told
from witness.records.compilation import total
from witness.records.kinds import COMPILATION
from witness.sphinx.env_state import has_failed, mark_unpublishable, record_of

logger = logging.getLogger(__name__)


class pipeline(nodes.General, nodes.Element):  # noqa: N801 (docutils' nodes are written so)
    """Where a picture is wanted: of ``function``, in so many ``cells`` above."""


class picture(nodes.container):  # noqa: N801
    """A picture, ``html``, and the same in words, which other builders show."""


def visit_picture(self: HTML5Translator, node: picture) -> None:
    """Write the picture."""
    self.body.append(f'<div class="witness-figure">{node["html"]}</div>\n')
    raise nodes.SkipNode


class Pipeline(SphinxDirective):
    """A function's way from its body to its result."""

    required_arguments = 1
    has_content = True
    option_spec = {"cells": directives.positive_int}  # noqa: RUF012 - docutils' own shape

    def run(self) -> list[nodes.Node]:
        """Return its place, in a figure with the caption that the page gives it."""
        node = pipeline(function=self.arguments[0], cells=self.options.get("cells", 1))
        self.set_source_info(node)
        if not self.content:
            return [node]
        caption = nodes.caption("", "", *self.parse_inline(" ".join(self.content), lineno=self.lineno)[0])
        return [nodes.figure("", node, caption)]


def on_doctree_read(app: Sphinx, doctree: nodes.document) -> None:
    """Draw each from the record of the page."""
    record = record_of(app.env, app.env.docname)
    kept = {cell.number: cell for cell in record.cells} if record else {}
    above: list[int] = []
    for node in list(doctree.findall(nodes.Element)):
        if "number" in node and node.get("nb_element") == "cell_code":
            above.append(node["number"])
        if isinstance(node, pipeline):
            done = [
                work
                for number in above[-node["cells"] :]
                if number in kept and (work := COMPILATION.of(kept[number].captured))
            ]
            program = next((it for it in total(done).programs if it.name == node["function"]), None)
            if program:
                name = f"pipeline-{above[-1]}-{app.env.new_serialno('witness-pipeline') + 1}"
                words = nodes.paragraph("", told(program))
                node.replace_self(picture("", words, html=svg(program, name)))
                continue
            if not has_failed(app.env):
                names = ", ".join(it.name for it in total(done).programs) or "no function"
                why = "pipeline: expected JAX to trace, lower or compile `%s` in the %s above; got %s"
                many = f"{node['cells']} cells" if node["cells"] > 1 else "cell"
                logger.error(
                    why + "\n    next: correct the name or `:cells:`", node["function"], many, names, location=node
                )
                mark_unpublishable(app.env)
            node.parent.remove(node)


def add(app: Sphinx) -> None:
    """Offer the directive, and teach the HTML builders its picture."""
    app.add_directive("pipeline", Pipeline)
    app.add_node(picture, html=(visit_picture, None))
    app.connect("doctree-read", on_doctree_read)
