"""MyST-NB's ``eval`` role and directives, which it offers in its inline mode: they show what the record holds."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from docutils import nodes
from myst_nb.core.execute.base import EvalNameError
from myst_nb.ext.eval import EvalDirectiveAny, EvalFigureDirective, EvalRoleAny
from nbformat import NotebookNode
from nbformat.v4 import new_output
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from witness.reading.plan import EVAL
from witness.records.page_record import FAILED
from witness.sphinx.env_state import evaluated, mark_unpublishable, record_of

logger = logging.getLogger(__name__)

NONE = {"text/plain": "None"}
"""What IPython says of a cell that ends with None is nothing; asked for the value, it says this."""


class Answered:
    """Has the values of a page's record in place of a running kernel."""

    document: nodes.document
    line: int

    def run(self) -> Any:
        """Show the value that the record has for this place."""
        if "nb_renderer" in self.document:
            client = self.document["nb_renderer"].renderer.nb_client
            env = self.document.settings.env
            unanswered = type(client).eval_variable

            def answer(name: str) -> list[NotebookNode]:
                if not re.match(client.nb_config.eval_name_regex, name):
                    raise EvalNameError(name)
                record = record_of(env, env.docname)
                if record is None or all(it.format != EVAL for it in record.live):  # not run, or not in inline mode
                    return list(unanswered(client, name))
                value = evaluated(env, name, self.line, self._above(env))
                if value is None or value.kind == FAILED:
                    why = value.metadata[FAILED] if value else "none, for the page has no such place in its record"
                    place = f"{self.document['source']}:{self.line}"
                    logger.error("live-value: expected a value for {eval}`%s`; got %s", name, why, location=place)
                    mark_unpublishable(env)
                    return []
                if value.data in ({}, NONE):
                    return []  # MyST-NB says that there is nothing to show
                return [new_output("execute_result", data=value.data, metadata=value.metadata)]

            client.eval_variable = answer
        return super().run()  # type: ignore[misc]  # MyST-NB's own class comes after this one

    def _above(self, env: BuildEnvironment) -> int | None:
        """Return how many code cells were read before, where the place is in another file, which the page includes."""
        if Path(self.document["source"]) == Path(env.doc2path(env.docname)):
            return None
        read = [node["cell_index"] for node in self.document.findall(nodes.container) if "cell_index" in node]
        cells = self.document["nb_renderer"].renderer.nb_client.notebook.cells[: max(read, default=-1) + 1]
        return [cell.cell_type for cell in cells].count("code")


class EvalRole(Answered, EvalRoleAny):  # type: ignore[misc]
    """A value in a sentence."""


class EvalDirective(Answered, EvalDirectiveAny):  # type: ignore[misc]
    """A value in a place of its own."""


class EvalFigure(Answered, EvalFigureDirective):  # type: ignore[misc]
    """A value as a figure with a caption."""


def add(app: Sphinx) -> None:
    """Offer them in place of MyST-NB's own."""
    app.add_role("eval", EvalRole(), override=True)
    app.add_directive("eval", EvalDirective, override=True)
    app.add_directive_to_domain("eval", "figure", EvalFigure, override=True)
