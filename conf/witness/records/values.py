"""The text of a live value: a number, a truth value or a short text, with a format."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable

LONGEST = 200
"""Characters that a live value may have in prose."""

Scalar = bool | int | float | str


class NoLiveValue(ValueError):
    """The value cannot stand in prose; the message says why."""


def _time(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if abs(seconds) >= size:
            return f"{_significant(seconds / size)} {unit}"
    return f"{_significant(seconds / 1e-9)} ns"


def _bytes(count: float) -> str:
    for unit, size in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if abs(count) >= size:
            return f"{_significant(count / size)} {unit}"
    return f"{count:.0f} bytes"


def _ratio(value: float) -> str:
    return f"{_significant(value)}×"


def _count(value: float) -> str:
    return f"{round(value):,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def _significant(value: float) -> str:
    """Two significant digits, three from 100 up, never an exponent below a million."""
    if value == 0:
        return "0"
    digits = max(0, 1 - math.floor(math.log10(abs(value))))
    return f"{value:.{digits}f}"


UNITS: dict[str, Callable[[float], str]] = {
    "time": _time,  # seconds
    "ratio": _ratio,
    "count": _count,
    "bytes": _bytes,
}
"""Formats beyond Python's own."""


def split(role: str) -> tuple[str, str]:
    """Return the expression and the format of a live role's text ``expression:format``.

    The last colon separates them, if what stands before it is an expression. Raises NoLiveValue where neither reading
    is an expression.
    """
    head, colon, tail = role.rpartition(":")
    for expression, form in ([(head, tail)] if colon else []) + [(role, "")]:
        try:
            ast.parse(expression.strip(), mode="eval")
        except SyntaxError:
            continue
        return expression.strip(), form.strip()
    raise NoLiveValue(f"{role!r} is not a Python expression")


def text(value: Scalar | None, kind: str, form: str) -> str:
    """Return a value as prose shows it.

    ``kind`` names the type the value had in the kernel; None stands for anything that is no scalar. Raises NoLiveValue.
    """
    if value is None:
        raise NoLiveValue(f"a {kind}, which is neither a number, a truth value nor a short text")
    if isinstance(value, float) and not math.isfinite(value):
        raise NoLiveValue("not a number" if math.isnan(value) else "infinite")
    if form in UNITS:
        if isinstance(value, str):
            raise NoLiveValue(f"a text, where the format {form!r} needs a number")
        return UNITS[form](value)
    try:
        shown = format(value, form) if form else _plain(value)
    except ValueError as error:
        raise NoLiveValue(f"cannot be formatted as {form!r}: {error}") from error
    if len(shown) > LONGEST or "\n" in shown:
        raise NoLiveValue(f"a text of {len(shown)} characters in {shown.count(chr(10)) + 1} lines")
    return shown


def _plain(value: Scalar) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
