"""Live roles in a page's prose, and the predictions that it asks for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from witness.reading.plan import EVAL, PREDICT, Live, Unreadable
from witness.reading.prediction import OPEN, Prediction, WrongPrediction, predictions
from witness.records.values import NoLiveValue, split

BEFORE = r"^(?:\s|>|[-*+]\s|\d+[.)]\s)*"
"""What may stand before a fence: an item of a list, a quotation."""
MARK = r"(`{3,}|~{3,}|:{3,})"
DIRECTIVE = re.compile(rf"{BEFORE}{MARK}\s*\{{(include|eval|eval:figure)\}}[ \t]+(\S.*?)\s*$")
SUBSTITUTED = re.compile(r"\{\{(.+?)\}\}")
SPAN = re.compile(r"(?:\{([\w:+.-]+)\})?(?<!`)(`+)(?!`)(.+?)(?<!`)\2(?!`)")
"""A role and its text, or code; they are found from left to right, for one may begin where another ends."""
CODE_SPAN = re.compile(r"(`{2,}).+?\1")
COMMENT = re.compile(r"<!--.*?-->")
FENCE = re.compile(rf"{BEFORE}{MARK}\s*(\{{[\w:-]+\}}|\w+)?")
DEEPEST = 10
"""How deep files are followed that include one another."""

PROSE_FREE = {"{code-block}", "{code}", "{raw}", "{math}", "{literalinclude}", "{mermaid}"}


@dataclass(frozen=True)
class Evaluated:
    """MyST-NB's own ``eval``, on the lines of a page and in what they stand for."""

    names: str
    """A pattern: the names that may be evaluated."""
    folder: Path
    """That of the page, where the files are that it includes."""
    root: Path
    """That of the site: a file whose name begins with a slash is below it."""
    substitutions: Mapping[str, Any]

    def on(self, line: str, depth: int = 0) -> Iterator[str]:
        """Yield the names that a line of prose asks for, its substitutions made, and the file that it includes."""
        line = SUBSTITUTED.sub(self._substituted, line)
        found = DIRECTIVE.match(line)
        asked = [*roles(line, "eval"), *([found[3]] if found and found[2] != "include" else [])]
        yield from (name for name in asked if re.match(self.names, name))
        for file in self._included([line]) if depth < DEEPEST else ():
            for _, words in prose_lines(file.read_text("utf-8")):
                yield from replace(self, folder=file.parent).on(words, depth + 1)

    def files(self, lines: Iterable[str], depth: int = 0) -> Iterator[Path]:
        """Yield the files that lines include, and those that these do."""
        for file in self._included(lines) if depth < DEEPEST else ():
            yield file
            yield from replace(self, folder=file.parent).files(file.read_text("utf-8").split("\n"), depth + 1)

    def _included(self, lines: Iterable[str]) -> Iterator[Path]:
        named = (match[3] for line in lines if (match := DIRECTIVE.match(line)) and match[2] == "include")
        found = (self.root / name[1:] if name.startswith("/") else self.folder / name for name in named)
        yield from (file for file in found if file.is_file())

    def _substituted(self, found: re.Match[str]) -> str:
        """Return the texts of all substitutions that an expression of Jinja names."""
        names = [name for name in re.findall(r"\w+", found[1]) if name in self.substitutions]
        return " ".join(str(self.substitutions[name]) for name in names) if names else found[0]


def roles(line: str, name: str) -> Iterator[str]:
    r"""Yield the texts of each role of a name in a line of prose.

    >>> [*roles("{live}`a`{live}`b`, `{live}`, {doc}`c`", "live")]
    ['a', 'b']
    """
    yield from (found[3] for found in SPAN.finditer(line) if found[1] == name)


def live_values(notebook: NotebookNode, text: str, path: str, evaluated: Evaluated | None = None) -> list[Live]:
    """Return what a page asks of its kernel, in the order in which it does: live roles, and answers to predictions.

    With ``evaluated``, MyST-NB's own ``eval`` too. Raises Unreadable where one holds no expression, or a prediction
    asks nothing that can be checked.
    """
    return sorted(_live_values(notebook, text, path, evaluated), key=lambda live: live.after)


def _live_values(notebook: NotebookNode, text: str, path: str, evaluated: Evaluated | None) -> Iterator[Live]:
    lines = text.split("\n")
    starts = notebook.metadata.get("source_map")
    above, every = 0, sum(cell.cell_type == "code" for cell in notebook.cells)
    for index, cell in enumerate(notebook.cells):
        above += cell.cell_type == "code"
        if cell.cell_type == "code" and evaluated:
            yield from _displayed(cell, evaluated, starts[index] + 1 if starts else (index + 1) * 10000 + 1, above)
        if cell.cell_type != "markdown":
            continue
        start = starts[index] if starts else (index + 1) * 10000 + 1  # as MyST-NB numbers the lines of a notebook
        while starts and start < len(lines) and not lines[start].strip():
            start += 1
        prose = list(prose_lines(cell.source))
        later: dict[int, int] = {}
        for place, asked in _predictions(cell.source, [offset for offset, _ in prose], path, start):
            line, after = start + place + 1, above + asked.cells
            if not 0 < after <= every:
                missing = "no code cell" if not every - above else f"no {asked.cells} code cells"
                raise Unreadable(path, [(line, f"prediction: {missing} below it to answer it")])
            later |= dict.fromkeys(range(place, place + asked.length), after)
            yield from _answers(asked, line, after)
        for offset, words in prose:
            after = later.get(offset, above)
            for role in roles(words, "live"):
                try:
                    expression, form = split(role)
                except NoLiveValue as error:
                    raise Unreadable(path, [(start + offset + 1, f"live value: {error}")]) from error
                yield Live(expression, form, start + offset + 1, after)
            for name in evaluated.on(words) if evaluated else ():
                yield Live(name, EVAL, start + offset + 1, after)


def _displayed(cell: NotebookNode, evaluated: Evaluated, line: int, above: int) -> Iterator[Live]:
    """Yield what the Markdown asks for that a cell's code displays, or that its options hold, such as a caption.

    ``line`` is the cell's first: MyST says one within the cell.
    """
    code = cell.source.split("\n")
    texts = [*code, *re.split(r"\\n|\n", json.dumps(cell.metadata))]
    for name in dict.fromkeys(name for text in texts for name in roles(text, "eval")):
        if re.match(evaluated.names, name):
            yield Live(name, EVAL, line + len(code), above)


def _predictions(source: str, prose: list[int], path: str, start: int) -> list[tuple[int, Prediction]]:
    try:
        return list(predictions(source, prose))
    except WrongPrediction as error:
        raise Unreadable(path, [(start + error.line + 1, f"prediction: {error}")]) from error


def _answers(asked: Prediction, line: int, after: int) -> Iterator[Live]:
    """Yield what decides which answer is right: one expression, or the condition of each choice."""
    if asked.answer:
        expression, form = split(asked.answer)
        right = asked.right.key if asked.right else ""
        wrong = [choice.key for choice in asked.choices if not choice.right]
        yield Live(expression, PREDICT + form, line, after, right, wrong)
    for choice in asked.choices if not asked.answer else ():
        held = ("True", ["False"]) if choice.right else ("False", ["True"])
        yield Live(choice.condition, PREDICT, line + choice.line, after, *held)


def first_live(notebook: NotebookNode | None, text: str) -> int:
    """Return the line of the first live role or prediction of a page, or 0."""
    if notebook and not notebook.metadata.get("source_map"):
        text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    return next(
        (offset + 1 for offset, prose in prose_lines(text) if any(roles(prose, "live")) or OPEN.match(prose)), 0
    )


def prose_lines(source: str) -> Iterator[tuple[int, str]]:
    r"""Yield the lines of Markdown, from 0, that are prose: outside literal fences, comments and code spans.

    >>> [line for _, line in prose_lines("one `<!--`\n<!-- two\nthree -->four\n```\nfive\n```\nsix<!-- 7 -->")]
    ['one `<!--`', 'four', 'six']
    """
    literal, commented, opened = "", False, list[str]()
    for offset, line in enumerate(source.split("\n")):
        fence = FENCE.match(line)
        mark, info = (fence[1], fence[2] or "") if fence else ("", "")
        if literal:
            literal = "" if mark.startswith(literal) and not info else literal
            continue
        if commented:
            commented, line = "-->" not in line, line.partition("-->")[2]
        elif mark and not info and opened and mark.startswith(opened[-1]):
            opened.pop()
            continue
        elif info in PROSE_FREE or (mark and mark[0] != ":" and not info.startswith("{")):
            literal = mark
            continue
        elif info.startswith("{"):
            opened.append(mark)
        line = COMMENT.sub("", line)
        if line.lstrip().startswith("<!--"):  # further on in a line, it may be code
            commented = True
        elif not line.startswith("%"):
            yield offset, CODE_SPAN.sub("", line)
