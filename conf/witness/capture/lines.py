"""The part of the kernel extension that tells by which lines JAX traced and compiled, in a cell that asks for it."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

from witness import jax_private
from witness.capture.compilation import Listener
from witness.capture.on_request import OnRequest
from witness.capture.origin import ProgramOrigin
from witness.records.codec import encode
from witness.records.lines import LineWork, summed
from witness.stages.costs import equations
from witness.stages.places import OURS, of_traceback


class Lines(OnRequest):
    """Hears what the listener hears; what an equation comes from is looked up when the cell has ended."""

    def __init__(self, listener: Listener) -> None:
        super().__init__()
        self._works: list[LineWork] = []
        self._tracebacks: list[Any] = []
        listener.observers.append(self._told)

    def begin(self) -> None:
        """Begin to note the work of each line."""
        self._works, self._tracebacks = [], []

    def end(self) -> Any:
        """Return the work of each line as JSON data, if there was any."""
        places = filter(None, map(of_traceback, self._tracebacks))
        self._works += [LineWork(place.file, place.line, equations=1) for place in places]
        return encode([*summed(self._works).values()]) or None

    def _told(self, step: str, origin: ProgramOrigin, seconds: float) -> None:
        if not self._wanted:
            return
        frame = sys._getframe(1)
        if step == "traced" and not origin.own:
            jaxpr = jax_private.locals_of("trace", frame).get("jaxpr")
            self._tracebacks += [it.source_info.traceback for it in equations(jaxpr)] if jaxpr is not None else []
        place = _line(frame)
        if place is None or step == "found":
            return
        if step in ("traced", "failed"):
            self._works.append(LineWork(*place, traces=int(not origin.own), trace_seconds=seconds))
        else:
            self._works.append(LineWork(*place, executables=int(step != "lowered"), compile_seconds=seconds))


def _line(frame: FrameType | None) -> tuple[str, int] | None:
    """Return the user's innermost line that is running."""
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith((OURS, "<frozen")) and jax_private.is_users(file):
            return file, frame.f_lineno
        frame = frame.f_back
    return None
