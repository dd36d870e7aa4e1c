"""A trace, step by step: each line of the reader's program that ran, and what it wrote into the jaxpr, if anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from witness.records.ir import Ir, Place
from witness.records.lens import Source

Kind = Literal["line", "equation", "text", "change", "error"]


@dataclass(frozen=True)
class Step:
    """What happened next."""

    kind: Kind
    """A line that left nothing, an equation, printed text, a change of what the function knows by name from outside,
    the error that ended the trace."""
    place: int | None
    """Number among the places, from 0; None where no line of the reader's ran."""
    text: str = ""
    """What was written, printed, changed or raised."""
    operation: int | None = None
    """Number of the equation in the jaxpr, from 0."""
    depth: int = 0
    """How many functions of the reader's there are around the one that ran."""


@dataclass(frozen=True)
class Steps:
    """One trace of a function."""

    name: str
    steps: Sequence[Step]
    places: Sequence[Place] = ()
    never: Sequence[int] = ()
    """Numbers of the places in functions that ran which the trace did not come to."""
    sources: Sequence[Source] = ()
    jaxpr: Ir | None = None
    """None where an error ended the trace."""
    more: int = 0
    """How many steps came after the last that is kept."""
    missing: Sequence[str] = ()
    """What could not be looked at, and why."""

    def __post_init__(self) -> None:
        """Raise ValueError where a step is without its place or its equation."""
        places, equations = range(len(self.places)), range(len(self.jaxpr.operations) if self.jaxpr else 0)
        numbers = [*self.never, *(it.place for it in self.steps if it.place is not None)]
        written = [it.operation for it in self.steps if it.operation is not None]
        if not all(it in places for it in numbers) or not all(it in equations for it in written):
            raise ValueError("no steps: one without its place or its equation")

    @property
    def outline(self) -> str:
        """Return what happened, a line each: the line of the program, and what it left."""
        lines = []
        for it in self.steps:
            place = "-" if it.place is None else str(self.places[it.place].line)
            lines.append(f"{'  ' * it.depth}{place} {it.kind} {it.text}".rstrip())
        never = [f"never {self.places[number].line}" for number in self.never]
        return "\n".join([*lines, *never])
