"""What a program costs: compiled, by the compiler's own analysis, and op by op, by the shapes of its equations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from witness.records.lens import Cost


def analysed(stage: Any) -> Cost | None:
    """Return what XLA's analysis of a lowered or compiled function says; None where the backend has none."""
    try:
        found = stage.cost_analysis()
    except Exception:  # a backend without one raises what it likes
        return None
    found = found[0] if isinstance(found, list) and found else found
    if not isinstance(found, dict):
        return None
    numbers = (found.get(name) for name in ("flops", "transcendentals", "bytes accessed"))
    return Cost(*(None if number is None else float(number) for number in numbers))


def apart(jaxpr: Any, lowered: Any) -> Cost | None:
    """Return what the same function takes op by op: each equation reads its operands and writes its results.

    The arithmetic is that of the module before it is optimised, by XLA's own analysis.
    """
    if jaxpr is None:
        return None
    before = analysed(lowered) if lowered is not None else None
    moved = sum(_moved(it) for it in equations(jaxpr))
    return Cost(before.flops if before else None, before.transcendentals if before else None, float(moved))


def leaves(jaxpr: Any) -> int:
    """Return how many equations there are that have none within them."""
    return 0 if jaxpr is None else sum(1 for _ in equations(jaxpr))


def equations(jaxpr: Any) -> Iterator[Any]:
    """Yield the equations that have none within them."""
    for it in jaxpr.eqns:
        inner = list(_held(it))
        if not inner:
            yield it
        for held in inner:
            yield from equations(held)


def _held(equation: Any) -> Iterator[Any]:
    for value in equation.params.values():
        for it in value if isinstance(value, tuple | list) else (value,):
            if hasattr(it, "eqns"):
                yield it


def _moved(equation: Any) -> int:
    """Return the bytes of an equation's operands, each once, and of its results."""
    operands = {id(it): it for it in equation.invars}.values()
    return sum(_size(it) for it in [*operands, *equation.outvars])


def _size(atom: Any) -> int:
    dtype, shape = getattr(atom.aval, "dtype", None), getattr(atom.aval, "shape", ())
    count = 1
    for dim in shape:
        count *= dim if isinstance(dim, int) else 1
    return count * int(getattr(dtype, "itemsize", 0) or 0)
