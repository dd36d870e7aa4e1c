"""The text of a live value: a number, a truth value or a short text, with a format."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Sequence

from witness.records.between import Between
from witness.records.digits import duration, earned, significant, span

MAX_VALUE_CHARACTERS = 200
"""Characters that a live value may have in prose."""

Scalar = bool | int | float | str


class NoLiveValue(ValueError):
    """The value cannot stand in prose; the message says why."""


def _bytes(count: float, digits: int = 2) -> str:
    for unit, size in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if abs(count) >= size:
            return f"{_exact(count / size)} {unit}"
    return f"{count:.0f} bytes"


def _count(value: float, digits: int = 2) -> str:
    return f"{round(value):,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def _exact(value: float) -> str:
    """Two significant digits, three from 100 up: of what is counted, no digit is noise."""
    return significant(value, 3 if value >= 100 else 2)


UNITS: dict[str, Callable[..., str]] = {
    "time": duration,  # seconds
    "ratio": lambda value, digits=2: f"{significant(value, digits)}×",
    "figure": significant,
    "count": _count,
    "bytes": _bytes,
}
"""Formats beyond Python's own: what they make of a number, with two significant digits or as many as are asked for."""

MEASURES = ("time", "ratio", "figure")
"""Formats of what a clock says: an interval can be asked of these, as in ``time interval``."""

INTERVAL = " interval"
"""What follows such a format where prose shows not the figure, but its interval between processes."""

UNKNOWN = "unknown from one process"
"""How an interval reads where there are not the processes to make it of."""


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


def text(value: Scalar | None, kind: str, form: str, digits: int = 2) -> str:
    """Return a value as prose shows it.

    ``kind`` names the type the value had in the kernel; None stands for anything that is no scalar. Raises NoLiveValue.
    """
    if value is None:
        raise NoLiveValue(f"a {kind}, which is neither a number, a truth value nor a short text")
    if isinstance(value, float) and not math.isfinite(value):
        raise NoLiveValue("not a number" if math.isnan(value) else "infinite")
    if known(form):
        if isinstance(value, str):
            raise NoLiveValue(f"a text, where the format {form!r} needs a number")
        return UNKNOWN if form.endswith(INTERVAL) else UNITS[form](value, digits)
    try:
        shown = format(value, form) if form else _plain(value)
    except ValueError as error:
        raise NoLiveValue(f"cannot be formatted as {form!r}: {error}") from error
    if len(shown) > MAX_VALUE_CHARACTERS or "\n" in shown:
        raise NoLiveValue(f"a text of {len(shown)} characters in {shown.count(chr(10)) + 1} lines")
    return shown


def known(form: str) -> bool:
    """Return whether a format is one of ours, of a figure or of its interval."""
    return form in UNITS or form.removesuffix(INTERVAL) in MEASURES


def together(found: Sequence[float], form: str) -> str:
    """Return what several processes say of a number: the median, or its interval where the format asks for that.

    >>> together([1.0, 1.2, 1.1], "ratio"), together([1.0, 1.02, 0.99], "ratio interval")
    ('1.1×', '0.92× to 1.1×')
    """
    between = Between(tuple(found))
    if form.endswith(INTERVAL):
        return interval(between, form.removesuffix(INTERVAL)) or UNKNOWN
    whole = all(isinstance(value, int) for value in found)
    figure = sorted(found)[(len(found) - 1) // 2] if whole else between.figure
    return text(figure, "number", form, earned(figure, *between.interval) if between.interval else 2)


def interval(between: Between, form: str) -> str:
    """Return the interval between processes, or an empty text where there is none."""
    if between.interval is None:
        return ""
    digits = earned(between.figure, *between.interval)
    if form == "time":
        return span([between.figure, *between.interval], digits)
    low, high = (UNITS[form if form in MEASURES else "figure"](value, digits) for value in between.interval)
    return f"{low} to {high}"


def _plain(value: Scalar) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
