"""What a cell left in the memory of a device, as the device itself counts it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from witness.records.values import UNITS


@dataclass(frozen=True)
class DeviceMemory:
    """The memory of one device when a cell had ended, in bytes."""

    device: str
    """As JAX prints it: ``cuda:0``."""
    in_use: int
    """What arrays and programs hold."""
    before: int | None = None
    """What they held when the cell began; None where JAX had not looked for devices then."""
    peak: int | None = None
    """The most that they have held so far in the process; None where the device does not keep that."""


def line(memories: Sequence[DeviceMemory]) -> str:
    """Return the memory of some devices together in a line of text.

    >>> line([DeviceMemory("cuda:0", 12 << 20, 4 << 20, 64 << 20)])
    'Device memory: 12 MiB in use, 8.0 MiB more than before; at most 64 MiB so far'
    """
    several = len(memories) > 1
    whose = f"Memory of {len(memories)} devices" if several else "Device memory"
    return f"{whose}: {amounts(memories)}{' on one of them' if several and _peaks(memories) else ''}"


def amounts(memories: Sequence[DeviceMemory]) -> str:
    """Return how much memory some devices together have in use, how much more than before, and the most on any."""
    in_use, before = sum(it.in_use for it in memories), [it.before for it in memories if it.before is not None]
    words = f"{UNITS['bytes'](in_use)} in use"
    if len(before) == len(memories):
        more = in_use - sum(before)
        than = f"{UNITS['bytes'](abs(more))} {'more' if more > 0 else 'less'} than" if more else "as much as"
        words += f", {than} before"
    peaks = _peaks(memories)
    return f"{words}; at most {UNITS['bytes'](max(peaks))} so far" if peaks else words


def _peaks(memories: Sequence[DeviceMemory]) -> list[int]:
    return [it.peak for it in memories if it.peak is not None]
