"""A displayed jaxpr, StableHLO or HLO, or the code of kernels: its text, and where each operation of it comes from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from witness.records.codec import Row

Language = Literal["jaxpr", "stablehlo", "hlo", "llvm", "ptx"]
LANGUAGES: tuple[Language, ...] = ("jaxpr", "stablehlo", "hlo")
"""Those that JAX itself shows, in the order of the stages."""
KERNEL_LANGUAGES: tuple[Language, ...] = ("llvm", "ptx")
"""Those of the code of kernels."""


@dataclass(frozen=True)
class Place:
    """Part of a program: lines from 1, columns in characters from 0, the end not included."""

    file: str
    """``<cell 3>`` for the third cell of a page, else the file as it is shown to readers."""
    line: int
    column: int
    end_line: int
    end_column: int
    function: str
    """Qualified name of the function it is in."""


Span = tuple[int, int, int]
"""Part of one line of a text: the line from 1, its column from 0, the column after the last."""


@dataclass(frozen=True)
class Origin:
    """One operation of a text, with the places of the user's program that it comes from, before these are numbered."""

    spans: Sequence[Span]
    places: Sequence[Place] = ()
    names: Sequence[str] = ()
    inherited: bool = False
    counted: bool = True
    kernel: int | None = None


@dataclass(frozen=True)
class Operation(Row):
    """An equation of a jaxpr, an operation of StableHLO, an instruction of HLO, the function of a kernel."""

    spans: Sequence[Span]
    places: Sequence[int]
    """Numbers among the places, from 0: the innermost of the user's program, of a shared function one for each call."""
    names: Sequence[str]
    """What it is on its way down: its primitive, below what transformed it. Several stages have the same."""
    inherited: bool
    """Whether it has no place of its own, and this is the call's that it is part of."""
    counted: bool
    """Whether it belongs to the user's program: not so an end of a block, or what a compiler adds unsaid."""
    kernel: int | None
    """Number of the kernel that it is part of, from 0."""


@dataclass(frozen=True)
class Ir:
    """A text of IR. A jaxpr's is what ``str`` gives, letter by letter."""

    language: Language
    text: str
    places: Sequence[Place] = ()
    operations: Sequence[Operation] = ()
    """In the order of the text; no two have a part of it in common."""

    def __post_init__(self) -> None:
        """Raise ValueError where an operation is without its place."""
        known = range(len(self.places))
        if any(place not in known for it in self.operations for place in it.places):
            raise ValueError("no IR: an operation without its place")

    @classmethod
    def of(cls, language: Language, text: str, origins: Iterable[Origin]) -> Ir:
        """Return IR whose operations come from these places."""
        places: dict[Place, int] = {}
        operations = [
            Operation(
                it.spans,
                sorted({places.setdefault(place, len(places)) for place in it.places}),
                list(it.names),
                it.inherited,
                it.counted,
                it.kernel,
            )
            for it in origins
        ]
        return cls(language, text, list(places), operations)

    @property
    def share(self) -> tuple[int, int]:
        """Return how many of the operations have a place, and how many there are."""
        counted = [it for it in self.operations if it.counted]
        return sum(bool(it.places) for it in counted), len(counted)

    def moved(self, places: Sequence[Place]) -> Ir:
        """Return it with other places, one for each that it has."""
        return replace(self, places=places)
