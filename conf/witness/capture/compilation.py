"""The part that hears what JAX traces, lowers and compiles under a cell.

What the events mean, found by experiment on JAX 0.10.2 and 0.12:

- ``jaxpr_trace_duration`` is told by ``jit`` when it is called with nothing else in progress: at a new call signature,
  in ``make_jaxpr``, ``eval_shape``, ``.trace()``, ``.lower()``. It is told when the trace is found in JAX's cache, too
  (the body does not run), and when the body raises. It is not told of a jitted function within another, of a loop's
  body, and of a jitted function that is differentiated or vectorised from outside: what is around them has their time.
- ``jaxpr_to_mlir_module_duration`` and ``backend_compile_duration`` are told of each program that is made, by whomever:
  operations that run one by one, and ``scan`` or ``cond`` outside of ``jit``, are programs too.
- with the persistent cache, ``backend_compile_duration`` is told of what is loaded, too: ``cache_hits`` comes before.
- tracing may set off other work (constants that are computed at once): the beginnings, which come as scalars, tell.
"""

from __future__ import annotations

import sys
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from witness import jax_private
from witness.capture.import_hook import when_imported
from witness.capture.origin import Origins, ProgramOrigin, Seen
from witness.records.codec import decode, encode
from witness.records.compilation import Compilation, CompiledProgram
from witness.records.signature import Signature

TRACED = "/jax/core/compile/jaxpr_trace_duration"
LOWERED = "/jax/core/compile/jaxpr_to_mlir_module_duration"
COMPILED = "/jax/core/compile/backend_compile_duration"
LOADED = "/jax/compilation_cache/cache_hits"

OWN = ProgramOrigin("", own=True)
"""All of JAX's own programs."""


@dataclass
class Event:
    """Work in progress."""

    event: str
    name: str
    traces: int | None
    """What JAX had traced when it began."""
    inner: float = 0.0
    """Seconds of other work within it."""
    loaded: bool = False


class Listener:
    """The part of the kernel extension that hears what JAX does."""

    def __init__(self) -> None:
        self._origins = Origins()
        self._spans: dict[int, list[Event]] = defaultdict(list)
        self._programs: dict[ProgramOrigin, CompiledProgram] = {}
        self._types: dict[ProgramOrigin, dict[Signature, int]] = defaultdict(dict)
        self.observers: list[Callable[[str, ProgramOrigin, float], None]] = []
        """Told of each step: which, of what, and its seconds."""
        when_imported(jax_private.MONITORING, self._listen)

    def before(self) -> None:
        """Begin a cell; listen again where a cell took the listeners away."""
        if jax_private.monitoring():
            self._listen()
        self._programs, self._types = {}, defaultdict(dict)
        self._spans.clear()

    def after(self, result: Any) -> dict[str, Any] | None:
        """Return the work of the cell, if there was any."""
        programs = [
            replace(program, types=[replace(types, traced=times) for types, times in self._types[origin].items()])
            for origin, program in self._programs.items()
            if not origin.own
        ]
        lost = jax_private.monitoring() is not None and not self._listening()
        dtypes = set[str]().union(*(types.dtypes for types in self._types[OWN]))
        work = Compilation(programs, self._programs.get(OWN, CompiledProgram("")), lost, sorted(dtypes))
        return encode(work) if work.programs or work.own.seconds or work.lost else None

    def text(self, seen: Any) -> str:
        """Return the work in a line."""
        return f"JAX: {decode(Compilation, seen).line}"

    def _listeners(self) -> list[tuple[str, Callable[..., None]]]:
        return [("scalar", self._begun), ("event", self._told), ("duration", self._ended)]

    def _listening(self) -> bool:
        return all(jax_private.listens(*listener) for listener in self._listeners())

    def _listen(self) -> None:
        for listener in self._listeners():
            jax_private.listen(*listener)

    def _begun(self, event: str, _: float, **told: Any) -> None:
        if event in (TRACED, LOWERED, COMPILED):
            span = Event(event, str(told.get("fun_name")), jax_private.traces() if event == TRACED else None)
            self._spans[threading.get_ident()].append(span)

    def _told(self, event: str, **_: Any) -> None:
        spans = self._spans[threading.get_ident()]
        if event == LOADED and spans:
            spans[-1].loaded = True

    def _ended(self, event: str, seconds: float, **told: Any) -> None:
        if event not in (TRACED, LOWERED, COMPILED):
            return
        name, spans = str(told.get("fun_name")), self._spans[threading.get_ident()]
        span = Event(event, name, None)  # what began before anybody listened
        while spans:
            span = spans.pop()
            if (span.event, span.name) == (event, name):
                break
        if spans:
            spans[-1].inner += seconds
        self._keep(span, max(0.0, seconds - span.inner))

    def _keep(self, span: Event, seconds: float) -> None:
        frame = sys._getframe(2)
        ask = {TRACED: self._origins.traced, LOWERED: self._origins.lowered, COMPILED: self._origins.compiled}
        try:
            seen = ask[span.event](span.name, frame)
        except Exception:  # a reader's callable may be anything; looking at it shall not fail the call of JAX
            seen = Seen(self._origins.named(span.name))
        origin = OWN if seen.origin.own else seen.origin
        program = self._programs.setdefault(origin, CompiledProgram(origin.name))
        raised = jax_private.ended_by_error(frame)
        found = span.event == TRACED and not raised and span.traces is not None and span.traces == jax_private.traces()
        if span.event == LOWERED:
            step = "lowered"
        elif span.event == COMPILED:
            step = "loaded" if span.loaded else "compiled"
        else:
            step = "failed" if raised else "found" if found else "traced"
        if step == "found":
            self._programs[origin] = replace(program, found=program.found + 1)
        else:
            getattr(program, step).append(seconds)
        for observer in self.observers:
            observer(step, origin, seconds)
        if seen.types and not (origin.own and span.event == TRACED):
            _note(self._types[origin], seen.types, of_trace=span.event == TRACED, found=found)


def _note(noted: dict[Signature, int], types: Signature, *, of_trace: bool, found: bool) -> None:
    """Note types, and whether a body ran for them; not those of a program that was made of a trace noted before."""
    if of_trace or not any(it.covers(types) for it in reversed(noted)):
        noted[types] = noted.get(types, 0) + (of_trace and not found)
