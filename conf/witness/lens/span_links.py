"""What in one pane of a lens belongs to what in the others: the numbers that the panes and the script share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from itertools import pairwise
from typing import Any

from witness.records.ir import Ir, Place, Span
from witness.records.lens import Lens, Source


class Links:
    """Numbers places and names of a lens, across its stages."""

    def __init__(self, lens: Lens) -> None:
        self.places: dict[Place, int] = {}
        self._names: dict[str, int] = {}
        self._stages = lens.stages
        self._kernels = {it.kernel for stage in lens.stages for it in stage.operations if it.kernel is not None}

    def place(self, place: Place) -> int:
        """Return the number of a place; the function's name is no part of where it is."""
        return self.places.setdefault(replace(place, function=""), len(self.places))

    @cached_property
    def operations(self) -> list[list[list[Any]]]:
        """Return for each stage, for each operation, its places, names and kernel."""
        return [
            [
                [
                    [self.place(stage.places[number]) for number in it.places],
                    [self._names.setdefault(name, len(self._names)) for name in it.names],
                    *([it.kernel] if it.kernel is not None else []),
                ]
                for it in stage.operations
            ]
            for stage in self._stages
        ]

    def of_kernel(self, kernel: int) -> list[Place]:
        """Return the places that ended in a kernel."""
        found = (
            stage.places[number]
            for stage in self._stages
            for it in stage.operations
            if it.kernel == kernel
            for number in it.places
        )
        return sorted(dict.fromkeys(found), key=lambda place: (place.file, place.line, place.column))


def parts(stage: Ir, lines: dict[int, int]) -> dict[int, list[tuple[int, int, int]]]:
    """Return for each line shown the operations in it: column, column after the last, number of the operation.

    ``lines`` are the numbers of lines of the text that are shown, with those that they are shown by.
    """
    found: dict[int, list[tuple[int, int, int]]] = {}
    for number, it in enumerate(stage.operations):
        for line, start, end in it.spans:
            if line in lines:
                found.setdefault(lines[line], []).append((start, end, number))
    return {line: sorted(inside) for line, inside in found.items()}


def segments(source: Source, places: Mapping[Place, int]) -> dict[int, list[tuple[int, int, list[int]]]]:
    """Return for each line of a source its parts with the places that hold them, the innermost first."""
    lines = source.text.split("\n")
    covering: dict[int, list[tuple[int, int, int, int]]] = {}
    for place, number in places.items():
        if place.file != source.file:
            continue
        size = (place.end_line - place.line) * 10_000 + place.end_column - place.column
        for line, start, end in _on_lines(place, source.line, lines):
            covering.setdefault(line, []).append((start, end, size, number))
    return {line: list(_cut(parts)) for line, parts in covering.items()}


def _on_lines(place: Place, first: int, lines: list[str]) -> Iterator[Span]:
    """Yield the parts of the lines that a place has; of a place without columns, the whole line."""
    whole = place.line == place.end_line and place.end_column <= place.column
    for number in range(max(place.line, first), min(place.end_line, first + len(lines) - 1) + 1):
        text = lines[number - first]
        indent = len(text) - len(text.lstrip())
        start = place.column if number == place.line and not whole else indent
        end = place.end_column if number == place.end_line and not whole else len(text.rstrip())
        if start < min(end, len(text)):
            yield number, start, min(end, len(text))


def _cut(parts: list[tuple[int, int, int, int]]) -> Iterator[tuple[int, int, list[int]]]:
    """Yield the stretches between where any part begins or ends, with the parts that hold each, smallest first."""
    cuts = sorted({at for start, end, _, _ in parts for at in (start, end)})
    for start, end in pairwise(cuts):
        inside = sorted((size, number) for first, last, size, number in parts if first <= start and end <= last)
        if inside:
            yield start, end, [number for _, number in inside]
