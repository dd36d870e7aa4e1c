"""The part that tells what a cell left in the memory of devices, where these count it: a CPU does not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from witness import jax_private
from witness.records.codec import decode, encode
from witness.records.memory import DeviceMemory, line


class Memory:
    """Asks the devices that JAX has begun to use, before and after each cell; no device is looked for."""

    def __init__(self, devices: Callable[[], Iterable[Any]] = jax_private.devices) -> None:
        self._devices = devices
        self._before: Mapping[str, DeviceMemory] = {}

    def before(self) -> None:
        """Begin a cell."""
        self._before = self._counted()

    def after(self, _: Any) -> Any:
        """End a cell; return the memory of each device as JSON data, where any has another amount than before."""
        found = [
            DeviceMemory(name, now.in_use, then.in_use if (then := self._before.get(name)) else None, now.peak)
            for name, now in self._counted().items()
        ]
        news = any(it.before != it.in_use or it.peak != self._before[it.device].peak for it in found)
        return encode(found) if news else None

    def text(self, seen: Any) -> str:
        """Return it in a line."""
        return line(decode(list[DeviceMemory], seen))

    def _counted(self) -> dict[str, DeviceMemory]:
        """Return the memory of each device that counts it, by its name; -1 stands for what it does not count."""
        try:
            told = {str(device): device.memory_stats() or {} for device in self._devices()}
        except Exception:  # a device that is gone, or that does not know what is asked
            return {}
        known = {name: {key: count for key, count in stats.items() if count >= 0} for name, stats in told.items()}
        return {
            name: DeviceMemory(name, stats["bytes_in_use"], peak=stats.get("peak_bytes_in_use"))
            for name, stats in known.items()
            if "bytes_in_use" in stats
        }
