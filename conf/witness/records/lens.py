"""One function on its way down: its source and each stage that it has been through, with what it costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from witness.records.ir import Ir

CODE = "code"
"""What a cell asks for whose functions are shown with the code of their kernels."""


@dataclass(frozen=True)
class Source:
    """Lines of a file that hold places of the program."""

    file: str
    line: int
    """Of the first, from 1."""
    text: str
    """Empty where the file cannot be read."""


@dataclass(frozen=True)
class CompiledKernel:
    """What the compiled program calls as one: a fusion, or an instruction on its own."""

    name: str
    what: str
    """Its operation, or the kind of its fusion."""
    operations: int
    """How many instructions were fused."""
    flops: float | None
    bytes: float | None
    """What it reads and writes at most; None where its text does not tell."""
    times: int | None
    """How often it runs; None where nobody knows before."""


@dataclass(frozen=True)
class Cost:
    """What a program does, as XLA or the shapes count it."""

    flops: float | None
    transcendentals: float | None
    bytes: float | None


@dataclass(frozen=True)
class Lens:
    """A function and its stages, from the jaxpr on, as far as it has been taken."""

    name: str
    stages: Sequence[Ir]
    sources: Sequence[Source] = ()
    kernels: Sequence[CompiledKernel] = ()
    compiled: Cost | None = None
    """By the compiler's own analysis."""
    apart: Cost | None = None
    """If each equation were a program of its own."""
    equations: int = 0
    """How many such programs there would be."""
    loops: Sequence[str] = ()
    """Loops, whose bodies are counted once."""
    missing: Sequence[str] = ()
    """What could not be looked at, and why."""
