"""What a fork server and its client tell each other: JSON, a line each message, over a Unix socket.

The server says `Hello`, once. The client sends a `Start` for each kernel; it is answered by `Started` or `Failed`, and
where it was started by `Ended`, once nothing is left of what the kernel started in its turn.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args

from witness.records.codec import decode, encode


@dataclass(frozen=True)
class Hello:
    """What the server is able to do."""

    why: str = ""
    """Why it is of no use; empty where it is."""
    facts: dict[str, Any] | None = None
    """What JAX finds on this machine, where it was asked."""


@dataclass(frozen=True)
class Start:
    """A kernel that is wanted."""

    id: int
    argv: list[str]
    fork: bool
    """Whether it is to be a fork that acts like this command, or the command itself."""
    cwd: str
    log: str
    """File for what it prints."""
    environment: dict[str, str]


@dataclass(frozen=True)
class Started:
    """A kernel runs."""

    id: int
    """Of its `Start`."""
    pid: int


@dataclass(frozen=True)
class Failed:
    """A kernel could not be started."""

    id: int
    error: str


@dataclass(frozen=True)
class Ended:
    """A kernel ended."""

    pid: int
    status: int
    """A signal is negative, as in `subprocess`."""


Message = Hello | Start | Started | Failed | Ended

KINDS: dict[str, type[Message]] = {kind.__name__: kind for kind in get_args(Message)}


def line(message: Message) -> bytes:
    r"""Return a message as it is sent.

    >>> line(Ended(7, -9))
    b'["Ended", {"pid": 7, "status": -9}]\n'
    """
    return json.dumps([type(message).__name__, encode(message)]).encode() + b"\n"


class Messages:
    """Makes messages of what is received, in whatever pieces."""

    def __init__(self) -> None:
        self._pending = b""

    def of(self, received: bytes) -> Iterator[Message]:
        r"""Yield the messages that end with these bytes.

        >>> messages = Messages()
        >>> [*messages.of(b'["Ended", {"pid": 7, ')], [*messages.of(b'"status": -9}]\n')]
        ([], [Ended(pid=7, status=-9)])
        """
        *lines, self._pending = (self._pending + received).split(b"\n")
        for each in lines:
            name, data = json.loads(each)
            yield decode(KINDS[name], data)
