"""What the built site is measured by."""

from __future__ import annotations

from dataclasses import dataclass, field

FIRST, FURTHER = 200_000, 40_000
"""Bytes, compressed, of a first visit and of each further page."""

SEARCH = 150_000
"""Bytes, compressed, of the search with all that it looks through; outputs come only if wanted."""

BLOCKING = 6
"""Files that a page waits for before it is drawn."""

QUERIES = {
    "recompile": ["anatomy-of-a-cache-miss", "why-did-it-recompile"],
    "recompilation": ["anatomy-of-a-cache-miss", "why-did-it-recompile"],
    "cache miss": ["anatomy-of-a-cache-miss", "why-did-it-recompile"],
    "warm-up": ["ahead-of-time", "benchmarking", "what-jit-does", "op-by-op", "glossary"],
    "benchmark": ["benchmarking", "op-by-op"],
    "GPU": ["glossary", "numerics", "benchmarking", "sharded-jit", "cost-model"],
    "NaN": ["debugging", "cond-under-vmap"],
    "donate": ["memory-and-donation"],
    "donate_argnums": ["memory-and-donation", "myths"],
    "TracerBoolConversionError": ["error-atlas", "control-flow-table", "why-not-everything"],
    "Attempted boolean conversion of traced array": ["error-atlas", "why-not-everything"],
    "ConcretizationTypeError": ["error-atlas", "control-flow-table", "why-not-everything"],
    "leaked tracer": ["error-atlas", "side-effects", "debugging"],
    "unhashable": ["static-arguments", "plain-errors"],
    "jax.lax.cond": ["cond-under-vmap", "why-not-everything", "control-flow"],
    "static_argnums": ["static-arguments", "plain-errors"],
    "fori_loop": ["loops", "control-flow-table", "plain-errors"],
    "dynamic shapes": ["dynamic-shapes"],
    "print inside jit": ["debugging", "side-effects"],
    "side effects": ["side-effects"],
    "AOT": ["ahead-of-time"],
    "pytree": ["methods-and-pytrees", "glossary"],
    "sharding": ["sharded-jit"],
    "float64": ["numerics"],
    "jaxpr": ["reading-a-jaxpr", "error-atlas"],
    "why is the first call slow": ["ahead-of-time", "which-page", "what-jit-does"],
}
"""What readers look for, and the pages that answer."""


@dataclass(frozen=True)
class Figure:
    """One thing that was measured."""

    name: str
    value: str
    good: bool
    faults: list[str] = field(default_factory=list)
    """What is wrong, a line each."""

    def __str__(self) -> str:
        """Return it as a line, and its faults below."""
        lines = [f"{'ok  ' if self.good else 'FAIL'} {self.name}: {self.value}", *(f"     {it}" for it in self.faults)]
        return "\n".join(lines[:20])
