"""What the built site is measured by."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

FIRST, FURTHER = 200_000, 40_000
"""Bytes, compressed, of a first visit and of each further page."""

SEARCH = 150_000
"""Bytes, compressed, of the search with all that it looks through; outputs come only if wanted."""

BLOCKING = 6
"""Files that a page waits for before it is drawn."""

QUERIES = {
    "recompile": ["why-did-it-recompile", "anatomy-of-a-cache-miss"],
    "recompilation": ["anatomy-of-a-cache-miss", "why-did-it-recompile"],
    "recompiles every call": ["anatomy-of-a-cache-miss", "which-page#it-is-slow"],
    "cache miss": ["anatomy-of-a-cache-miss", "why-did-it-recompile"],
    "warm-up": ["ahead-of-time", "benchmarking#the-clock-that-starts-too-early"],
    "why is the first call slow": ["ahead-of-time", "what-jit-does#just-in-time"],
    "benchmark": ["benchmarking"],
    "GPU": [
        "glossary#term-GPU",
        "what-jit-does#on-your-own-machine",
        "memory-and-donation#on-a-gpu-the-memory-that-jax-takes-at-the-start",
    ],
    "NaN": ["debugging#a-nan-and-where-it-was-made", "cond-under-vmap#the-gradient-that-is-not-a-number"],
    "nan gradient": ["cond-under-vmap#the-gradient-that-is-not-a-number"],
    "donate": ["memory-and-donation", "memory-and-donation#some-donated-buffers-were-not-usable-donated-in-vain"],
    "donate_argnums": ["memory-and-donation", "arguments-of-jit#donate-argnums-and-donate-argnames"],
    "TracerBoolConversionError": [
        "control-flow-table#tracerboolconversionerror",
        "error-atlas#attempted-boolean-conversion-tracerboolconversionerror",
    ],
    "Attempted boolean conversion of traced array": [
        "error-atlas#attempted-boolean-conversion-tracerboolconversionerror",
    ],
    "ConcretizationTypeError": [
        "control-flow-table#concretizationtypeerror",
        "error-atlas#a-concrete-value-is-expected-concretizationtypeerror",
    ],
    "Array has been deleted": ["plain-errors#array-has-been-deleted-runtimeerror"],
    "leaked tracer": ["error-atlas#an-unexpected-tracer-unexpectedtracererror", "side-effects#a-tracer-that-got-out"],
    "unhashable": ["static-arguments#a-static-value-needs-a-hash"],
    "jax.jit": ["what-jit-does"],
    "jax.lax.cond": ["why-not-everything#an-if-on-a-value", "cond-under-vmap"],
    "lax.scan": ["loops"],
    "block_until_ready": ["what-jit-does#two-timings", "benchmarking#the-clock-that-stops-too-soon"],
    "static_argnums": ["static-arguments"],
    "fori_loop": ["loops"],
    "dynamic shapes": ["dynamic-shapes"],
    "print inside jit": ["side-effects#what-to-do-instead", "debugging"],
    "side effects": ["side-effects"],
    "AOT": ["ahead-of-time"],
    "pytree": ["methods-and-pytrees#a-pytree-arrays-are-traced-the-rest-is-static", "methods-and-pytrees"],
    "sharding": ["sharded-jit"],
    "float64": ["numerics#bits-jax-enable-x64-and-when-to-set-it"],
    "jaxpr": ["reading-a-jaxpr"],
}
"""What readers look for, and the sections that answer: of a page without ``#``, its beginning."""

QUESTIONS = tomllib.loads((Path(__file__).parent / "questions.toml").read_text("utf-8"))["question"]
"""Real questions, each with what a reader types, and the sections that answer."""

TYPED = {words: question["answered"] for question in QUESTIONS for words in question["types"]}
"""What is typed for them, in the form of ``QUERIES``."""


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
