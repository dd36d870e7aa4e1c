"""A module that reads a clock."""

import time


def now() -> float:
    return time.perf_counter()
