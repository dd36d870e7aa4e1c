"""The part of the kernel extension that sees each call of a jitted function, in a cell that asks for it."""

from __future__ import annotations

import builtins
import sys
import threading
import time
from dataclasses import replace
from functools import partial
from types import MethodType
from typing import Any

from witness import jax_private
from witness.capture.calls.explanation import Explanation
from witness.capture.calls.key import Key
from witness.capture.calls.marking import NAME, Marking, Spot
from witness.capture.compilation import Listener
from witness.capture.on_request import OnRequest
from witness.capture.origin import ProgramOrigin
from witness.records.calls import Call, Calls, Entry
from witness.records.codec import encode
from witness.records.ir import Place
from witness.stages.places import in_characters

MOST = 60
"""Calls of one cell that are kept."""


class Caller(OnRequest):
    """Sees the calls that the cell's own code makes; those that a library makes for it are part of what it does."""

    def __init__(self, shell: Any, listener: Listener) -> None:
        self._shell = shell
        super().__init__()
        self._active = False
        self._thread = 0
        self._marking = Marking()
        self._known: list[tuple[Any, Key, int]] = []
        self._calls: list[Call] = []
        self._more = 0
        self._work: dict[str, list[float]] | None = None
        self._explanation = Explanation()
        listener.observers.append(self._told)

    def begin(self) -> None:
        """Have the calls marked in the code that comes now."""
        import jax  # noqa: F401

        jax_private.exclude(__file__)
        self._calls, self._more, self._thread = [], 0, threading.get_ident()
        self._marking = Marking()
        self._active = True
        setattr(builtins, NAME, partial(self._called, self._marking.spots))
        self._shell.ast_transformers.append(self._marking)

    def end(self) -> dict[str, Any] | None:
        """Stop to look, and return what was seen as JSON data. What was marked runs on, and gives back what it gets."""
        self._active = False
        if self._marking in self._shell.ast_transformers:
            self._shell.ast_transformers.remove(self._marking)
        self._known.clear()
        return encode(Calls(self._calls, self._more)) if self._calls else None

    def _called(self, spots: list[Spot], function: Any, number: int) -> Any:
        """Return what is called, or what calls it and looks."""
        watching = self._active and self._work is None and threading.get_ident() == self._thread
        if not watching or spots is not self._marking.spots:
            return function
        jitted, owner = _jitted(function)
        if jitted is None:
            return function
        return partial(self._call, jitted, spots[number], sys._getframe(1).f_code, *owner)

    def _call(self, function: Any, spot: Spot, code: Any, /, *arguments: Any, **named: Any) -> Any:
        try:
            key, size = Key.of(function, arguments, named), int(function._cache_size())
        except Exception:  # arguments like none before: JAX may still know what to do with them
            return function(*arguments, **named)
        self._work, self._explanation = {}, Explanation()
        raised, seconds = "", 0.0
        try:
            with self._explanation.asked():
                began = time.perf_counter()
                try:
                    return function(*arguments, **named)
                finally:
                    seconds = time.perf_counter() - began - self._explanation.seconds
        except BaseException as error:
            raised = type(error).__name__
            raise
        finally:
            work, self._work = self._work or {}, None
            self._keep(function, key, size, spot, code, seconds, work, raised)

    def _told(self, step: str, origin: ProgramOrigin, seconds: float) -> None:
        """Take in what JAX did, if it was for a call."""
        if self._work is None or origin.own or threading.get_ident() != self._thread:
            return
        if step in ("traced", "failed"):
            seconds = max(0.0, seconds - self._explanation.taken())
        self._work.setdefault(step, []).append(seconds)

    def _keep(
        self,
        function: Any,
        key: Key,
        size: int,
        spot: Spot,
        code: Any,
        seconds: float,
        work: dict[str, list[float]],
        raised: str,
    ) -> None:
        fun = getattr(function, "_fun", function)
        now = int(function._cache_size())
        entry: Entry = "none" if raised else "new" if now > size else "none" if work or not now else "found"
        place = Place(code.co_filename, spot.line, spot.column, spot.end_line, spot.end_column, code.co_qualname)
        call = Call(
            name=str(getattr(fun, "__name__", type(fun).__name__)),
            text=spot.text,
            place=in_characters(place),
            entry=entry,
            seconds=seconds,
            traced=work.get("traced", []),
            failed=work.get("failed", []),
            lowered=work.get("lowered", []),
            compiled=work.get("compiled", []),
            loaded=work.get("loaded", []),
            error=raised,
            said=self._explanation.said,
        )
        last = self._calls[-1] if self._calls else None
        if last and entry == "found" == last.entry and (last.text, last.place) == (call.text, call.place):
            self._calls[-1] = replace(last, times=last.times + 1, seconds=last.seconds + seconds)
            return
        if len(self._calls) >= MOST:
            self._more += 1
            return
        self._calls.append(self._compared(call, fun, key, size))

    def _compared(self, call: Call, fun: Any, key: Key, size: int) -> Call:
        """Return a call with what differs from the earlier one that is most like it."""
        number = len(self._calls) + 1
        same = [(earlier, at) for known, earlier, at in self._known if known is fun]
        alike = [at for known, _, at in self._known if known is not fun and _code_of(known) is _code_of(fun)]
        self._known.append((fun, key, number))
        if call.entry == "found":
            return call
        if same:
            differs, at = min(((key.unlike(earlier), -at) for earlier, at in same), key=lambda it: (len(it[0]), it[1]))
            return replace(call, differs=differs, like=-at)
        if alike:
            return replace(call, differs=["another function object, made by the same code"], like=alike[-1])
        return replace(call, differs=["the first call of it in this cell" if size else "the first call of it"])


def _jitted(function: Any) -> tuple[Any, tuple[Any, ...]]:
    """Return the jitted function that is called, with the object whose method it is; None where it is none."""
    if type(function).__name__ == "PjitFunction":
        return function, ()
    if isinstance(function, MethodType) and type(function.__func__).__name__ == "PjitFunction":
        return function.__func__, (function.__self__,)
    call = getattr(type(function), "__call__", None)  # noqa: B004 (the function itself is asked for)
    return (call, (function,)) if type(call).__name__ == "PjitFunction" else (None, ())


def _code_of(fun: Any) -> object:
    code: object = getattr(fun, "__code__", fun)
    return code
