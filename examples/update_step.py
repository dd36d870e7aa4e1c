"""A small network whose update step is jitted whole, in pieces or not at all.

As a program it times one update step at each grain: python update_step.py
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import jax
import jax.numpy as jnp

Array = jax.Array
Layer = tuple[Array, Array]  # weights (in, out) and bias (out,)
Params = list[Layer]
Piece = Literal["layer", "loss", "gradient", "apply", "step"]


@partial(jax.jit, static_argnames="width")
def start(width: int = 64) -> Params:
    """Return a network with one input, `width` hidden units, one output."""
    slopes = jnp.linspace(-2.0, 2.0, width)
    return [
        (slopes[None, :], jnp.zeros(width)),
        (jnp.zeros((width, 1)), jnp.zeros(1)),
    ]


@partial(jax.jit, static_argnames="size")
def wave(size: int = 128) -> tuple[Array, Array]:
    """Return `size` points of a sine wave, the data to fit."""
    x = jnp.linspace(-1.0, 1.0, size)[:, None]
    return x, jnp.sin(3.0 * x)


def build(*jitted: Piece) -> Callable[..., tuple[Params, Array]]:
    """Return the update step, with each of the named pieces jitted."""

    def piece(function: Callable[..., Any]) -> Callable[..., Any]:
        return jax.jit(function) if function.__name__ in jitted else function

    @piece
    def layer(weights: Array, bias: Array, x: Array) -> Array:
        return x @ weights + bias

    @piece
    def loss(params: Params, x: Array, y: Array) -> Array:
        first, second = params
        prediction = layer(*second, jnp.tanh(layer(*first, x)))
        return jnp.mean((prediction - y) ** 2)

    @piece
    def gradient(params: Params, x: Array, y: Array) -> Any:
        return jax.value_and_grad(loss)(params, x, y)

    @piece
    def apply(params: Params, slope: Params) -> Any:
        return jax.tree.map(lambda p, g: p - 0.02 * g, params, slope)

    @piece
    def step(params: Params, x: Array, y: Array) -> tuple[Params, Array]:
        error, slope = gradient(params, x, y)
        return apply(params, slope), error

    return step


GRAINS: dict[str, tuple[Piece, ...]] = {
    "op by op": (),
    "each layer": ("layer",),
    "the loss": ("loss",),
    "gradient and update, apart": ("gradient", "apply"),
    "the whole step": ("step",),
}


def main() -> None:
    """Print how many times as long as the whole step each grain takes."""
    from compare import compare  # the file beside this one

    params, data = start(), wave()
    whole = partial(build("step"), params, *data)
    for name, jitted in GRAINS.items():
        answer = compare(partial(build(*jitted), params, *data), whole)
        interval = f"{answer.low:.2f} to {answer.high:.2f}"
        print(f"{name:28} {answer.ratio:6.2f}  ({interval})")


if __name__ == "__main__" and "__file__" in globals():  # not in a notebook
    main()
