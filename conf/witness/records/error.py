"""An exception that ended a cell: what it is, what it says, and the reader's own frames."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Link = Literal["", "cause", "context"]

TEXTLESS = "(no text: its own raises {})"
"""The message of an exception that cannot say it, with the class of what it raises instead."""


@dataclass(frozen=True)
class Frame:
    """A call that is running in the reader's own code: lines from 1, columns in characters from 0."""

    file: str
    """``<cell 3>`` for the third cell of a page, the example file that a cell shows, or some other file."""
    line: int
    column: int
    end_line: int
    end_column: int
    function: str
    """Qualified name of the function, or an empty text outside of any."""
    code: str
    """The line of code, without its indentation."""
    times: int = 1
    """How often it is on the stack: a function may call itself."""


@dataclass(frozen=True)
class Raised:
    """An exception, with what it came from and what it holds."""

    name: str
    """Qualified name of its class."""
    message: str
    """All that it says, or an empty text."""
    place: str = ""
    """Of a syntax error in a text that is no file of the reader's: the line, and a mark below it."""
    notes: list[str] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    """The reader's own, outermost first."""
    library: int = 0
    """How many frames below the reader's outermost are not the reader's."""
    link: Link = ""
    """What ``origin`` is: its ``cause`` (``raise … from``), or what was being handled (``context``)."""
    origin: Raised | None = None
    members: list[Raised] = field(default_factory=list)
    """What an exception group holds."""
