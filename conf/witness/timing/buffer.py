"""Notices who reads an array's memory by Python's buffer protocol, as NumPy does where the array is on the host."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

POINTER = ctypes.sizeof(ctypes.c_void_p)
NAME, BUFFER = 3 * POINTER, 20 * POINTER
"""Where CPython 3.11 keeps a type's ``tp_name`` and ``tp_as_buffer``: that version's layout is final."""

GET = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.py_object, ctypes.c_void_p, ctypes.c_int)


@contextmanager
def noticed(kind: Any, note: Callable[[object], None]) -> Iterator[bool]:
    """Call ``note`` with each object of a type whose buffer is asked for; yield whether that can be noticed."""
    if sys.version_info >= (3, 12):
        with _method(kind, note):
            yield True
    elif (slot := _slot(kind)) is None:
        yield False
    else:
        with _pointer(slot, note):
            yield True


@contextmanager
def _method(kind: Any, note: Callable[[object], None]) -> Iterator[None]:
    stock = vars(kind).get("__buffer__")
    if stock is None:
        yield
        return

    def get(self: object, flags: int) -> memoryview:
        note(self)
        view: memoryview = stock(self, flags)
        return view

    kind.__buffer__ = get
    try:
        yield
    finally:
        kind.__buffer__ = stock


def _slot(kind: Any) -> ctypes.c_void_p | None:
    """Return the place of a type's own ``bf_getbuffer``, if this Python is built as its layout says."""
    if sys.implementation.name != "cpython" or sys.version_info < (3, 11) or hasattr(sys, "gettotalrefcount"):
        return None  # whoever asks has seen that it is not a later one
    name = ctypes.c_char_p.from_address(id(kind) + NAME).value
    if name is None or name.decode().rpartition(".")[2] != kind.__name__:
        return None
    procedures = ctypes.c_void_p.from_address(id(kind) + BUFFER).value
    slot = ctypes.c_void_p.from_address(procedures) if procedures else None
    return slot if slot is not None and slot.value else None


@contextmanager
def _pointer(slot: ctypes.c_void_p, note: Callable[[object], None]) -> Iterator[None]:
    stock = slot.value
    assert stock is not None
    call = GET(stock)

    def get(array: object, view: int, flags: int) -> int:
        try:
            note(array)
            return int(call(array, view, flags))
        except BaseException:
            return -1  # NumPy then asks for __array__, as it does when the array cannot give its buffer

    ours = GET(get)
    slot.value = ctypes.cast(ours, ctypes.c_void_p).value
    try:
        yield
    finally:
        slot.value = stock
