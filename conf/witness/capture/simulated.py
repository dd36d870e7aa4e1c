"""The part that tells that JAX has one CPU stand for several devices, as a page or a variable may ask it to."""

from __future__ import annotations

from typing import Any

from witness import jax_private


class Simulated:
    """Tells, after the first cell from which on it is so, for how many devices the CPU stands."""

    def __init__(self) -> None:
        self._told = 1

    def before(self) -> None:
        """Begin a cell."""

    def after(self, _: Any) -> int | None:
        """End a cell; return how many devices the CPU stands for, where it is news."""
        found = jax_private.cpu_devices()
        if found <= 1 or found == self._told:
            return None
        self._told = found
        return found

    def text(self, _: Any) -> str:
        """Say nothing: the page does."""
        return ""
