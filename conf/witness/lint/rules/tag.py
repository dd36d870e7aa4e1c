"""Rules on the tags of cells."""

from __future__ import annotations

from collections.abc import Iterator

from witness.lint.cell import LintedCell
from witness.lint.page import Page
from witness.lint.rule import Finding, Rule
from witness.reading.known_names import TAGS, instead, near


def misspelt_tags(page: Page) -> Iterator[Finding]:
    """Tags that are nearly a known one."""
    for cell, tag in _unknown_tags(page):
        meant = near(tag, TAGS)
        if meant:
            yield Finding(cell.option_line("tags"), f"unknown tag `{tag}`", mend=f"did you mean `{meant}`?")


def unlisted_tags(page: Page) -> Iterator[Finding]:
    """Tags with a meaning to nobody here."""
    for cell, tag in _unknown_tags(page):
        if not near(tag, TAGS):
            yield Finding(cell.option_line("tags"), f"unknown tag `{tag}`", mend=instead(tag, TAGS))


def _unknown_tags(page: Page) -> Iterator[tuple[LintedCell, str]]:
    return ((cell, tag) for cell in page.cells for tag in cell.tags if tag not in TAGS)


RULES = (
    Rule("misspelt-tag", "No tag is a misspelling of a known one.", "correct the tag", misspelt_tags, strict=False),
    Rule("unknown-tag", "Every tag is known.", "remove it", unlisted_tags),
)
