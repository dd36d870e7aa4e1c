"""What is printed to a descriptor is looked for without letting other threads print meanwhile."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from witness.capture.undecoded import arrived


@contextmanager
def no_turns() -> Iterator[None]:
    """Have a thread run until it lets another, whatever it takes."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def test_it_is_known_whether_anything_arrived(pipe: tuple[int, int]) -> None:
    read, write = pipe
    assert not arrived(read)
    os.write(write, b"text")
    assert arrived(read)
    os.read(read, 4)
    assert not arrived(read)


def test_no_other_thread_runs_while_it_is_looked_for(pipe: tuple[int, int]) -> None:
    turns = 0
    running, ended = threading.Event(), threading.Event()

    def other() -> None:
        nonlocal turns
        while not ended.is_set():
            turns += 1
            running.set()
            time.sleep(1e-4)

    thread = threading.Thread(target=other)
    thread.start()
    running.wait()
    with no_turns():
        time.sleep(0.01)  # it asks for its next turn
        before = turns
        for _ in range(1000):
            arrived(pipe[0])
        assert turns == before
        ended.set()
    thread.join()
    assert turns > 1
