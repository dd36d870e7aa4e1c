"""A rule on conclusions: words beside a number that a clock decides are tied to it by an assert, or are live."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from witness.lint.code import Code
from witness.lint.page import Page, Section
from witness.lint.passage import InlineSpan, Passage, Table
from witness.lint.rule import Finding, Rule
from witness.lint.rules.comparative import COST, HARMLESS, SENTENCE
from witness.python.cell import parse
from witness.python.nondeterminism import Nondeterminism, nondeterminism
from witness.python.words import words

SIZE = words(
    "longer longest shorter shortest bigger biggest smaller larger largest greater greatest higher lower closer worse "
    "worst better best cheap dear wins loses outweighs exceeds dominates negligible saves gains halves doubles"
)
"""What says which of two is more, in prose about what a clock said."""

CONCLUSION = re.compile(
    rf"(?<![\w-])(?:{'|'.join(COST + SIZE)}|(?:more|less|fewer)(?=(?:\s+[\w-]+){{0,3}}\s+than\b))(?![\w-])",
    re.IGNORECASE,
)
EITHER = re.compile(
    r"\b(?:if|whether|may|might|can|could|would|which(?:ever)?|either|at (?:most|least)|more than once|more or less|"
    r"need not|no longer|as long|not yet)\b",
    re.IGNORECASE,
)
"""Words of a sentence that is right whichever way a number comes out, or that compare nothing."""


def untied(page: Page) -> Iterator[Finding]:
    """Conclusions beside live values that a clock decides, which no assert of the section and no live word ties."""
    found = nondeterminism(_sources(page))
    for section in page.sections():
        numbers = [live for live in section.lives if _measured(live, found)]
        if not numbers:
            continue
        said_of = {name for source in section.asserts(page.path) for name in _names(source)} & found.names
        compared = _ingredients(said_of, section)
        for passage in section.passages:
            for sentence, start, spans in _sentences(passage):
                beside = [live for live in spans if live in numbers]
                if not beside or any(_is_word(live) for live in spans) or EITHER.search(sentence):
                    continue
                said = CONCLUSION.search(sentence)
                names = {name for live in beside for name in _names(live.expression)}
                if said and not names & compared and not _ingredients(names, section) & said_of:
                    line, column = passage.place(start + said.start())
                    number = beside[0].expression
                    fault = f"`{said[0].lower()}` stands beside `{number}`, which a clock decides, and no"
                    yield Finding(line, f"{fault} `assert` of this section and no live word ties it", column)


def _sources(page: Page) -> Iterator[str]:
    """Yield the code of the cells, and of the files that they show."""
    for cell in page.cells:
        file = cell.loads(page.path)
        yield file.read_text("utf-8", "replace") if file and file.is_file() else cell.code.source


def _sentences(passage: Passage) -> Iterator[tuple[str, int, list[InlineSpan]]]:
    """Yield the sentences of a passage, or the rows of a table, with their places and the live values in them."""
    lives = [(span, _offset(passage, span)) for span in passage.spans() if span.role == "live"]
    text = HARMLESS.sub(lambda it: " " * len(it[0]), passage.prose)
    pattern = re.compile(r"[^\n]+") if isinstance(passage, Table) else SENTENCE
    for it in pattern.finditer(text):
        if not it[0].rstrip().endswith("?"):
            yield it[0], it.start(), [live for live, offset in lives if it.start() <= offset < it.end()]


def _offset(passage: Passage, span: InlineSpan) -> int:
    """Return where in a passage's source a span begins."""
    lines = passage.source.split("\n")
    above = sum(len(line) + 1 for line in lines[: span.line - passage.line])
    return above + (span.column - 1 if span.column and passage.exact else 0)


def _measured(live: InlineSpan, found: Nondeterminism) -> bool:
    """Return whether a clock decides a number; how many there are of something, and of what shape, it does not."""
    expression = live.expression
    return (
        bool(expression) and not re.match(r"len\(|.*\.(?:shape|size|ndim)\b", expression) and found.depends(expression)
    )


def _is_word(live: InlineSpan) -> bool:
    """Return whether a live value is a word: one of several texts, chosen by what was measured."""
    parts = [*ast.walk(live.tree)] if live.tree else []
    texts = [it for it in parts if isinstance(it, ast.Constant) and isinstance(it.value, str)]
    return any(isinstance(it, ast.IfExp | ast.Subscript) for it in parts) and len(texts) > 1


def _ingredients(names: set[str], section: Section) -> set[str]:
    """Return names and those that they are made of in the cells of a section."""
    found = set(names)
    size = -1
    while len(found) > size:
        size = len(found)
        found |= {it for cell in section.cells for bound, made in _made(cell.code) if bound & found for it in made}
    return found


def _made(code: Code) -> Iterator[tuple[set[str], set[str]]]:
    """Yield the names that each assignment of a cell binds, and those that it makes them of."""
    for it in ast.walk(code.tree) if code.tree else ():
        if isinstance(it, ast.Assign):
            yield (
                {part.id for target in it.targets for part in ast.walk(target) if isinstance(part, ast.Name)},
                {part.id for part in ast.walk(it.value) if isinstance(part, ast.Name)},
            )


def _names(source: str) -> set[str]:
    tree = parse(source.strip()).tree
    return {it.id for it in ast.walk(tree) if isinstance(it, ast.Name)} if tree else set()


RULES = (
    Rule(
        "untied-conclusion",
        "A conclusion beside a live value that a clock decides is asserted in its section, or said by a live word.",
        "assert it with a margin that holds in other processes, say it with a live word, such as "
        '{live}`"slower" if ratio > 1 else "faster"`, or write what is right at any value',
        untied,
    ),
)
