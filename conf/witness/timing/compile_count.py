"""Counts the programs that JAX compiles."""

from __future__ import annotations

from typing import Any

from witness import jax_private

COMPILED = "/jax/core/compile/backend_compile_duration"


class Compiles:
    """The programs that were compiled since `begin`."""

    def __init__(self) -> None:
        self.count = 0

    def begin(self) -> None:
        """Start to count, if JAX is there. JAX calls the listener when it has compiled something, and never else."""
        jax_private.listen("duration", self._listen)

    def end(self) -> None:
        """Stop to count."""
        jax_private.unlisten("duration", self._listen)

    def _listen(self, event: str, _: float, **__: Any) -> None:
        self.count += event == COMPILED
