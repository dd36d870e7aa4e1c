"""The source of a program: of each file that it has places in, the functions that hold these."""

from __future__ import annotations

import ast
import linecache
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from witness.records.ir import Place
from witness.records.lens import Source
from witness.stages.places import in_characters

FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef
AROUND = 2
"""Lines shown around a place where a file is no Python that can be read."""

MAX_SOURCE_LINES = 400
"""Lines of one statement that are shown whole."""


def sources(places: Iterable[Place]) -> list[Source]:
    """Return the lines that hold these places, in the order in which the files come up."""
    by_file: defaultdict[str, list[Place]] = defaultdict(list)
    for place in places:
        by_file[place.file].append(place)
    return [source for file, found in by_file.items() for source in _of_file(file, found)]


def _of_file(file: str, places: list[Place]) -> Iterator[Source]:
    lines = linecache.getlines(file)
    if not lines:
        yield Source(file, min(place.line for place in places), "")
        return
    for first, last in _merged(_statement(place, spans) for spans in [list(_statements(lines))] for place in places):
        last = min(last, len(lines))
        if first <= last:
            yield Source(file, first, "".join(lines[first - 1 : last]).rstrip("\n"))


def _statements(lines: list[str]) -> Iterator[tuple[int, int]]:
    """Yield the first and the last line of each statement and method."""
    try:
        tree = ast.parse("".join(lines))
    except (SyntaxError, ValueError):
        return
    pending = list(tree.body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.ClassDef):
            pending += node.body
        decorated = getattr(node, "decorator_list", ())
        yield min([node.lineno, *(it.lineno for it in decorated)]), node.end_lineno or node.lineno


def _statement(place: Place, statements: list[tuple[int, int]]) -> tuple[int, int]:
    holding = [span for span in statements if span[0] <= place.line <= span[1]]
    first, last = min(holding, key=lambda span: span[1] - span[0], default=(0, 0))
    if not first or last - first >= MAX_SOURCE_LINES:
        return max(1, place.line - AROUND), place.end_line + AROUND
    return first, max(last, place.end_line)


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return line ranges without overlaps; what only blank lines would part is still two."""
    found: list[tuple[int, int]] = []
    for first, last in sorted(set(spans)):
        if found and first <= found[-1][1] + 1:
            found[-1] = found[-1][0], max(found[-1][1], last)
        else:
            found.append((first, last))
    return found


class Arguments:
    """The parameters of a function, found by the names that JAX has for its arguments: ``params[0][1]``."""

    def __init__(self, info: str | None) -> None:
        """Look a function up by what JAX notes of it: ``loss at /home/ada/model.py:5``."""
        self._places: dict[str, Place] = {}
        self.home: Place | None = None
        """The line that the function begins in."""
        match = re.fullmatch(r"(\S+) at (.+):(\d+)", info or "")
        if not match:
            return
        name, file, line = match[1], match[2], int(match[3])
        self.home = Place(file, line, 0, line, 0, name)
        try:
            tree = ast.parse("".join(linecache.getlines(file)))
        except (SyntaxError, ValueError):
            return
        for node in ast.walk(tree):
            if isinstance(node, FUNCTIONS | ast.Lambda) and line in _heads(node):
                every = node.args
                given = [*every.posonlyargs, *every.args, *every.kwonlyargs, every.vararg, every.kwarg]
                for it in filter(None, given):
                    end = it.end_lineno or it.lineno, it.end_col_offset or it.col_offset
                    place = Place(file, it.lineno, it.col_offset, *end, name)
                    self._places.setdefault(it.arg, in_characters(place))  # the parser counts bytes, too
                return

    def __call__(self, name: str) -> Place | None:
        """Return the place of an argument, or where the function begins."""
        root = re.match(r"\w+", name)
        return self._places.get(root[0] if root else "", self.home)


def _heads(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> set[int]:
    return {node.lineno, *(it.lineno for it in getattr(node, "decorator_list", ()))}
