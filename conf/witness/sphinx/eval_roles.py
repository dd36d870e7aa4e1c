"""MyST-NB's ``eval`` role and directives, which it offers in its inline mode: they show what the record holds."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from myst_nb.core.execute.base import EvalNameError
from myst_nb.ext.eval import EvalDirectiveAny, EvalFigureDirective, EvalRoleAny
from nbformat import NotebookNode
from nbformat.v4 import new_output
from sphinx.application import Sphinx

from witness.reading.plan import EVAL
from witness.sphinx.env_state import value_at

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
                found = value_at(env, name, EVAL, self.line)
                if found is None:
                    return list(unanswered(client, name))
                value, _ = found
                if value.data in ({}, NONE):
                    return []  # MyST-NB says that there is nothing to show
                return [new_output("execute_result", data=value.data, metadata=value.metadata)]

            client.eval_variable = answer
        return super().run()  # type: ignore[misc]  # MyST-NB's own class comes after this one


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
