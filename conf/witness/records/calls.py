"""The calls of jitted functions in a cell: which of JAX's caches knew each, and what differed where one did not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from witness.records.ir import Place

Entry = Literal["found", "new", "none"]

ENTRIES: dict[Entry, str] = {"found": "found", "new": "new entry", "none": "no entry"}


@dataclass(frozen=True)
class Call:
    """One call, or several in a row that found all there was to find."""

    name: str
    """Of the function."""
    text: str
    """As it stands in the cell."""
    place: Place
    entry: Entry
    """In the call cache: found; new; or none, for JAX keeps none of such a call."""
    seconds: float
    """Of the whole call, without waiting for its result."""
    traced: list[float] = field(default_factory=list)
    """Each time the body ran, in seconds, without that of JAX's explanation."""
    failed: list[float] = field(default_factory=list)
    lowered: list[float] = field(default_factory=list)
    compiled: list[float] = field(default_factory=list)
    loaded: list[float] = field(default_factory=list)
    """Each time its executable came from the persistent compilation cache."""
    differs: list[str] = field(default_factory=list)
    """What of it is unlike the earlier call that is most like it."""
    like: int | None = None
    """The number of that call, from 1; None where there is none in this cell."""
    said: list[str] = field(default_factory=list)
    """JAX's own explanations."""
    error: str = ""
    """The class of what it raised."""
    times: int = 1


@dataclass(frozen=True)
class Calls:
    """All calls of one cell."""

    calls: Sequence[Call]
    more: int = 0
    """How many came after the last that is kept."""

    @property
    def outline(self) -> str:
        """Return what each call found and made, a line each, without times; and what differed."""
        lines = []
        for it in self.calls:
            made = [word for word in ("traced", "failed", "lowered", "compiled", "loaded") if getattr(it, word)]
            times = f" ({it.times} times)" if it.times > 1 else ""
            lines += [
                f"{it.text}{times}: {', '.join([ENTRIES[it.entry], *made])}",
                *(f"    {why}" for why in it.differs),
            ]
        return "\n".join(lines)
