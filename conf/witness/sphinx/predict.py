"""The ``predict`` directive: a question to the reader, whose answer is out of sight until it is asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

from witness.nodes.fold import fold
from witness.reading.plan import PREDICT
from witness.reading.prediction import OPTIONS, Prediction, WrongPrediction, of
from witness.records.page_record import LiveValue
from witness.records.values import split
from witness.sphinx.env_state import has_failed, mark_unpublishable, value_at
from witness.sphinx.live import live

logger = logging.getLogger(__name__)

SCRIPT = "predict.js"
SUMMARY = "Look"

TOLD = ("look", "right", "answer", "within")
"""What the script finds in a question."""

REST = "cell_rest"
"""The ``nb_element`` of what a cell shows, where its code stands apart."""


class prediction(nodes.container):  # noqa: N801 (docutils' nodes are written so)
    """A question and the answers to choose from; ``look`` names the fold with the answer, ``cells`` ends what is in it.

    Its last child holds the answer, until the page is written.
    """


class answer(nodes.container):  # noqa: N801
    """What is right, and why."""


def visit_prediction(self: HTML5Translator, node: prediction) -> None:
    """Begin a question; the script finds in it what is right."""
    told: dict[str, Any] = {f"data-{name}": str(node[name]) for name in TOLD if name in node}
    told |= {"role": "group", "aria-label": "Prediction"}
    self.body.append(self.starttag(node, "div", CLASS="witness-predict", **told))


def depart_prediction(self: HTML5Translator, node: prediction) -> None:
    """End it."""
    self.body.append("</div>\n")


class Predict(SphinxDirective):
    """A question of which the page's kernel knows the answer."""

    optional_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec = dict.fromkeys(OPTIONS, directives.unchanged) | {"class": directives.class_option}

    def run(self) -> list[nodes.Node]:
        """Return the question, with its answer."""
        given = {name: value for name, value in self.options.items() if name != "class"}
        try:
            asked = of(" ".join(self.arguments), given, list(self.content))
            value = self._value(asked)
        except WrongPrediction as error:
            return self._missing(str(error))
        if value is None:
            return self._missing("its answer has no place in the record of this page")
        number = self.env.new_serialno("witness-predict") + 1
        node = prediction("", classes=self.options.get("class", []), look=f"look-{number}", after=value.after)
        node["ids"].append(f"predict-{number}")
        node["cells"], node["prose"] = asked.cells, asked.prose
        self.set_source_info(node)
        self.add_name(node)
        question = self._parsed(asked.question)
        if not isinstance(question[0], nodes.paragraph):
            question.insert(0, nodes.paragraph())
        question[0].insert(0, [nodes.strong("", "Predict."), nodes.Text(" ")])
        node += nodes.container("", *question, classes=["witness-question"])
        if asked.right:
            items = [nodes.list_item("", *self._parsed(choice.text)) for choice in asked.choices]
            node += nodes.bullet_list("", *items, classes=["witness-choices"], bullet="-")
            node["right"] = asked.choices.index(asked.right)
            right = [part.deepcopy() for part in items[node["right"]].children]
        else:
            node["answer"], node["within"] = value.text, asked.within
            right = [nodes.paragraph("", value.text)]
        told = nodes.paragraph("", "", nodes.strong("", "Answer:"), nodes.Text(" "))
        told += live("", "", *right[0].children, classes=["live"], expression=value.expression, told="")
        node += answer("", told, *right[1:], *self._parsed(asked.explanation), classes=["witness-answer", "no-search"])
        return [node]

    def _value(self, asked: Prediction) -> LiveValue | None:
        """Return the expression that decides, with its value; None where the record has none."""
        right = asked.right
        role, below = (right.condition, right.line) if right and right.condition else (asked.answer, 0)
        expression, form = split(role)
        if has_failed(self.env):
            return LiveValue(expression, form, self.lineno, "?")
        found = value_at(self.env, expression, PREDICT + form, self.lineno + below)
        return found[0] if found else None

    def _parsed(self, lines: Iterable[str]) -> list[Any]:
        holder = nodes.container()
        self.state.nested_parse(StringList(list(lines), self.get_source_info()[0]), self.content_offset, holder)
        return list(holder.children)

    def _missing(self, why: str) -> list[nodes.Node]:
        """Say that the answer is missing, now and at the end of this build and of those to come."""
        if not has_failed(self.env):
            logger.error("prediction: %s", why, location=self.get_location())
            mark_unpublishable(self.env)
        return []


class Looks(SphinxPostTransform):
    """Puts each answer, and all that gives it away, below the code that is asked about: in HTML into one fold."""

    default_priority = 700

    def run(self, **kwargs: Any) -> None:
        """Move the answers."""
        cells = {node["number"]: node for node in self.document.findall(nodes.container) if "number" in node}
        for asked in list(self.document.findall(prediction)):
            told = asked.children[-1]
            asked.remove(told)
            covered = _covered(asked)
            if asked["cells"] and (cell := cells.get(asked["after"])) and cell not in covered:
                why = "the cell that answers is not below it in the same section, and stays in sight: move it, or %s"
                logger.warning(f"prediction: {why}", "`:cells: 0`", location=asked, type="witness")
            if self.app.builder.format == "html":
                _fold(asked, told, covered)
            else:
                _insert(told, [asked, *(node for node in covered if "number" in node)][-1])


def _covered(asked: prediction) -> list[nodes.Element]:
    """Return what gives the answer away: all up to the last cell that is needed, and what is said of that."""
    found: list[nodes.Element] = []
    if not asked["cells"] or not isinstance(asked.parent, nodes.section):
        return found
    for node in asked.parent.children[asked.parent.index(asked) + 1 :]:
        if not isinstance(node, nodes.Element) or isinstance(node, (nodes.section, nodes.transition, prediction)):
            break
        if {"exercise", "solution"} & {*node["classes"]} or node.get("number", 0) > asked["after"]:
            break
        found.append(node)
    last = max((n for n, node in enumerate(found, 1) if "number" in node), default=0)
    return found if asked["prose"] is None else found[: last + asked["prose"]]


def _fold(asked: prediction, told: nodes.Node, covered: list[nodes.Element]) -> None:
    """Put the answer and what is covered into a fold, but for code before the first cell that shows anything."""
    look = fold("", told, summary=SUMMARY, classes=["witness-look"], ids=[asked["look"]])
    cells = [n for n, node in enumerate(covered) if "number" in node]
    showing = next((n for n in cells if _code(covered[n]) < len(covered[n])), cells[-1] if cells else -1)
    before = [asked, *covered][showing + 1]
    place = _code(before) if cells else 0
    hidden = covered[showing + 1 :]
    if cells and not place:  # even its code is out of sight
        before, hidden = [asked, *covered][showing], covered[showing:]
    elif rest := before.children[place:] if cells else []:
        del before[place:]
        look += nodes.container("", *rest, classes=before["classes"], nb_element=REST)
    _insert(look, before)
    for node in hidden:
        node.parent.remove(node)
        look += node


def _code(cell: nodes.Element) -> int:
    """Return how many children of a cell are its code alone."""
    kinds = {part.get("nb_element") for part in cell.children[0].findall(nodes.container)} if cell.children else set()
    return int("cell_code_source" in kinds and "cell_code_output" not in kinds)


def _insert(node: nodes.Node, above: nodes.Element) -> None:
    above.parent.insert(above.parent.index(above) + 1, node)


def on_html_page_context(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Link the script from pages with a prediction."""
    if doctree is not None and next(iter(doctree.findall(prediction)), None) is not None:
        app.add_css_file("predict.css", priority=400)
        app.add_js_file(SCRIPT, loading_method="defer")


def add(app: Sphinx) -> None:
    """Offer the directive, and teach the HTML builders its nodes."""
    app.add_directive("predict", Predict)
    app.add_node(prediction, html=(visit_prediction, depart_prediction))
    app.add_node(answer)
    app.add_post_transform(Looks)
    app.connect("html-page-context", on_html_page_context)
