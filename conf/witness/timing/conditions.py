"""What falsifies a time while it is measured: flags of JAX, a tracer of Python, and what else the machine does."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from time import perf_counter  # as it was before a page put anything in its place
from typing import Any

from witness.timing.cpu_speed import CpuSpeed

FLAGS = {
    "jax_check_tracer_leaks": "JAX checks for leaked tracers",
    "jax_debug_infs": "JAX checks every result for infinities",
    "jax_debug_nans": "JAX checks every result for NaNs",
    "jax_disable_jit": "jit is disabled",
    "jax_enable_checks": "JAX checks itself",
    "jax_explain_cache_misses": "JAX explains what it traces anew",
    "jax_log_compiles": "JAX logs what it compiles",
}
"""Flags of JAX that cost time or change what is done, and what a reader is told."""

BUSY = 0.25
"""Share of the machine's cores, kept busy by others, from which it is told."""


def flags() -> list[str]:
    """Return what is switched on that falsifies a time, each in a few words."""
    found = []
    if "jax" in sys.modules:
        config: Any = getattr(sys.modules["jax"], "config", None)  # a page may put anything there
        found = [text for name, text in FLAGS.items() if getattr(config, name, False)]
        cache = getattr(config, "jax_compilation_cache_dir", None)
        if cache and getattr(config, "jax_enable_compilation_cache", True):
            found.append("a compilation cache is on")
        values = getattr(config, "values", None)  # this one has no attribute of its own
        if isinstance(values, dict) and not values.get("jax_cpu_enable_async_dispatch", True):
            found.append("asynchronous dispatch is off")
    if "--xla_dump_to" in os.environ.get("XLA_FLAGS", ""):
        found.append("XLA writes down what it compiles")
    if sys.gettrace() is not None or sys.getprofile() is not None:
        found.append("Python is being traced")
    return found


SHORTEST = 0.1
"""Seconds below which the system's own count, in hundredths of a second, tells nothing of the load."""


class Load:
    """What other processes do on this machine, from the moment it is made."""

    def __init__(self) -> None:
        self._wall = perf_counter()
        self._own = own()
        self._busy = busy()

    def others(self) -> float:
        """Return how many cores others kept busy since then; this process and its children do not count."""
        if self._busy is None or (now := busy()) is None:
            return 0.0
        wall = perf_counter() - self._wall
        return max(0.0, (now - self._busy) - (own() - self._own)) / wall if wall >= SHORTEST else 0.0

    def told(self) -> list[str]:
        """Return that the machine is busy, if it is."""
        cores = os.cpu_count() or 1
        others = self.others()
        return [f"a busy machine: others use {others:.1f} of {cores} cores"] if others > BUSY * cores else []


class Conditions:
    """The part that tells what falsifies a time that a cell takes by itself; ``%timeit`` tells it of each statement."""

    def __init__(self, pace: CpuSpeed) -> None:
        self._pace = pace
        self._flags: list[str] = []
        self._load = Load()
        self._at_first = 0.0

    def before(self) -> None:
        """Begin a cell."""
        self._at_first = self._pace.looks()
        self._flags = flags()
        self._load = Load()

    def after(self, _: Any) -> list[str] | None:
        """End a cell; return what falsifies a time taken in it."""
        found = list(dict.fromkeys(self._flags + flags())) + self._load.told()
        # What the cell left running slows the loop at its end, but not at its beginning.
        return found + self._pace.told(min(self._at_first, self._pace.looks())) or None

    def text(self, _: Any) -> str:
        """Say nothing: whether the cell reads a clock at all is not known here."""
        return ""


def own() -> float:
    """Return the seconds of processor time of this process, its threads, and its children that have ended."""
    return sum(os.times()[:4])


def busy() -> float | None:
    """Return the seconds that all cores together were not idle since the machine started, where the system tells."""
    try:
        times: dict[str, float] = import_module("psutil").cpu_times()._asdict()
    except (ImportError, OSError):
        return None
    # What is waited for is idle, and a guest's time is in its user's.
    return sum(seconds for name, seconds in times.items() if name not in ("idle", "iowait", "guest", "guest_nice"))
