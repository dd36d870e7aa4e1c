"""The kinds of evidence that the kernel extension publishes beside a cell's own outputs: the one table of them.

A new kind is a line here, an observer in `capture` that publishes it, and a renderer; `outlines` says what is compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from witness.records.calls import Calls
from witness.records.codec import decode, encode
from witness.records.compilation import Compilation
from witness.records.error import Raised
from witness.records.ir import Ir
from witness.records.lens import Lens
from witness.records.lines import LineWork
from witness.records.memory import DeviceMemory
from witness.records.steps import Steps
from witness.records.timing import Timing

T = TypeVar("T")

CELL = "application/vnd.witness.cell+json"
"""What is published of a whole cell, at its end: an object with a member for each `Part` that saw something."""


@dataclass(frozen=True)
class Part(Generic[T]):
    """What one observer saw of a whole cell."""

    name: str
    holds: type[T]

    def of(self, captured: Mapping[str, Any]) -> T | None:
        """Return it from all that was seen of a cell. Raises ValueError where that is something else."""
        return decode(self.holds, captured[self.name], self.name) if captured.get(self.name) is not None else None


@dataclass(frozen=True)
class Parts(Generic[T]):
    """Several things of one type that one observer saw of a whole cell."""

    name: str
    holds: type[T]

    def of(self, captured: Mapping[str, Any]) -> list[T]:
        """Return them from all that was seen of a cell. Raises ValueError where that is something else."""
        return decode(list[self.holds], captured.get(self.name) or [], self.name)  # type: ignore[name-defined]  # made at run time


@dataclass(frozen=True)
class Display(Generic[T]):
    """A kind of an output, which only our own renderer knows."""

    mime: str
    holds: type[T]
    counts: Literal["not", "as text", "as a picture"]
    """How it counts towards what a cell may put out."""

    def is_in(self, data: Mapping[str, Any]) -> bool:
        """Return whether an output, all kinds of it, has this one."""
        return self.mime in data

    def of(self, data: Mapping[str, Any]) -> T | None:
        """Return it from all kinds of an output. Raises ValueError where a page published something else under it."""
        return decode(self.holds, data[self.mime], self.mime) if self.is_in(data) else None

    def data(self, item: T) -> dict[str, Any]:
        """Return it as it is published."""
        return {self.mime: encode(item)}


TIMINGS = Parts("timings", Timing)
"""The results of ``%timeit``, shown or quiet."""

COMPILATION = Part("work", Compilation)

ERRORS = Parts("errors", Raised)

CONDITIONS = Parts("conditions", str)
"""What falsifies a time which a cell takes by itself, each in a few words."""

FILES = Parts("files", str)
"""The files in which the kernel believes the code of a cell to be, where they are not as stock."""

CLOCKS = Parts("clocks", str)
"""Names of the page that have turned out to read a clock."""

BACKGROUND = Part("background", bool)
"""Whether threads or child processes of the page run on after a cell."""

STEPS = Parts("steps", Steps)
"""Traces step by step, of a cell that asks for it."""

CALLS = Part("calls", Calls)
"""Each call of a jitted function, in a cell that asks for it."""

LINES = Parts("lines", LineWork)
"""By which lines JAX traced and compiled, in a cell that asks for it."""

SIMULATED = Part("simulated", int)
"""For how many devices one CPU stands."""

MEMORY = Parts("memory", DeviceMemory)
"""What a cell left in the memory of each device that counts it. Facts of a machine: never compared."""

TIMING = Display("application/vnd.witness.timing+json", Timing, "not")
"""The result of one ``%timeit``."""

IR = Display("application/vnd.witness.ir+json", Ir, "as a picture")
"""A displayed jaxpr, StableHLO or HLO, with where each operation comes from."""

LENS = Display("application/vnd.witness.lens+json", Lens, "as a picture")
"""A displayed traced, lowered or compiled function: every stage it has been through, its source and its costs."""

DISPLAYS: tuple[Display[Any], ...] = (TIMING, IR, LENS)


def seen(output: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what the extension saw of a whole cell, if this is the output that says so."""
    found = (output.get("data") or {}).get(CELL)
    return None if found is None else dict(found)


def outlines(captured: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what is compared of the parts that a cell asks for: a title and a text each."""
    for trace in STEPS.of(captured):
        yield f"steps {trace.name}", trace.outline
    if calls := CALLS.of(captured):
        yield "calls", calls.outline


def falsified(captured: Mapping[str, Any]) -> list[str]:
    """Return what falsifies the times that a cell took, in a few words each: of its timings, or of its own clock."""
    timed = TIMINGS.of(captured)
    told = [text for timing in timed for text in timing.conditions] if timed else CONDITIONS.of(captured)
    return list(dict.fromkeys(told))
