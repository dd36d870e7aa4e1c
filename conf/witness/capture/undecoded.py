"""Bytes that are no UTF-8 arrive as what they are: lone surrogates, as Python's ``surrogateescape`` makes them.

Where stock IPython reads what other programs print, it makes U+FFFD of such bytes, which cannot be told from one that a
page prints on purpose; and of a character that came in two pieces, too.
"""

from __future__ import annotations

import codecs
import fcntl
import os
import select
import sys
import termios
import threading
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any

CODEC = "witness-undecoded"
ESCAPE = "surrogateescape"


def install() -> None:
    """Read so what is printed to descriptors 1 and 2, by ``!`` and by ``%%bash``; where IPython differs, it stays."""
    for stream in (sys.stdout, sys.stderr):
        if getattr(stream, "watch_fd_thread", None):
            Descriptor(stream)
    codecs.register(_codec)
    with suppress(ImportError, AttributeError):
        shell: Any = import_module("IPython.utils._process_posix")
        if codecs.lookup(shell.DEFAULT_ENCODING).name == "utf-8":
            shell.DEFAULT_ENCODING = CODEC
    with suppress(ImportError, AttributeError):
        script: Any = import_module("IPython.core.magics.script")
        script.getincrementaldecoder = _escaping(script.getincrementaldecoder)


class Descriptor:
    """Reads what is printed to a stream's descriptor, in the stead of ipykernel's own thread.

    What was printed there before the stream is flushed, as it is when a cell ends or displays, goes ahead of that.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._process = os.getpid()
        self._reading = threading.RLock()
        stream._should_watch = False
        os.write(stream._original_stdstream_fd, b"\0")  # wakes the thread, as ipykernel does to end it
        stream.watch_fd_thread.join()
        stream._should_watch = True
        stream.watch_fd_thread = threading.Thread(target=self._watch, daemon=True)
        self._flush, stream.flush = stream.flush, self.flush
        stream.watch_fd_thread.start()

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
            size = int.from_bytes(fcntl.ioctl(self._stream._fid, termios.FIONREAD, bytes(4)), sys.byteorder)
            if size and self._stream._should_watch:
                read = os.read(self._stream._fid, size)
                self._stream.write(read.decode("utf-8", ESCAPE))
                os.write(self._stream._original_stdstream_copy, read)


def _codec(name: str) -> codecs.CodecInfo | None:
    """Return UTF-8 that replaces nothing, whatever it is asked to do with what it cannot decode."""
    if name.replace("_", "-") != CODEC:
        return None
    utf_8 = codecs.lookup("utf-8")
    return codecs.CodecInfo(utf_8.encode, lambda data, _="": utf_8.decode(data, ESCAPE), name=CODEC)


def _escaping(stock: Callable[[str], Any]) -> Callable[[str], Any]:
    return lambda encoding: lambda errors="": stock(encoding)(errors=ESCAPE)
