"""The part of the kernel extension that watches traces step by step, in a cell that asks for it."""

from __future__ import annotations

import sys
import threading
from typing import Any

from witness import jax_private
from witness.capture.compilation import TRACED
from witness.capture.on_request import OnRequest
from witness.capture.origin import is_own, name_of
from witness.capture.steps.watch import Watch
from witness.records.codec import encode
from witness.records.steps import Steps

MOST = 3
"""Traces of one cell that are kept."""


class Stepper(OnRequest):
    """Watches what JAX traces with nothing else in progress, as it tells of it, in the thread that runs cells.

    Nothing is run again: what is seen is the trace that the cell itself made. It takes several times as long for it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._watch: Watch | None = None
        self._depth = 0
        self._thread = 0
        self.seen: list[Steps] = []
        self.others = 0
        """Traces beyond those kept."""

    def begin(self) -> None:
        """Begin to listen; JAX is imported for it, as the cell was going to do."""
        import jax  # noqa: F401

        self.seen, self.others, self._depth, self._thread = [], 0, 0, threading.get_ident()
        jax_private.listen("scalar", self._begun)
        jax_private.listen("duration", self._ended)

    def end(self) -> list[dict[str, Any]] | None:
        """Stop to listen, and return what was seen as JSON data."""
        jax_private.unlisten("scalar", self._begun)
        jax_private.unlisten("duration", self._ended)
        self._stop()
        return encode(self.seen) or None

    def _begun(self, event: str, _: float, **__: Any) -> None:
        if event != TRACED or threading.get_ident() != self._thread:
            return
        self._depth += 1
        if self._depth == 1 and sys.gettrace() is None:  # a debugger has its own
            self._watch = Watch()
            self._watch.begin()

    def _ended(self, event: str, _: float, **told: Any) -> None:
        if event != TRACED or threading.get_ident() != self._thread:
            return
        self._depth -= 1
        watch = self._watch
        if self._depth or watch is None:
            return
        self._stop()
        frame = sys._getframe(1)
        here, error = jax_private.locals_of("trace", frame), jax_private.error_of(frame)
        function = here.get("fun")
        jaxpr = here.get("jaxpr") if error is None else None
        if not watch.events or (jaxpr is None and error is None) or (function is not None and is_own(function)):
            return  # found traced already, or one of JAX's own
        if len(self.seen) >= MOST:
            self.others += 1
            return
        try:
            self.seen.append(watch.steps(name_of(function, str(told.get("fun_name"))), jaxpr, error))
        except Exception:  # a trace like none before: a cell never fails for being watched
            self.others += 1

    def _stop(self) -> None:
        if self._watch:
            self._watch.end()
        self._watch = None
