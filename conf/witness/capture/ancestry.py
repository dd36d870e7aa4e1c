"""Which traced function a lowered one was made of, and which lowered one a compiled one: JAX does not keep it.

It is seen where JAX makes one, from the frames that are on the stack then. No frame of ours is on it when the work
before that fails, and what is noted goes with the object that it is about.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any
from weakref import WeakKeyDictionary

from witness import jax_private
from witness.capture.import_hook import when_imported

PARENTS = {"Lowered": "Traced", "Compiled": "Lowered"}

DEEP = 6
"""Frames above where one is made among which that of its parent's method is looked for."""


class Ancestry:
    """Knows what each stage was made of."""

    def __init__(self) -> None:
        self._parents: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
        self._watched = False

    def watch(self) -> None:
        """Begin, once JAX has been imported."""
        if not self._watched:
            self._watched = True
            when_imported(jax_private.STAGES, self._watch)

    def line(self, stage: Any) -> tuple[Any, Any, Any]:
        """Return the traced, the lowered and the compiled function that a stage is in a line with, as far as known."""
        kinds = [*PARENTS, *PARENTS.values()]
        found: dict[str, Any] = dict.fromkeys(kinds)
        while stage is not None:
            found[type(stage).__name__] = stage
            stage = self._parents.get(stage)
        return found["Traced"], found["Lowered"], found["Compiled"]

    def _watch(self) -> None:
        for child, parent in PARENTS.items():
            made, maker = jax_private.stage(child), jax_private.stage(parent)
            if made and maker:
                made.__init__ = self._noting(made.__init__, maker)  # type: ignore[misc]

    def _noting(self, stock: Callable[..., None], parent: type) -> Callable[..., None]:
        @wraps(stock)
        def init(made: Any, *arguments: Any, **options: Any) -> None:
            stock(made, *arguments, **options)
            frame = sys._getframe(1)
            for _ in range(DEEP):
                if isinstance(found := frame.f_locals.get("self"), parent):
                    self._parents[made] = found
                    return
                if frame.f_back is None:
                    return
                frame = frame.f_back

        return init
