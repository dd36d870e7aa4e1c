"""Whose program an event of ``jax.monitoring`` is about: the reader's, or one of JAX's own.

An event tells a name alone, and a reader may call a function ``multiply``. So the frames that are on the stack while
the event is told are asked for the function itself; where they are not found, the name decides.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from types import FrameType
from typing import Any

from witness.jax_private import in_jax, locals_of
from witness.records.signature import Signature

WRAPPERS = 12
"""Wrappers around a function that are looked through."""

WRAPPED = re.compile(r"^\w+\((.*)\)$")
"""The name of a lowered program: ``jit(f)``."""

PLACE = re.compile(r"^(\S+)(?: at (.+):\d+)?$")
"""Where a function comes from, as JAX notes it."""


@dataclass(frozen=True)
class ProgramOrigin:
    """Whose program it is, and its name."""

    name: str
    own: bool
    """Whether it is one of JAX's own."""


@dataclass(frozen=True)
class Seen:
    """A program that an event is about."""

    origin: ProgramOrigin
    types: Signature | None = None
    """None where they cannot be told."""


class Origins:
    """Knows programs again when the next event is about them."""

    def __init__(self) -> None:
        self._places: dict[str, ProgramOrigin] = {}
        self._modules: dict[int, Seen] = {}
        self._names: dict[str, ProgramOrigin] = {}

    def traced(self, name: str, frame: FrameType) -> Seen:
        """Return what has been traced, or could not be."""
        inside = locals_of("trace", frame)
        if "fun" not in inside:
            return Seen(self.named(name))
        fun, jaxpr = inside["fun"], inside.get("jaxpr")
        origin = _seen(name_of(fun, name), is_own(fun), jaxpr)
        for info in filter(None, (_info(jaxpr), getattr(inside.get("dbg"), "func_src_info", None))):
            self._places[info] = origin
        self._names[name] = origin
        return Seen(origin, _signature(jaxpr, inside.get("avals")))

    def lowered(self, name: str, frame: FrameType) -> Seen:
        """Return what has been lowered."""
        name = _bare(name)
        inside = locals_of("lower", frame)
        jaxpr = inside.get("closed_jaxpr")
        place = _info(jaxpr)
        if place is None:
            return Seen(self.named(name), _signature(jaxpr))
        own = in_jax(_file(place))
        # a reader's `jit(jnp.sin)` and JAX's own share a place: what has been traced is lowered next, and once
        origin = self._places.pop(place, None) if own else self._places.get(place)
        if origin is None:
            origin = _seen(name, own, jaxpr)
        self._names[name] = origin
        seen = Seen(origin, _signature(jaxpr))
        self._modules[id(getattr(inside.get("lowering_result"), "module", None))] = seen
        return seen

    def compiled(self, name: str, frame: FrameType) -> Seen:
        """Return what has been compiled: it has been lowered before, in this cell or another."""
        module = locals_of("compile", frame).get("computation")
        return self._modules.get(id(module)) or Seen(self.named(name))

    def named(self, name: str) -> ProgramOrigin:
        """Return the origin of a name: what had it last, or what is likely."""
        name = _bare(name)
        if name in self._names:
            return self._names[name]
        known = (sys.modules.get(module) for module in ("jax.numpy", "jax.lax", "jax.random"))
        return ProgramOrigin(name, name.startswith("_") or any(hasattr(module, name) for module in known))


def _signature(jaxpr: Any, taken: Any = None) -> Signature | None:
    """Return the types of a program, or those that a function took which could not be traced."""
    arguments, results = getattr(jaxpr, "in_avals", taken), getattr(jaxpr, "out_avals", None)
    if arguments is None:
        return None
    return Signature(tuple(map(str, arguments)), None if results is None else tuple(map(str, results)))


def _bare(name: str) -> str:
    return match[1] if (match := WRAPPED.match(name)) else name


def _info(jaxpr: Any) -> str | None:
    found = getattr(getattr(jaxpr, "debug_info", None), "func_src_info", None)
    return found if isinstance(found, str) else None


def _file(place: str) -> str:
    return (match[2] or "") if (match := PLACE.match(place)) else ""


def _seen(name: str, own: bool, jaxpr: Any) -> ProgramOrigin:
    """Return an origin; a program of JAX's own that holds a reader's function, as a loop its body, is a reader's."""
    inner = next(_readers(jaxpr), None) if own else None
    if inner:
        return ProgramOrigin(f"{name} of {inner}", False)
    loops = (_info(jaxpr) or "").rpartition(":")[0].endswith("/dispatch.py") and any(_inner(jaxpr))
    return ProgramOrigin(
        name, own and not loops
    )  # `lax.map` outside of `jit` wraps the reader's function in one of its own


def _inner(jaxpr: Any) -> Iterator[Any]:
    """Yield what the equations of a program hold that may be programs."""
    for equation in getattr(getattr(jaxpr, "jaxpr", jaxpr), "eqns", ()):
        for parameter in equation.params.values():
            parts = parameter if isinstance(parameter, tuple | list) else (parameter,)
            yield from (part for part in parts if _info(part))


def _readers(jaxpr: Any, depth: int = 3) -> Iterator[str]:
    """Yield the names of functions that are not JAX's inside a program that is: the body of a loop, say."""
    for inner in _inner(jaxpr) if depth else ():
        place = _info(inner) or ""
        if _file(place) and not in_jax(_file(place)):
            yield place.split(" ")[0]
        yield from _readers(inner, depth - 1)


def name_of(fun: Any, told: str) -> str:
    """Return the name of a function; JAX tells it of all but those that have none of their own."""
    while isinstance(fun, partial):
        fun = fun.func
    return told if hasattr(fun, "__name__") else type(fun).__name__


def is_own(fun: Any) -> bool:
    """Return whether JAX itself made a program of a function: of its own functions, those that it keeps jitted."""
    for _ in range(WRAPPERS):
        if type(fun).__name__ == "PjitFunction":
            return False  # jit of something jitted: that is a reader's
        if isinstance(fun, partial):
            fun = fun.func
        elif (inner := getattr(fun, "__wrapped__", None)) is not None:
            fun = inner
        else:
            break
    fun = getattr(fun, "__func__", fun)
    code = getattr(fun, "__code__", None) or getattr(type(fun).__call__, "__code__", None)
    if code is None or not in_jax(code.co_filename):
        return False
    name = getattr(fun, "__qualname__", "_")
    public = not name.startswith("_") and getattr(sys.modules.get(fun.__module__), name, None) is fun
    return not public  # JAX keeps the jitted function in the place of the plain one
