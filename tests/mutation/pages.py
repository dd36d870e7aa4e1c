"""Every mutant of a page, and of its expected text."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tests.mutation.code import edits
from tests.mutation.mutant import Edit, Mutant
from witness.check.expected import INDENT, Expected
from witness.reading.plan import Plan

CLASSES = (
    "ValueError",
    "TypeError",
    "KeyError",
    "Exception",
    "jax.errors.TracerBoolConversionError",
    "jax.errors.ConcretizationTypeError",
    "jax.errors.TracerArrayConversionError",
    "jax.errors.UnexpectedTracerError",
)
RAISES = re.compile(r"^:raises: *(\S+)$", re.MULTILINE)
LIVE = re.compile(r"(?<!`)\{live\}`([^`]+)`(?!`)")


def mutants(plan: Plan, text: str, seed: int) -> Iterator[Mutant]:
    """Yield the mutants of a page's text; the seed chooses the wrong class or value in place of a right one."""
    for edit in (*_code(plan, text), *_raises(text, seed), *_live(plan, text, seed)):
        yield Mutant(plan.page, plan.path, text, edit)


def chosen(found: Iterable[Mutant], count: int, seed: int) -> list[Mutant]:
    """Return as many of some mutants as are wanted: which ones depends on each and the seed, not on the others.

    So an edit of one page leaves the choice among those of another as it was.
    """
    return sorted(found, key=lambda mutant: random.Random(f"{seed} {mutant.name}").random())[:count]


def expectations(plan: Plan, path: str, text: str, environment: Mapping[str, Any]) -> Iterator[Mutant]:
    """Yield the mutants of a page's expected text: a line of what it holds in this environment, with an error in it."""
    lines = text.split("\n")
    for entry in Expected.from_text(text).entries:
        holding = entry.holding(environment)
        line = holding[0].line if holding else entry.line
        while line < len(lines) and not lines[line].startswith(("=== ", "@ ")):
            if lines[line].startswith(INDENT):
                start = sum(len(before) + 1 for before in lines[:line])
                yield Mutant(
                    plan.page, path, text, Edit("expected", start, start + len(lines[line]), _typo(lines[line]))
                )
            line += 1


def _typo(line: str) -> str:
    digit = re.search(r"\d", line)
    if digit:
        return f"{line[: digit.start()]}{(int(digit[0]) + 1) % 10}{line[digit.end() :]}"
    return line[:-1] if len(line.strip()) > 1 else line + "x"


def _code(plan: Plan, text: str) -> Iterator[Edit]:
    """Yield mistakes in the cells that stand on the page itself."""
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    for cell in plan.cells:
        start = starts[cell.line - 1]
        if cell.source and text.startswith(cell.source.rstrip("\n"), start):
            for edit in edits(cell.source):
                yield Edit(edit.kind, start + edit.start, start + edit.end, edit.new)


def _raises(text: str, seed: int) -> Iterator[Edit]:
    for found in RAISES.finditer(text):
        for wrong in random.Random(f"{seed} {found[1]}").sample([it for it in CLASSES if it != found[1]], 2):
            yield Edit("raises", found.start(1), found.end(1), wrong)


def _live(plan: Plan, text: str, seed: int) -> Iterator[Edit]:
    """Yield each live value with another of the page's in its place."""
    for found in LIVE.finditer(text):
        others = sorted({other[1] for other in LIVE.finditer(text)} - {found[1]})
        if others and len(plan.live) > 1:
            yield Edit("live", found.start(1), found.end(1), random.Random(f"{seed} {found[1]}").choice(others))
