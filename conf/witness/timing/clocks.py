"""The part that tells which names of a page stand for what reads a clock, though nothing in the page's text says so."""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from witness.timing.clock_readers import Readers


class Clocks:
    """Looks, after each cell, at what the names now stand for; calls nothing, and runs no code of the page."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        self._names = names
        self._wanted: dict[str, list[int]] = {}
        self._readers = Readers()

    def ask(self, wanted: Sequence[str]) -> None:
        """Look for these from now on, with dots where the page has them: ``helpers.timer``."""
        self._wanted = {name: [] for name in wanted}

    def before(self) -> None:
        """Begin a cell."""

    def after(self, _: Any) -> list[str] | None:
        """End a cell; return the names that have turned out to read a clock, each once."""
        found = [name for name in self._wanted if self._reads(name)]
        for name in found:
            del self._wanted[name]
        return found or None

    def text(self, _: Any) -> str:
        """Say nothing: this is for who decides what runs beside the page's next cells."""
        return ""

    def _reads(self, name: str) -> bool:
        try:
            values = list(_values(self._names, name))
            known = [id(value) for value in values]
            if known == self._wanted[name]:
                return False
            self._wanted[name] = known
            return any(map(self._readers.holds, values))
        except Exception:  # a page may hold anything
            return False


def _values(names: Mapping[str, Any], dotted: str) -> Iterator[Any]:
    """Yield what each part of a dotted name stands for, modules apart, as far as it is known without asking it."""
    first, *rest = dotted.split(".")
    if first not in names:
        return
    value = names[first]
    for part in [*rest, None]:
        if not issubclass(type(value), types.ModuleType):
            yield value
        try:
            value = inspect.getattr_static(value, part) if part else None
        except AttributeError:
            return
