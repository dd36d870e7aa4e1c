"""Real questions about jit: each has a thread, words to search by, and sections of the book that are there."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from docutils.nodes import make_id

from tests.browser.figures import QUERIES, QUESTIONS, TYPED
from tests.building import ROOT

PAGES = {path.stem: path for path in (ROOT / "docs").rglob("*.md")}


def sections(page: str) -> set[str]:
    """Return the anchors of a page's headings."""
    text = re.sub(r"^```.*?^```$", "", PAGES[page].read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    return {make_id(heading.replace("`", "")) for heading in re.findall(r"^##+ (.+)$", text, re.MULTILINE)}


def terms() -> set[str]:
    """Return the anchors of the glossary's terms."""
    lines = PAGES["glossary"].read_text("utf-8").splitlines()
    return {f"term-{line.replace(' ', '-')}" for line in lines if line.strip()}


def test_there_are_twelve_questions_of_newcomers_and_twelve_of_experts_each_of_a_thread() -> None:
    kinds = Counter(question["of"] for question in QUESTIONS)
    assert {*kinds} == {"newcomer", "expert"}
    assert min(kinds.values()) >= 12
    assert all(re.fullmatch(r"[\w.-]+/[\w.-]+#\d+", question["thread"]) for question in QUESTIONS)
    assert len({question["thread"] for question in QUESTIONS}) == len(QUESTIONS)
    assert sum(len(question["types"]) for question in QUESTIONS) == len(TYPED)


@pytest.mark.parametrize("words", [*QUERIES, *TYPED])
def test_what_answers_a_search_is_in_the_book(words: str) -> None:
    for answer in (TYPED | QUERIES)[words]:
        page, _, anchor = answer.partition("#")
        assert page in PAGES
        assert not anchor or anchor in sections(page) | (terms() if page == "glossary" else set()), answer
