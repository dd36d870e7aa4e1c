"""Predictions: questions to the reader, with the expressions that answer them and the answers to choose from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from textwrap import dedent

from witness.records.values import NoLiveValue, split

OPEN = re.compile(r"^(?P<indent>\s*)(?P<marks>`{3,}|~{3,}|:{3,})\s*\{predict\}(?P<question>.*)$")
OPTION = re.compile(r":(?P<name>[\w-]+):(?:\s+(?P<value>.*))?\s*")
CHOICE = re.compile(r" {0,3}[-*+] \[(?P<mark>[ xX])\](?: +(?P<text>.*))?")
WHEN = re.compile(r"\s*\{when\}`([^`]+)`")
KEY = re.compile(r"`(?P<code>[^`]+)`|(?P<words>.+?)(?=[,:;.](?:\s|$)|\s[(–-]|$)")
NUMBER = re.compile(r"[-+]?\d[\d_]*(?:\.\d+)?(?:e[-+]?\d+)?", re.IGNORECASE)
WORDS = {"no": 0.0, "never": 0.0, "zero": 0.0, "none": 0.0, "one": 1.0, "once": 1.0, "two": 2.0, "twice": 2.0}
WORDS |= {word: n for n, word in enumerate(("three", "four", "five", "six", "seven", "eight", "nine", "ten"), 3)}
TRUTHS = {"yes": "True", "no": "False", "true": "True", "false": "False"}

OPTIONS = ("answer", "cells", "prose", "within", "name", "class")


class WrongPrediction(ValueError):
    """What stands there asks nothing that can be checked; ``line`` counts from its first one."""

    def __init__(self, why: str, line: int = 0) -> None:
        super().__init__(why)
        self.line = line


@dataclass(frozen=True)
class Choice:
    """One of the answers that a reader chooses from."""

    line: int
    """Lines below that of the directive."""
    text: tuple[str, ...]
    """Markdown."""
    right: bool
    key: str
    """What it says the answer is."""
    condition: str = ""
    """The expression that is true if it is right, where the question has no expression of its own."""


@dataclass(frozen=True)
class Prediction:
    """A question of which the answer is computed."""

    question: tuple[str, ...]
    """Markdown, as is the explanation."""
    answer: str
    """The expression and its format; empty where each choice has a condition."""
    cells: int
    """How many code cells below it must have run."""
    prose: int | None
    """How many blocks of prose below these tell the answer; None, all down to the next cell or heading."""
    within: float
    """How far off a number may be that a reader types, relatively."""
    choices: tuple[Choice, ...] = ()
    explanation: tuple[str, ...] = ()
    length: int = field(default=0, compare=False)
    """Lines from the directive's first to its last."""

    @property
    def right(self) -> Choice | None:
        """The choice that is marked as right."""
        return next((choice for choice in self.choices if choice.right), None)


def predictions(source: str, prose: Sequence[int]) -> Iterator[tuple[int, Prediction]]:
    """Yield those in Markdown, each with its line from 0, which is one of ``prose``. Raises WrongPrediction."""
    lines = source.split("\n")
    for start in prose:
        if not (opened := OPEN.match(lines[start])):
            continue
        marks = opened["marks"]
        if marks[0] in opened["question"]:
            raise WrongPrediction(f"no fence has `{marks[0]}` on its first line: ask in the lines below it", start)
        closing = re.compile(rf"\s*{marks[0]}{{{len(marks)},}}\s*")
        end = next((n for n in range(start + 1, len(lines)) if closing.fullmatch(lines[n])), len(lines))
        body = dedent("\n".join(lines[start + 1 : end])).split("\n") if end > start + 1 else []
        try:
            yield start, read(opened["question"].strip(), body)
        except WrongPrediction as error:
            raise WrongPrediction(str(error), start + error.line) from error


def read(question: str, body: Sequence[str]) -> Prediction:
    """Return what a directive asks, from what stands behind its name and below. Raises WrongPrediction."""
    from myst_parser.parsers.options import (
        TokenizeError,
        options_to_items,
    )  # not where pages are only run

    first = next((number for number, line in enumerate(body) if not OPTION.fullmatch(line)), len(body))
    try:
        items, _ = options_to_items("\n".join(line.strip()[1:].replace(":", ": ", 1) for line in body[:first]))
    except TokenizeError as error:
        line = error.problem_mark.line
        raise WrongPrediction(
            f"`{body[line].strip()}` cannot be read: a quotation mark that begins a value ends it, too; "
            "put parentheses around it",
            1 + line,
        ) from error
    options = dict(items)
    for name in options:
        if name not in OPTIONS:
            raise WrongPrediction(f"unknown option `{name}`; known here: {', '.join(OPTIONS)}")
    return of(question, options, body[first:], 1 + first, 1 + len(body))


def of(question: str, options: Mapping[str, str], body: Sequence[str], first: int = 1, length: int = 0) -> Prediction:
    """Return what is asked; ``first`` is how far below the directive the body begins. Raises WrongPrediction."""
    starts = [n for n, line in enumerate(body) if CHOICE.match(line)]
    end = _end(body, starts[-1]) if starts else len(body)
    choices = tuple(_choice(body[a:b], first + a) for a, b in pairwise([*starts, end]))
    asked = (*([question, ""] if question else []), *body[: starts[0] if starts else end])
    if not "".join(asked).strip():
        raise WrongPrediction("a prediction without a question")
    answer, within = options.get("answer", ""), options.get("within", "0")
    _judge(answer, choices)
    for name in ("cells", "prose"):
        if not options.get(name, "1").isdecimal():
            raise WrongPrediction(f"`:{name}: {options[name]}` is no number")
    try:
        off = float(within)
    except ValueError:
        off = -1.0
    if not 0 <= off < 1 or (off and choices):
        raise WrongPrediction(f"`:within: {within}` is how far off a typed number may be: `0.1` is a tenth")
    cells, prose = int(options.get("cells", "1")), int(options["prose"]) if "prose" in options else None
    return Prediction(asked, answer, cells, prose, off, choices, tuple(body[end:]) if starts else (), length)


def _end(body: Sequence[str], last: int) -> int:
    """Return where the last choice ends: at a line that is not indented, below an empty one."""
    for n in range(last + 1, len(body)):
        if body[n].strip() and not body[n].startswith("  ") and not body[n - 1].strip():
            return n
    return len(body)


def _choice(lines: Sequence[str], line: int) -> Choice:
    found = CHOICE.match(lines[0])
    assert found
    text = "\n".join(part.strip() for part in [found["text"] or "", *lines[1:]]).strip()
    conditions = WHEN.findall(text)
    text = WHEN.sub("", text)
    key = KEY.match(text.replace("*", "").strip())
    if not text.strip() or not key:
        raise WrongPrediction("a choice without a text", line)
    if len(conditions) > 1:
        raise WrongPrediction("a choice has one {when}", line)
    for condition in conditions:
        _expression(condition, line)
    said = (key["code"] or key["words"]).strip()
    return Choice(line, tuple(text.split("\n")), found["mark"] != " ", said, *conditions)


def _judge(answer: str, choices: Sequence[Choice]) -> None:
    """Raise WrongPrediction unless there is something to compare each choice with, and one is marked as right."""
    if answer:
        _expression(answer, 0)
    if not choices:
        if not answer:
            raise WrongPrediction("nothing answers: write `:answer: expression`, or choices with a {when}`condition`")
        return
    if len(choices) < 2:
        raise WrongPrediction("one choice is none: write two or more, or none for an answer that is typed")
    if (marked := sum(choice.right for choice in choices)) != 1:
        raise WrongPrediction(f"one choice is marked as right with `[x]`, not {marked or 'none'}")
    for n, choice in enumerate(choices):
        if not answer and not choice.condition:
            raise WrongPrediction("without `:answer:` each choice needs a {when}`condition`", choice.line)
        if answer and choice.condition:
            raise WrongPrediction("with `:answer:` no choice has a {when}: it is compared with its text", choice.line)
        if answer and any(same(choice.key, it.key) or same(it.key, choice.key) for it in choices[:n]):
            raise WrongPrediction(f"two choices say `{choice.key}`", choice.line)


def _expression(text: str, line: int) -> None:
    try:
        split(text)
    except NoLiveValue as error:
        raise WrongPrediction(str(error), line) from error


def same(key: str, answer: str) -> bool:
    """Return whether a choice says what the answer is.

    >>> same("once", "1"), same("5 traces", "5"), same("No", "False"), same("float32", "float64")
    (True, True, True, False)
    """
    key, answer = (" ".join(text.replace("\u202f", "").split()) for text in (key, answer))
    if key == answer or TRUTHS.get(key.lower(), key) == TRUTHS.get(answer.lower(), answer):
        return True
    return bool(NUMBER.fullmatch(answer)) and number(key) == number(answer)


def number(text: str) -> float | None:
    """Return the number that a text begins with, in digits or as a word, if it does."""
    if found := NUMBER.match(text):
        return float(found[0].replace("_", ""))
    return WORDS.get(text.split()[0].lower()) if text.strip() else None
