"""What JAX did under one cell before anything could run: which functions it traced, lowered and compiled."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields

from witness.records.signature import Signature, merged
from witness.records.values import UNITS

SHOWN = 3
"""Functions that one line of text names."""


@dataclass(frozen=True)
class CompiledProgram:
    """One function that the reader handed to JAX, and what JAX did with it in one cell, in seconds each time.

    No time holds that of other work that it set off.
    """

    name: str
    traced: list[float] = field(default_factory=list)
    """Each time its body ran with tracers for arguments: ``make_jaxpr`` and ``.trace()`` do that too."""
    failed: list[float] = field(default_factory=list)
    """Each time its body raised an error while it was traced."""
    found: int = 0
    """How often a trace was wanted and JAX had it already: the body did not run."""
    lowered: list[float] = field(default_factory=list)
    compiled: list[float] = field(default_factory=list)
    """Each time it became a program for the device, those from the persistent cache apart."""
    loaded: list[float] = field(default_factory=list)
    """Each time its program came from the persistent compilation cache."""
    types: list[Signature] = field(default_factory=list)
    """For which types, each once. Of a program without a trace in this cell, those that were lowered or compiled."""

    @property
    def seconds(self) -> float:
        """All of its time."""
        return sum(map(sum, (self.traced, self.failed, self.lowered, self.compiled, self.loaded)))

    @property
    def line(self) -> str:
        """What was done with it, in a few words, as far as it cost anything; else that its trace was found."""
        steps = [
            ("traced", self.traced),
            ("traced, with an error", self.failed),
            ("lowered", self.lowered),
            ("compiled", self.compiled),
            ("loaded from the compilation cache", self.loaded),
        ]
        types = {"traced": sum(it.traced > 0 and it.results is not None for it in self.types)}
        done = ", ".join(step(word, seconds, types.get(word, 1)) for word, seconds in steps if seconds)
        return f"{self.name} {done or 'found traced already'}"


@dataclass(frozen=True)
class Compilation:
    """What JAX did under one cell."""

    programs: list[CompiledProgram]
    """The reader's functions, in the order of their first event."""
    own: CompiledProgram
    """JAX's own programs, most of one operation each, taken together."""
    lost: bool = False
    """Whether the cell took JAX's listeners away, so that what came after is not known."""
    dtypes: list[str] = field(default_factory=list)
    """Those that JAX's own programs worked on, sorted: of what they take and return, Python numbers apart."""

    @property
    def seconds(self) -> float:
        """All of the time; work within other work counts once."""
        return sum(program.seconds for program in (*self.programs, self.own))

    @property
    def line(self) -> str:
        """The work in one line of text."""
        parts = [program.line for program in self.programs[:SHOWN]]
        if more := len(self.programs) - SHOWN:
            parts += [f"{more} more of your functions"] if more > 0 else []
        if made := len(self.own.compiled) + len(self.own.loaded):
            whose = "of JAX's own" if parts else "programs of JAX's own" if made > 1 else "program of JAX's own"
            parts.append(f"{made} {whose} ({UNITS['time'](self.own.seconds)})")
        if not parts and self.own.seconds:
            parts.append(f"{UNITS['time'](self.own.seconds)} of JAX's own tracing and lowering")
        return "; ".join(parts + ["more than is known: the listeners were taken away"] * self.lost)


def step(word: str, seconds: list[float], types: int = 1) -> str:
    """Return what was done, how often, for how many types if for several, and how long it took.

    >>> step("traced", [0.001, 0.0015], 2)
    'traced 2× for 2 types (2.5 ms)'
    """
    times = (f" {len(seconds)}×" if len(seconds) > 1 else "") + (f" for {types} types" if types > 1 else "")
    return f"{word}{times} ({UNITS['time'](sum(seconds))})"


def total(works: Iterable[Compilation]) -> Compilation:
    """Return the work of several cells taken together, functions of one name as one."""
    programs: dict[str, CompiledProgram] = {}
    own, lost, dtypes = CompiledProgram(""), False, set[str]()
    for work in works:
        for program in work.programs:
            programs[program.name] = _sum(programs.get(program.name, CompiledProgram(program.name)), program)
        own, lost, dtypes = _sum(own, work.own), lost or work.lost, dtypes.union(work.dtypes)
    return Compilation([*programs.values()], own, lost, sorted(dtypes))


def _sum(one: CompiledProgram, other: CompiledProgram) -> CompiledProgram:
    summed = {
        it.name: getattr(one, it.name) + getattr(other, it.name) for it in fields(CompiledProgram) if it.name != "name"
    }
    return CompiledProgram(**{**summed, "name": one.name, "types": merged(summed["types"])})
