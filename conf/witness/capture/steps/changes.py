"""What a running function changes outside of itself: names that it binds anew, and containers that it fills."""

from __future__ import annotations

from collections.abc import Iterator, Sized
from types import FrameType
from typing import Any

SHORT = 40
"""Characters of a value that are shown."""

UNKNOWN = object()


class Names:
    """The names outside of a function that its code speaks of, as they were."""

    def __init__(self, frame: FrameType) -> None:
        self._cells = frame.f_code.co_freevars
        self._globals = [name for name in frame.f_code.co_names if name in frame.f_globals]
        self._before = dict(self._state(frame))

    def changed(self, frame: FrameType) -> Iterator[str]:
        """Yield in words what has changed since this was asked last."""
        now = dict(self._state(frame))
        for name, (value, size) in now.items():
            old, old_size = self._before.get(name, (UNKNOWN, None))
            if value is not old:
                yield f"{name} is {_short(value)} now" + ("" if old is UNKNOWN else f", it was {_short(old)}")
            elif size != old_size:
                yield f"{name} holds {size} now, it held {old_size}"
        self._before = now

    def _state(self, frame: FrameType) -> Iterator[tuple[str, tuple[Any, int | None]]]:
        local = frame.f_locals if self._cells else {}
        for name in self._cells:
            if name in local:
                yield name, (local[name], _size(local[name]))
        for name in self._globals:
            if name in frame.f_globals:
                yield name, (frame.f_globals[name], _size(frame.f_globals[name]))


def _size(value: Any) -> int | None:
    """Return how much a container holds; None of what is none of Python's own."""
    return len(value) if type(value) in CONTAINERS and isinstance(value, Sized) else None


CONTAINERS = (list, dict, set, bytearray)


def _short(value: Any) -> str:
    if not isinstance(value, int | float | complex | str | bytes | None | bool):
        return f"another {type(value).__name__}"
    text = repr(value)
    return text if len(text) <= SHORT else f"{text[: SHORT - 1]}…"
