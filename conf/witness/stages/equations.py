"""The equations of a jaxpr, those within others too: where each is printed, and where it comes from.

JAX's printer tells which part of a text is of which traceback. It prints a copy here, whose equations have marks for
tracebacks, so that two equations of one line of Python stay two, and one without a traceback is still found.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from witness.records.ir import Origin, Place, Span
from witness.records.scrub import without_colour
from witness.stages import names, places

END = "\x1e"
"""Stands for the end of a line within a parameter."""


@dataclass(eq=False)
class Mark:
    """An equation, and the equations that the jaxpr around it is a parameter of."""

    equation: Any
    around: list[Mark]
    spans: list[Span] = field(default_factory=list)

    @cached_property
    def own(self) -> Place | None:
        """Its own place."""
        return places.of_traceback(self.equation.source_info.traceback)

    @cached_property
    def places(self) -> list[Place]:
        """Its place, or those of what is around it."""
        return [self.own] if self.own else list(dict.fromkeys(it for outer in self.around for it in outer.places))

    @property
    def name(self) -> str:
        """Return its primitive, below what transformed it; of a call the name of the function."""
        info, primitive = self.equation.source_info, str(self.equation.primitive.name)
        called = self.equation.params.get("name") if primitive in ("jit", "pjit") else None
        return names.short(f"{info.name_stack}/{f'jit({called})' if called else primitive}")

    def origin(self, home: Place | None) -> Origin:
        """Return it with its places; without any, it is at ``home``."""
        found = self.places or list(filter(None, [home]))
        return Origin(self.spans, found, [self.name], inherited=self.own is None and bool(found))


class Told:
    """A parameter whose text has several lines, in one: the printer takes no notice of their ends."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def __str__(self) -> str:
        return self.text(self._value)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._value, name)  # some primitives print a part of it

    @staticmethod
    def text(value: Any) -> str:
        """Return what the printer is told."""
        return str(value).replace("\n", END)


class Marked:
    """A copy of a jaxpr with marks."""

    def __init__(self, jaxpr: Any) -> None:
        self._copies: dict[int, Any] = {}
        self._around: defaultdict[int, list[Mark]] = defaultdict(list)
        self.copy = self._value(jaxpr, None)

    def _value(self, value: Any, outer: Mark | None) -> Any:
        if hasattr(value, "eqns") and hasattr(value, "replace"):
            if hasattr(inner := getattr(value, "jaxpr", value), "eqns") and type(inner) is not type(value):
                return value.replace(jaxpr=self._value(inner, outer))
            around = self._around[id(value)]
            around += [outer] if outer else []
            if id(value) not in self._copies:
                self._copies[id(value)] = value.replace(eqns=[self._equation(it, around) for it in value.eqns])
            return self._copies[id(value)]
        if type(value) is tuple:
            return tuple(self._value(it, outer) for it in value)
        if "\n" not in str(value):
            return value
        kind: Any = type(value)
        if not hasattr(kind, "_make"):
            return Told(value)
        told: Any = type(kind.__name__, (kind,), {"__str__": lambda it: Told.text(value)})
        return told._make(self._value(it, outer) for it in value)  # shared jaxprs in it are printed elsewhere

    def _equation(self, equation: Any, around: list[Mark]) -> Any:
        mark = Mark(equation, around)
        held = {name: self._value(value, mark) for name, value in equation.params.items()}
        return equation.replace(params=held, source_info=equation.source_info.replace(traceback=mark))


def equations(jaxpr: Any, home: Place | None = None) -> tuple[str, list[Origin]]:
    """Return the text of a jaxpr and its equations, in the order in which they are printed.

    What has no place, and none around it that has one, is somewhere in the function: ``home`` is where that begins.
    """
    text, found = marks(jaxpr)
    return text, [mark.origin(home) for mark in found]


def marks(jaxpr: Any) -> tuple[str, list[Mark]]:
    """Return the text of a jaxpr and the marks of its equations, in the order in which they are printed."""
    printed = without_colour(str(jaxpr))
    lines: list[list[tuple[int, int, Any]]] = []
    try:
        text = Marked(jaxpr).copy.pretty_print(use_color=False, source_map=lines)
    except Exception:  # another JAX, a primitive that prints itself in a way of its own: the text is still whole
        return printed, []
    if text.replace(END, "\n") != printed:
        return printed, []
    return printed, _placed(text.split("\n"), lines)


def equation(single: Any) -> tuple[str, list[Origin]]:
    """Return the text of one equation, and what it is."""
    text = without_colour(str(single))
    mark = Mark(single, [])
    spans = [(n, 0, len(line)) for n, line in enumerate(text.split("\n"), 1)]
    return text, [Origin(spans, mark.places, [mark.name])]


def _placed(printed: list[str], lines: list[list[tuple[int, int, Any]]]) -> list[Mark]:
    """Return the marks in a text, each with where it is."""
    found: dict[Mark, None] = {}
    number = 1
    for text, line in zip(printed, lines, strict=True):
        for start, end, mark in line:
            if isinstance(mark, Mark):
                found.setdefault(mark)
                mark.spans += _parts(text, start, end, number)
        number += 1 + text.count(END)
    return list(found)


def _parts(text: str, start: int, end: int, number: int) -> Iterator[Span]:
    """Yield the parts of a line of the printer's, which may be several lines of the text."""
    before = text[:start]
    number += before.count(END)
    column = start - (before.rfind(END) + 1)
    for part in text[start:end].split(END):
        if part.strip():
            indent = len(part) - len(part.lstrip()) if column == 0 else 0
            yield number, column + indent, column + len(part)
        number, column = number + 1, 0
