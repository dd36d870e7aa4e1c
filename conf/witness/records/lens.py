"""One function on its way down: its source and each stage that it has been through, with what it costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from witness.records.ir import Ir


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

    def to_data(self) -> dict[str, Any]:
        """Return it as JSON data."""
        data = asdict(self)
        data["stages"] = [stage.to_data() for stage in self.stages]
        return data

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Lens:
        """Read it back. Raises ValueError when the data says something else."""
        try:
            rest = dict(data)
            return cls(
                name=str(rest.pop("name")),
                stages=[Ir.from_data(stage) for stage in rest.pop("stages")],
                sources=[Source(**source) for source in rest.pop("sources")],
                kernels=[CompiledKernel(**kernel) for kernel in rest.pop("kernels")],
                compiled=_cost(rest.pop("compiled")),
                apart=_cost(rest.pop("apart")),
                **rest,
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"no lens: {error!r}") from error


def _cost(data: Mapping[str, Any] | None) -> Cost | None:
    return None if data is None else Cost(**data)
