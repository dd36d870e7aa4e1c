"""Time a chain of operations op by op and compiled, over sizes; draw both.

It needs only JAX to print the times, and matplotlib to draw them:

    python bench_sizes.py --largest 10000000 --save sizes.png
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import jax
import jax.numpy as jnp

Array = jax.Array
OPERATIONS = 8
"""How many operations the chain has."""


def chain(x: Array) -> Array:
    """Do `OPERATIONS` cheap operations, each on the result of the last."""
    for _ in range(OPERATIONS // 2):
        x = x * 0.5 + 1.0
    return x


@dataclass(frozen=True)
class Times:
    """Seconds of a call, for each size."""

    sizes: Sequence[int]
    op_by_op: Sequence[float]
    compiled: Sequence[float]
    first: Sequence[float]
    """The first call of the compiled function, by far the longest."""

    def __str__(self) -> str:
        head = f"{'size':>10} {'op by op':>12} {'compiled':>12} {'ratio':>7}"
        lines = [head]
        columns = zip(self.sizes, self.op_by_op, self.compiled, strict=True)
        for size, slow, fast in columns:
            micro = f"{1e6 * slow:9.1f} µs {1e6 * fast:9.1f} µs"
            lines.append(f"{size:10,} {micro} {slow / fast:7.1f}")
        return "\n".join(lines)


def seconds(call: Callable[[], Array], calls: int) -> float:
    """Return the mean time of `calls` calls, each waited for."""
    start = perf_counter()
    for _ in range(calls):
        call().block_until_ready()
    return (perf_counter() - start) / calls


def powers(largest: int, smallest: int = 1, step: int = 10) -> list[int]:
    """Return sizes from the smallest to the largest, `step` times apart."""
    sizes = [smallest]
    while sizes[-1] * step <= largest:
        sizes.append(sizes[-1] * step)
    return sizes


def race(sizes: Sequence[int], rounds: int = 15) -> Times:
    """Time both at each size, in turn; each figure is a median of rounds."""
    slow, fast, first = [], [], []
    compiled = jax.jit(chain)
    for size in sizes:
        x = jnp.ones(size)
        first.append(seconds(lambda x=x: compiled(x), 1))  # type: ignore[misc]
        pair = (lambda x=x: chain(x)), (lambda x=x: compiled(x))
        enough = [max(1, round(0.002 / seconds(call, 3))) for call in pair]
        turns = [
            [seconds(*side) for side in zip(pair, enough, strict=True)]
            for _ in range(rounds)
        ]
        a, b = (median(column) for column in zip(*turns, strict=True))
        slow.append(a)
        fast.append(b)
    return Times(sizes, slow, fast, first)


def draw(times: Times, device: str = "") -> Any:
    """Return a figure of both, over the sizes."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(
        figsize=(6, 3.4), facecolor="white", layout="constrained"
    )
    axes.loglog(times.sizes, times.op_by_op, "o-", label="op by op")
    axes.loglog(times.sizes, times.compiled, "s--", label="compiled")
    axes.set(xlabel="elements", ylabel="time of a call (s)", title=device)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    return figure


def main(arguments: Sequence[str] | None = None) -> None:
    """Time a chain of operations op by op and compiled, over sizes."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--largest", type=int, default=10**7, metavar="N")
    parser.add_argument("--rounds", type=int, default=15, metavar="N")
    parser.add_argument(
        "--save", type=Path, metavar="FILE", help="draw into this file"
    )
    options = parser.parse_args(arguments)
    if options.largest < 1 or options.rounds < 1:
        parser.error("--largest and --rounds must be 1 or more")
    device = jax.devices()[0].device_kind
    times = race(powers(options.largest), options.rounds)
    print(f"{OPERATIONS} operations on {device}, float32", times, sep="\n")
    if options.save:
        draw(times, device).savefig(options.save)


if __name__ == "__main__" and "__file__" in globals():  # not in a notebook
    main()
