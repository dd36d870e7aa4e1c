"""How long a page may still take."""

from __future__ import annotations

import time

from witness.reading.plan import Budget


class TimeLeft:
    """What is left of a page's budgets; no budget is for the time in which other pages have the machine."""

    def __init__(self, budget: Budget) -> None:
        self.waited = 0.0
        """Seconds for which other pages had the machine."""
        self._cell = budget.cell
        self._page = budget.page or None
        self._began = time.monotonic()

    @property
    def next(self) -> float | None:
        """Return how long the next cell may take: its own budget or what is left of the page's."""
        left = None if self._page is None else max(0.05, self._rest(self._page))
        return min((limit for limit in (left, self._cell) if limit is not None), default=None)

    @property
    def over(self) -> bool:
        """Return whether it was the page's budget that ran out."""
        return self._page is not None and self._rest(self._page) <= 0.05

    def _rest(self, page: float) -> float:
        return self._began + self.waited + page - time.monotonic()
