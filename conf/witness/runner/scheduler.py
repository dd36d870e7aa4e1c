"""Who may use the machine: cells in as many lanes as it has, or one that reads a clock, alone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

Use = Literal["alone", "in a lane", "beside"]
"""``beside`` the lanes is what mostly waits, as a kernel does that starts; it, too, is shared use."""


@dataclass(eq=False)
class Turn:
    """The use that a page makes of the machine, and what it has come to know by it."""

    page: str
    use: Use
    holds_up: int
    given: asyncio.Future[None]
    waited: float = 0.0
    """Seconds until it was given."""
    beside: set[str] = field(default_factory=set)
    """The other pages that had the machine, too, at any time since then."""


class Scheduler:
    """A lock that many share, or one has.

    Who wants to be alone waits until nobody is left who shares it. Others join those only while they fill all lanes,
    for a machine that is not quiet anyway may as well be busy. Then all who want to be alone have their turns, one
    after another, before it is shared again. Of those who wait for the same, first comes who holds up most that can be
    shared: a page with much to do is not left for the end, where nothing would run beside it.
    """

    def __init__(self, lanes: int) -> None:
        self._lanes = lanes
        self._used: list[Turn] = []
        self._waiting: list[Turn] = []

    @asynccontextmanager
    async def use(self, page: str, use: Use, holds_up: int = 0) -> AsyncIterator[Turn]:
        """Yield, once a page may use it, its turn, which ``holds_up`` so much that is to follow in lanes."""
        asked = time.monotonic()
        turn = Turn(page, use, holds_up, asyncio.get_running_loop().create_future())
        self._waiting.append(turn)
        try:
            self._next()
            await turn.given
            turn.waited = time.monotonic() - asked
            yield turn
        finally:
            (self._used if turn in self._used else self._waiting).remove(turn)
            self._next()

    def _next(self) -> None:
        """Give their turns to those who may have them now."""
        alone = self._those("alone", self._waiting)
        if self._those("alone", self._used):
            return
        if alone and not self._used:
            self._give(alone[0])
            return
        running, ready = self._those("in a lane", self._used), self._those("in a lane", self._waiting)
        if alone and len(running) + len(ready) < self._lanes:
            return
        for turn in [*self._those("beside", self._waiting), *ready[: max(0, self._lanes - len(running))]]:
            self._give(turn)

    def _those(self, use: Use, turns: list[Turn]) -> list[Turn]:
        return sorted((turn for turn in turns if turn.use == use), key=lambda turn: -turn.holds_up)

    def _give(self, turn: Turn) -> None:
        self._waiting.remove(turn)
        for other in self._used:
            if other.page != turn.page:
                other.beside.add(turn.page)
                turn.beside.add(other.page)
        self._used.append(turn)
        if not turn.given.done():  # who gave up waiting leaves by itself
            turn.given.set_result(None)
