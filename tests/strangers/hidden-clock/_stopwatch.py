"""A timer as sites have it in a module of their own."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stopwatch:
    def __enter__(self) -> "Stopwatch":
        self.began = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        print(f"{time.perf_counter() - self.began:.2f} s")


@contextmanager
def timer() -> Iterator[None]:
    began = time.perf_counter()
    yield
    print(f"{time.perf_counter() - began:.2f} s")
