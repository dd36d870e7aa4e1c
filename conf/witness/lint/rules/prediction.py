"""The rule on predictions: a question asks something that the build can check."""

from __future__ import annotations

from collections.abc import Iterator

from witness.lint.page import Page
from witness.lint.rule import Finding, Rule
from witness.reading.live import prose_lines
from witness.reading.prediction import WrongPrediction, predictions


def checkable(page: Page) -> Iterator[Finding]:
    """What a prediction lacks, or has too much of; the first on a page."""
    source = "\n".join("" if number <= page.head.end else line for number, line in enumerate(page.lines, start=1))
    try:
        list(predictions(source, [offset for offset, _ in prose_lines(source)]))
    except WrongPrediction as error:
        yield Finding(error.line + 1, str(error))


RULES = (
    Rule(
        "prediction",
        "A prediction has a question, and an answer that the page's kernel knows.",
        "see `predict` in CONTRIBUTING.md",
        checkable,
        strict=False,
    ),
)
