"""Watches, in one run of a statement, what JAX is asked to do and whose results are waited for.

It takes hold of JAX from inside, for that run alone, puts everything back, and says that it does not know where a
version of JAX has no such handle.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from threading import get_ident
from typing import Any

from witness import jax_private
from witness.records.timing import Kind
from witness.timing.array_dependencies import ArrayDependencies
from witness.timing.buffer import noticed

VIEWS = ("addressable_data", "_fully_replicated_shard")
"""Methods of an array that give a part of it, without a program that makes it."""


class Safely:
    """Lets no fault of the watching reach the page; a class, for it is entered often, and the clock may run."""

    def __init__(self) -> None:
        self.failed = False

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        failed = kind is not None and issubclass(kind, Exception)
        self.failed |= failed
        return failed


class SyncWatch:
    """What is seen of JAX from `begin` to `end`."""

    locals = staticmethod(locals)
    """As built in, whatever a page may call so."""

    def __init__(self) -> None:
        self._lineage = ArrayDependencies()
        self._safely = Safely()
        self._stack = ExitStack()
        self._thread = get_ident()
        self._array: Any = None
        self._leaves: Callable[[Any], Iterable[Any]] = list

    def begin(self) -> None:
        """Start to watch, if JAX is there."""
        if "jax" not in sys.modules:
            return
        try:
            self._watch()
        except (ImportError, AttributeError, TypeError):
            self.end()
            self._lineage.unsure = True

    def end(self) -> None:
        """Put everything back."""
        self._stack.close()

    def value(self, value: Any) -> None:
        """Take in what an expression gave."""
        with self._safely:
            for array in self._arrays(value):
                self._lineage.returned(array)

    def names(self, names: Mapping[str, Any]) -> None:
        """Take in what is bound to names at the end."""
        self.value(list(names.values()))

    def kind(self) -> Kind:
        """Return what a clock would have seen."""
        self._lineage.unsure |= self._safely.failed
        return self._lineage.kind()

    def _watch(self) -> None:
        jax = jax_private.execution()
        self._array, self._leaves = jax.array, jax.leaves
        self._lineage = ArrayDependencies(jax_private.live_arrays())
        self._hook(jax.hook)
        self._wrap(*jax.programs, self._executed)
        self._wrap(*jax.awaits, self._all_awaited)
        self._wrap(self._array, "block_until_ready", self._awaited)
        self._wrap(self._array, "__dlpack__", self._shared)
        for name in VIEWS:
            if hasattr(self._array, name):
                self._wrap(self._array, name, self._viewed)
        self._wrap_property(self._array, "_value")
        if not self._stack.enter_context(noticed(self._array, self._note)):
            self._lineage.unsure = True

    def _hook(self, state: Any) -> None:
        """Have JAX tell of each program that it runs without asking Python; the handle of its own NaN checks."""
        stock = state.value

        def hook(function: Any, arguments: Any, keywords: Any, outputs: Any) -> None:
            with self._safely:
                self._lineage.ran(self._arrays((arguments, keywords)), self._arrays(outputs))
            if stock is not None:
                stock(function, arguments, keywords, outputs)

        # for every thread, and for this one where it has a hook of its own
        for get, put in ((state.get_global, state.set_global), (state.get_local, state.set_local)):
            if state.value is not hook:
                self._stack.callback(self._restore, get, put, get(), hook)
                put(hook)

    @staticmethod
    def _restore(get: Callable[[], Any], put: Callable[[Any], None], before: Any, hook: Any) -> None:
        if get() is hook:
            put(before)

    def _wrap(self, owner: Any, name: str, after: Callable[[Any, Any], None]) -> None:
        """Have ``after(arguments, result)`` called after a function; vars() finds a class's own, as it is kept."""
        stock = vars(owner)[name]

        def function(*arguments: Any, **keywords: Any) -> Any:
            result = stock(*arguments, **keywords)
            with self._safely:
                after(arguments, result)
            return result

        setattr(owner, name, function)
        self._stack.callback(setattr, owner, name, stock)

    def _wrap_property(self, owner: Any, name: str) -> None:
        stock = vars(owner)[name]

        def get(array: Any) -> Any:
            self._note(array)
            return stock.fget(array)

        setattr(owner, name, property(get))
        self._stack.callback(setattr, owner, name, stock)

    def _note(self, array: object) -> None:
        with self._safely:
            self._lineage.awaited(array, ours=get_ident() == self._thread)

    def _awaited(self, arguments: Any, _: Any) -> None:
        self._note(arguments[0])

    def _all_awaited(self, arguments: Any, _: Any) -> None:
        for array in self._arrays(arguments):
            self._note(array)

    def _shared(self, _: Any, __: Any) -> None:
        self._lineage.unsure = True  # whether this waits, no document says

    def _viewed(self, arguments: Any, result: Any) -> None:
        self._lineage.view(arguments[0], self._arrays(result))

    def _executed(self, arguments: Any, result: Any) -> None:
        self._lineage.ran(self._arrays(arguments[1:]), self._arrays(result))

    def _arrays(self, value: Any) -> list[Any]:
        """Return the arrays in nested containers; a random key holds one."""
        if self._array is None:
            return []
        leaves = (leaf if issubclass(type(leaf), self._array) else _of_key(leaf) for leaf in self._leaves(value))
        return [leaf for leaf in leaves if issubclass(type(leaf), self._array) and not leaf.is_deleted()]


def _of_key(leaf: Any) -> Any:
    """Return the array of a random key, or what else is a leaf; a page's own object is not asked."""
    return leaf._base_array if inspect.getattr_static(leaf, "_base_array", None) is not None else leaf
