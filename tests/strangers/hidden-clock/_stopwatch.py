"""A timer as sites have it in a module of their own."""

import time
from contextlib import contextmanager


class Stopwatch:
    def __enter__(self):
        self.began = time.perf_counter()
        return self

    def __exit__(self, *_):
        print(f"{time.perf_counter() - self.began:.2f} s")


@contextmanager
def timer():
    began = time.perf_counter()
    yield
    print(f"{time.perf_counter() - began:.2f} s")
