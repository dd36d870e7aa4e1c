"""A module that calls back and shows what is raised there, as widgets do."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from IPython import get_ipython


def call(back: Callable[[], object]) -> None:
    try:
        back()
    except Exception:
        get_ipython().showtraceback()


@contextmanager
def shown() -> Iterator[None]:
    try:
        yield
    except Exception:
        get_ipython().showtraceback()
