"""A rule on comparatives: whoever says faster, once or never shows it in the same section."""

from __future__ import annotations

import re
from collections.abc import Iterator

from witness.lint.page import Page
from witness.lint.passage import Passage
from witness.lint.rule import Finding, Rule
from witness.python.words import words

COST = words(
    "faster fastest slower slowest quicker quickest cheaper cheapest dearer dearest costlier costliest speedup "
    "speed-up speedups outperform outperforms outpaces"
)
"""Claims about cost, on any page."""
COUNT = words(
    "only once twice thrice never always more fewer less bigger smaller larger longer shorter greater "
    "fewest biggest smallest largest longest shortest greatest"
)
"""Claims about counts and sizes, on pages with code cells."""
HARMLESS = re.compile(
    r"\b(?:at once|once again|once more|no longer|any longer"
    r"|once (?:an?|all|everything|it|that|the|there|these|they|this|we|you)"  # the conjunction
    r"|more (?:about|or less)|(?:learn|one|read|some|two|what is) more|none the less|less than or equal)\b",
    re.IGNORECASE,
)
"""Turns of phrase that compare nothing."""
SENTENCE = re.compile(r"[^.!?]+(?:[.!](?=\S)[^.!?]*)*[.!?]?")


def bare(page: Page) -> Iterator[Finding]:
    """Comparatives in a section without an ``assert`` and without a live value."""
    words = COST + COUNT if page.cells else COST
    pattern = re.compile(rf"(?<![\w-])(?:{'|'.join(words)})(?![\w-])", re.IGNORECASE)
    for section in page.sections():
        if section.lives or section.asserts(page.path):
            continue
        for passage in section.passages:
            for sentence, start in _claims(passage):
                for found in pattern.finditer(sentence):
                    line, column = passage.place(start + found.start())
                    yield Finding(line, f"nothing in this section shows that it is `{found[0].lower()}`", column)


def _claims(passage: Passage) -> Iterator[tuple[str, int]]:
    """Yield sentences that are no questions, with their places; harmless turns of phrase are masked."""
    text = HARMLESS.sub(lambda found: " " * len(found[0]), passage.prose)
    for found in SENTENCE.finditer(text):
        if not found[0].endswith("?"):
            yield found[0], found.start()


RULES = (
    Rule(
        "bare-comparative",
        "Each comparative (faster, once, never, more) has an `assert` or a live value in its section.",
        "assert it in a cell of this section, or put a live value beside it",
        bare,
    ),
)
