"""How much the machine bears at once."""

from __future__ import annotations

import os

import psutil

from witness.runner.environment import Environment

MEMORY_OF_A_PAGE = 700 * 2**20
"""Bytes to keep free for each page that is under way."""


def lane_count(environment: Environment) -> int:
    """Return how many cells run at once that read no clock."""
    return 1 if environment.platform not in ("cpu", "none") else os.cpu_count() or 1


def page_count(environment: Environment) -> int:
    """Return how many pages are under way at once: most of them wait, for their kernel or for a quiet machine."""
    lanes = lane_count(environment)
    return lanes if lanes == 1 else max(1, min(8 * lanes, psutil.virtual_memory().available // MEMORY_OF_A_PAGE))
