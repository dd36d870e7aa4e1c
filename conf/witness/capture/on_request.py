"""A part of the kernel extension that looks at a cell only where the page asks for it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any


class OnRequest(ABC):
    """Looks at the next cell once it was asked to; `begin` and `end` are for who wants to look at code of his own."""

    def __init__(self) -> None:
        self._wanted = False

    def ask(self) -> None:
        """Look at the next cell."""
        self._wanted = True

    def before(self) -> None:
        """Begin a cell."""
        if self._wanted:
            self.begin()

    def after(self, result: Any) -> Any:
        """Return what was seen of the cell, if it is one that asked."""
        if not self._wanted:
            return None
        self._wanted = False
        return self.end()

    def text(self, seen: Any) -> str:
        """Return nothing: what is seen would be long."""
        return ""

    @abstractmethod
    def begin(self) -> None:
        """Begin to look."""

    @abstractmethod
    def end(self) -> Any:
        """Stop to look; return what was seen as JSON data, or None."""
