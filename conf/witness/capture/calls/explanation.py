"""JAX's own explanation of a cache miss, heard for a call without being shown, and the time that it takes."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

from witness import jax_private

UNLIKE = re.compile(r" id=\d+| with key '[^']+'| \([\d.]+s\)$")
"""What no two runs share."""


class Explanation:
    """What JAX says of one call, and the seconds for which it thinks about it while a trace is timed."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.seconds = 0.0
        self._taken = 0.0
        self._began: float | None = None

    def hear(self, record: logging.LogRecord) -> bool:
        """Take a message in; return whether others shall have it, too."""
        text = UNLIKE.sub("", record.getMessage())
        if "CACHE MISS" not in text:
            return True
        if self._began is not None:
            self.seconds += time.perf_counter() - self._began
            self._began = None
        first, _, rest = text.partition("\n")
        self.said.append(rest or first)
        return False

    def taken(self) -> float:
        """Return the seconds since this was asked last."""
        seconds, self._taken = self.seconds - self._taken, self.seconds
        return seconds

    @contextmanager
    def asked(self) -> Iterator[None]:
        """Have JAX explain for as long as this holds; not where the page itself asks it to, which then hears it."""
        import jax

        if getattr(jax.config, "jax_explain_cache_misses", False):
            yield
            return
        loggers = [logging.getLogger(name) for name in jax_private.EXPLAINERS]
        for logger in loggers:
            logger.addFilter(self.hear)
        try:
            with jax_private.explaining(self._begin), jax.explain_cache_misses():
                yield
        finally:
            for logger in loggers:
                logger.removeFilter(self.hear)

    def _begin(self) -> None:
        self._began = time.perf_counter()
