"""The control-flow table: what works under which transform, found by running.

`python examples/control_flow.py` prints the table; it needs only JAX.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

Function = Callable[[Array], Array]
Outcome = type[Exception] | None  # the error that a cell raised, if any

LETTERS: dict[type[Exception], str] = {
    jax.errors.TracerBoolConversionError: "B",
    jax.errors.ConcretizationTypeError: "C",
    jax.errors.TracerIntegerConversionError: "I",
    ValueError: "V",
}


@dataclass(frozen=True)
class Transform:
    """A column: the function that it makes of `f`, and what that returns."""

    apply: Callable[[Function], Function]
    slope: bool = False
    """The new function returns the slope of `f`, not its value."""
    batch: bool = False
    """It takes all points at once."""


def forward(f: Function) -> Function:
    return lambda x: jax.jvp(f, (x,), (jnp.ones_like(x),))[1]


TRANSFORMS: dict[str, Transform] = {
    "eager": Transform(lambda f: f),
    "jit": Transform(jax.jit),
    "grad": Transform(jax.grad, slope=True),
    "jit∘grad": Transform(lambda f: jax.jit(jax.grad(f)), slope=True),
    "grad∘jit": Transform(lambda f: jax.grad(jax.jit(f)), slope=True),
    "jvp": Transform(forward, slope=True),
    "vmap": Transform(jax.vmap, batch=True),
    "vmap∘grad": Transform(lambda f: jax.vmap(jax.grad(f)), True, True),
    "grad∘checkpoint": Transform(lambda f: jax.grad(jax.checkpoint(f)), True),
}


def run(constructs: Mapping[str, Function]) -> "Table":
    """Run every construct under every transform."""
    return Table({name: run_row(f) for name, f in constructs.items()})


def run_row(f: Function) -> dict[str, Outcome]:
    """Run `f` under every transform, and compare each result with plain `f`.

    A slope is held against that of a straight line through two points of `f`.
    A wrong number is no outcome: it stops the run.
    """
    points, step = jnp.array([1.25, 2.5]), 0.25
    value = one_by_one(f, points)
    slope = (one_by_one(f, points + step) - value) / step
    row: dict[str, Outcome] = {}
    for name, transform in TRANSFORMS.items():
        try:
            g = transform.apply(f)
            got = g(points) if transform.batch else one_by_one(g, points)
        except tuple(LETTERS) as error:
            row[name] = type(error)
        else:
            expected = slope if transform.slope else value
            np.testing.assert_allclose(got, expected, rtol=1e-3, err_msg=name)
            row[name] = None
    return row


def one_by_one(f: Function, points: Array) -> np.ndarray:
    return np.stack([f(x) for x in points])


class Table(dict[str, dict[str, Outcome]]):
    """The outcome of each cell: `table[construct][transform]`."""

    def works(self, construct: str) -> list[str]:
        """Return the transforms under which the construct works."""
        return [name for name, error in self[construct].items() if not error]

    def __repr__(self) -> str:
        lines = [f"{'construct':17}" + " ".join(TRANSFORMS)]
        for construct, row in self.items():
            marks = [mark(e).center(len(name)) for name, e in row.items()]
            lines.append(f"{construct:17}" + " ".join(marks))
        return "\n".join(line.rstrip() for line in lines)

    def _repr_markdown_(self) -> str:
        lines = [["construct", *TRANSFORMS], ["-", *[":-:"] * len(TRANSFORMS)]]
        for construct, row in self.items():
            lines.append(
                [construct, *[mark(e, link=True) for e in row.values()]]
            )
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def mark(error: Outcome, link: bool = False) -> str:
    """Return a tick, or the letter of the error, linked to its heading."""
    if error is None:
        return "✓"
    letter = LETTERS[error]
    return f"[{letter}](#{error.__name__.lower()})" if link else letter


def main() -> None:
    from constructs import CHOICES, LOOPS, PAIRS, PYTHON, SCANS

    print(run(PYTHON | CHOICES | LOOPS | SCANS | PAIRS))


# A notebook has no __file__: there the page itself asks for the table.
if __name__ == "__main__" and "__file__" in globals():
    main()
