"""What JAX made of each line of a program: how many equations, traces and executables, and the time of these."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class LineWork:
    """One line of a file."""

    file: str
    line: int
    equations: int = 0
    """Equations, none of which holds others, that come from it, in all traces."""
    traces: int = 0
    """Traces that it set off, those that raised too."""
    trace_seconds: float = 0.0
    executables: int = 0
    """Programs that it had compiled, or loaded from the compilation cache."""
    compile_seconds: float = 0.0
    """Of these, with lowering."""

    def plus(self, other: LineWork) -> LineWork:
        """Return it with what another time brought."""
        return replace(
            self,
            equations=self.equations + other.equations,
            traces=self.traces + other.traces,
            trace_seconds=self.trace_seconds + other.trace_seconds,
            executables=self.executables + other.executables,
            compile_seconds=self.compile_seconds + other.compile_seconds,
        )


def summed(works: Iterable[LineWork]) -> dict[tuple[str, int], LineWork]:
    """Return the work of each line, by its file and number."""
    found: dict[tuple[str, int], LineWork] = {}
    for it in works:
        known = found.get((it.file, it.line))
        found[it.file, it.line] = known.plus(it) if known else it
    return found
