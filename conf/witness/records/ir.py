"""A displayed jaxpr, StableHLO or HLO: its text, and where in a program each part of it comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Language = Literal["jaxpr", "stablehlo", "hlo"]
LANGUAGES: tuple[Language, ...] = ("jaxpr", "stablehlo", "hlo")


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


@dataclass(frozen=True)
class Span:
    """Part of one line of IR, with the innermost place of the user's program that it comes from."""

    line: int
    """Line of the text, from 1."""
    start: int
    """Column of the line, from 0."""
    end: int
    """Column after the last."""
    place: int
    """Number among the places, from 0."""


@dataclass(frozen=True)
class Ir:
    """A text of IR. A jaxpr's is what ``str`` gives, letter by letter."""

    language: Language
    text: str
    places: Sequence[Place] = ()
    spans: Sequence[Span] = field(default=())
    """In the order of the text; a line's spans do not overlap."""

    def to_data(self) -> dict[str, Any]:
        """Return it as JSON data; spans as lists of numbers, for there are many."""
        return {
            "language": self.language,
            "text": self.text,
            "places": [asdict(place) for place in self.places],
            "spans": [[span.line, span.start, span.end, span.place] for span in self.spans],
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Ir:
        """Read it back. Raises ValueError when the data says something else."""
        try:
            places = [Place(**place) for place in data["places"]]
            spans = [Span(*numbers) for numbers in data["spans"]]
            known = data["language"] in LANGUAGES and isinstance(data["text"], str)
        except (KeyError, TypeError) as error:
            raise ValueError(f"not IR: {error!r}") from error
        if not known or any(not 0 <= span.place < len(places) for span in spans):
            raise ValueError("not IR: an unknown language, or a span without its place")
        return cls(data["language"], data["text"], places, spans)
