"""The kernels of a compiled module, and what each reads, writes and computes, as far as its text tells."""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import prod

from witness.records.lens import CompiledKernel
from witness.stages.instructions import HloProgram, Instruction


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FREE = _words(
    "parameter constant tuple get-tuple-element bitcast after-all partition-id replica-id add-dependency "
    "optimization-barrier opt-barrier"
)
"""Instructions that nothing runs for."""

AROUND = _words("while call conditional")
"""Instructions that run what they call."""

TRANSCENDENTAL = _words(
    "erf exponential log logistic power rsqrt cbrt sqrt tan tanh sine cosine atan2 exponential-minus-one log-plus-one"
)
"""XLA's analysis does not take these for flops."""

STILL = _words(
    "parameter constant tuple get-tuple-element bitcast broadcast reshape transpose slice dynamic-slice "
    "dynamic-update-slice concatenate pad iota reverse copy gather "
    "rng-get-and-update-state copy-start copy-done"
)
"""Instructions that move numbers, and compute none."""

ELEMENTWISE = _words(
    "abs add and ceil clamp clz compare complex convert divide floor imag is-finite maximum minimum multiply negate "
    "not or popcnt real reduce-precision remainder round-nearest-afz round-nearest-even select shift-left "
    "shift-right-arithmetic shift-right-logical sign stochastic-convert subtract xor"
)
"""Instructions that compute one number for each of their result."""

BITS = {"pred": 8, "token": 0, "s4": 4, "u4": 4, "s2": 2, "u2": 2, "bf16": 16}
ARRAY = re.compile(r"\b(pred|token|bf16|[sufc]\d+\w*)\[([\d,<=]*)\]")
TRIPS = re.compile(r'"known_trip_count":\{"n":"(\d+)"')


def kernels(program: HloProgram) -> list[CompiledKernel]:
    """Return the kernels of a program in their order, and number its instructions by them."""
    found: list[CompiledKernel] = []
    for it, times in _run(program, program.entry, 1, ()):
        inside = [member for name in it.called for member in program.computations[name]]
        for member in (it, *inside):
            member.kernel = len(found)
        found.append(
            CompiledKernel(
                name=it.name,
                what=_what(it),
                operations=sum(member.opcode not in FREE for member in inside) if it.opcode == "fusion" else 1,
                flops=_flops(program, it),
                bytes=_bytes(program, it),
                times=times,
            )
        )
    return found


def loops(program: HloProgram) -> list[str]:
    """Return the loops of a program in words."""
    found = []
    for it in (it for inside in program.computations.values() for it in inside if it.opcode == "while"):
        trips = TRIPS.search(it.rest)
        found.append(f"a loop of {trips[1]} rounds" if trips else "a loop whose rounds nobody knows before it runs")
    return found


def _run(
    program: HloProgram, computation: str, times: int | None, seen: tuple[str, ...]
) -> Iterator[tuple[Instruction, int | None]]:
    """Yield what runs in a computation, and how often."""
    if computation in seen:
        return
    for it in program.computations.get(computation, ()):
        if it.opcode in AROUND:
            trips = TRIPS.search(it.rest)
            known = times if it.opcode == "call" else times * int(trips[1]) if trips and times is not None else None
            for called in it.called:
                yield from _run(program, called, known, (*seen, computation))
        elif it.opcode not in FREE:
            yield it, times


def _what(it: Instruction) -> str:
    kind = re.search(r"\bkind=k(\w+)", it.rest)
    target = re.search(r'custom_call_target="([^"]*)"', it.rest)
    return f"{kind[1].lower()} fusion" if kind else f"custom call, {target[1]}" if target else it.opcode


def _bytes(program: HloProgram, it: Instruction) -> float | None:
    """Return the size of its operands, each counted once, and of its result."""
    types = {other.name: other.type for other in program.computations[it.computation]}
    read = [_size(types.get(name)) for name in dict.fromkeys(it.operands)]
    sizes = [*read, _size(it.type)]
    return None if any(size is None for size in sizes) else float(sum(filter(None, sizes)))


def _size(kind: str | None) -> float | None:
    """Return the bytes of a type."""
    if kind is None:
        return None
    total = 0.0
    for dtype, dims in ARRAY.findall(kind):
        bits = BITS.get(dtype) or next((int(digits) for digits in re.findall(r"\d+", dtype)), None)
        if dtype != "token" and bits is None:
            return None
        total += _elements(dims) * (bits or 0) / 8
    return total


def _elements(dims: str) -> int:
    return prod(int(dim.strip("<=")) for dim in dims.split(",") if dim.strip("<="))


def _count(kind: str) -> int:
    return sum(_elements(dims) for _, dims in ARRAY.findall(kind))


def _flops(program: HloProgram, it: Instruction) -> float | None:
    """Return what it computes, or None where the rule for that is not here."""
    if it.opcode in FREE | STILL | TRANSCENDENTAL:
        return 0.0
    if it.opcode in ELEMENTWISE:
        return float(_count(it.type))
    types = {other.name: other.type for other in program.computations[it.computation]}
    if it.opcode == "fusion":
        return _sum(program, it.called)
    if it.opcode == "dot":
        contracted = re.search(r"lhs_contracting_dims=\{([\d,]*)\}", it.rest)
        left = ARRAY.search(types.get(it.operands[0], "")) if it.operands else None
        if not (contracted and left):
            return None
        dims = [int(dim) for dim in left[2].split(",") if dim]
        return 2.0 * _count(it.type) * prod(dims[int(axis)] for axis in contracted[1].split(",") if axis)
    if it.opcode == "reduce" and it.operands:
        each = _sum(program, it.called)
        steps = _count(types.get(it.operands[0], "")) - _elements(ARRAY.search(it.type)[2])  # type: ignore[index]
        return None if each is None else each * steps
    return None


def _sum(program: HloProgram, computations: list[str]) -> float | None:
    parts = [_flops(program, it) for name in computations for it in program.computations[name]]
    return None if any(part is None for part in parts) else float(sum(filter(None, parts)))
