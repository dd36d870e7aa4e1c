"""How much the machine bears at once: cells in lanes, and pages by the memory that their kernels use."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Protocol

import psutil

from witness.runner.environment import Environment

PAGES_PER_LANE = 8
"""Most pages wait, for their kernel or for a quiet machine."""
SMALLEST = 256 * 2**20
"""Bytes that a page is expected to need at least: a kernel that has imported JAX."""
AGAIN = 0.2
"""Seconds until the memory is looked at again: kernels grow and shrink while nothing tells."""


def lane_count(environment: Environment) -> int:
    """Return how many cells run at once that read no clock."""
    return 1 if environment.platform not in ("cpu", "none") else os.cpu_count() or 1


def used_by_kernels(*, shared: bool) -> int:
    """Return the bytes that the processes below this one have for themselves, or at most, with what they share.

    What a fork shares with its parent is not the fork's; to tell that apart takes some milliseconds a process.
    """
    total = 0
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            total += process.memory_info().rss if shared else process.memory_full_info().uss
    return total


class Used(Protocol):
    """Tells how many bytes kernels use: `used_by_kernels`."""

    def __call__(self, *, shared: bool) -> int:
        """Return the bytes, at most those with what is shared."""


class Capacity:
    """Lets pages begin while their kernels fit into memory: one always, more while there is room for another.

    A page that runs may grow beyond what was expected; then none begins until others have ended.
    """

    def __init__(self, environment: Environment, memory: int | None = None, used: Used = used_by_kernels) -> None:
        """``memory`` is in bytes; without it, half of what is available now."""
        lanes = lane_count(environment)
        self._most = lanes if lanes == 1 else PAGES_PER_LANE * lanes
        self._memory = memory or psutil.virtual_memory().available // 2
        self._used = used
        self._under_way = 0
        self._largest = SMALLEST
        self._turn = asyncio.Lock()
        self._ended = asyncio.Event()

    @asynccontextmanager
    async def page(self) -> AsyncIterator[None]:
        """Yield once a page may begin; it counts until it ends. Pages begin in the order in which they ask."""
        async with self._turn:
            while self._under_way and not self._fits():
                self._ended.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._ended.wait(), AGAIN)
            self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1
            self._ended.set()

    def _fits(self) -> bool:
        """Return whether one more page fits, which may need as much as those under way do on average."""
        if self._under_way >= self._most:
            return False
        if (self._under_way + 1) * self._largest > self._memory:
            return False
        most = self._used(shared=True)
        if most + max(self._largest, most // self._under_way) <= self._memory:
            return True  # as nearly always: there is no need to look closer
        used = self._used(shared=False)
        self._largest = max(self._largest, used // self._under_way)
        return used + self._largest <= self._memory
