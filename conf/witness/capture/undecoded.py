"""Bytes that are no UTF-8 arrive as what they are: lone surrogates, as Python's ``surrogateescape`` makes them.

Where stock IPython reads what other programs print, it makes U+FFFD of such bytes, which cannot be told from one that a
page prints on purpose; and of a character that came in two pieces, too.
"""

from __future__ import annotations

import codecs
import ctypes
import fcntl
import os
import re
import select
import sys
import termios
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import Any

CALLS = re.compile(r"\b(cProfile|profile|pstats|bdb|setprofile|settrace|sys\.monitoring|trace\.Trace|l?prun)\b")
"""What looks at the calls of a cell: ours are not to be among them."""

CODEC = "witness-undecoded"
ESCAPE = "surrogateescape"


class _Poll(ctypes.Structure):
    _fields_ = (("descriptor", ctypes.c_int), ("events", ctypes.c_short), ("returned", ctypes.c_short))


_poll = ctypes.PyDLL(None).poll
_poll.argtypes = (ctypes.POINTER(_Poll), ctypes.c_ulong, ctypes.c_int)


def arrived(descriptor: int) -> bool:
    """Return whether there is something to read, without letting other threads run.

    What Python has for it lets them: between a text and its line's end, which are written one after the other, another
    thread's text would come in far more often than in stock.
    """
    asked = _Poll(descriptor, select.POLLIN, 0)
    return bool(_poll(asked, 1, 0) > 0 and asked.returned & select.POLLIN)


def install(shell: Any) -> None:
    """Read so what is printed to descriptors 1 and 2, by ``!`` and by ``%%bash``; where IPython differs, it stays."""
    for stream in (sys.stdout, sys.stderr):
        if getattr(stream, "watch_fd_thread", None):
            shell.events.register("pre_run_cell", Descriptor(stream).go_ahead)
    codecs.register(_codec)
    with suppress(ImportError, AttributeError):
        process: Any = import_module("IPython.utils._process_posix")
        if codecs.lookup(process.DEFAULT_ENCODING).name == "utf-8":
            process.DEFAULT_ENCODING = CODEC
    with suppress(ImportError, AttributeError):
        script: Any = import_module("IPython.core.magics.script")
        script.getincrementaldecoder = _escaping(script.getincrementaldecoder)


class Descriptor:
    """Reads what is printed to a stream's descriptor, in the stead of ipykernel's own thread.

    What was printed there goes ahead of what a cell then writes to the stream or displays, in this process.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._process = os.getpid()
        self._reading = threading.RLock()
        self._passing = False
        """Whether what was read is being written."""
        self._write: partial[Any] | None = None
        stream._should_watch = False
        os.write(stream._original_stdstream_fd, b"\0")  # wakes the thread, as ipykernel does to end it
        stream.watch_fd_thread.join()
        stream._should_watch = True
        name = stream.watch_fd_thread.name  # a new one would be counted
        stream.watch_fd_thread = threading.Thread(target=self._watch, name=name, daemon=True)
        self._flush = stream.flush
        stream.watch_fd_thread.start()

    def go_ahead(self, cell: Any) -> None:
        """Let what is on its way go ahead of what is written: anew in each cell, for IPython puts back what was there.

        `InteractiveShell._tee` keeps what a cell writes, and takes its own method out of the stream again. Where a cell
        looks at calls, the stream has its own methods.
        """
        if CALLS.search(cell.raw_cell or ""):
            self._stream.flush = self._flush
            if self._write and self._stream.write is self._write:
                (self._stream.write,) = self._write.args
            return
        self._stream.flush = self.flush
        if self._stream.write is not self._write:
            self._write = self._stream.write = partial(self._after, self._stream.write)

    def _after(self, write: Callable[[str], Any], text: str) -> Any:
        if os.getpid() == self._process:
            self._read()
        return write(text)

    def flush(self) -> None:
        """Flush the stream, and before it what is on its way."""
        if os.getpid() == self._process:
            self._read()
        self._flush()

    def _watch(self) -> None:
        with suppress(Exception):  # the stream is closed, or the kernel ends
            arrival = select.poll()
            arrival.register(self._stream._fid, select.POLLIN)
            while self._stream._should_watch:
                if any(event & select.POLLHUP and not event & select.POLLIN for _, event in arrival.poll()):
                    return
                self._read()

    def _read(self) -> None:
        """Read what is there, and no more: there may be no end to it."""
        with self._reading:
            if self._passing:
                return
            if not arrived(self._stream._fid) or not self._stream._should_watch:
                return
            size = int.from_bytes(fcntl.ioctl(self._stream._fid, termios.FIONREAD, bytes(4)), sys.byteorder)
            read = os.read(self._stream._fid, size)
            self._passing = True
            try:
                self._stream.write(read.decode("utf-8", ESCAPE))
            finally:
                self._passing = False
            os.write(self._stream._original_stdstream_copy, read)


def _codec(name: str) -> codecs.CodecInfo | None:
    """Return UTF-8 that replaces nothing, whatever it is asked to do with what it cannot decode."""
    if name.replace("_", "-") != CODEC:
        return None
    utf_8 = codecs.lookup("utf-8")
    return codecs.CodecInfo(utf_8.encode, lambda data, _="": utf_8.decode(data, ESCAPE), name=CODEC)


def _escaping(stock: Callable[[str], Any]) -> Callable[[str], Any]:
    return lambda encoding: lambda errors="": stock(encoding)(errors=ESCAPE)
