"""A small network whose update step is jitted whole, in pieces or not at all.

As a program it times one update step at each grain: python update_step.py
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp

Array = jax.Array
Layer = tuple[Array, Array]  # weights (in, out) and bias (out,)
Piece = Literal["layer", "loss", "gradient", "apply", "step"]


class State(NamedTuple):
    """What one update step hands to the next."""

    params: list[Layer]
    velocity: list[Layer]


@partial(jax.jit, static_argnames="width")
def start(width: int = 64) -> State:
    """Return a network with one input, `width` hidden units, one output."""
    first, second = jax.random.split(jax.random.key(0))
    params = [
        (jax.random.normal(first, (1, width)), jnp.zeros(width)),
        (jax.random.normal(second, (width, 1)) / width, jnp.zeros(1)),
    ]
    return State(params, jax.tree.map(jnp.zeros_like, params))


@partial(jax.jit, static_argnames="size")
def wave(size: int = 128) -> tuple[Array, Array]:
    """Return `size` points of a sine wave, the data to fit."""
    x = jnp.linspace(-1.0, 1.0, size)[:, None]
    return x, jnp.sin(3.0 * x)


def build(*jitted: Piece) -> Callable[..., tuple[State, Array]]:
    """Return the update step, with each of the named pieces jitted."""

    def piece(function: Callable[..., Any]) -> Callable[..., Any]:
        return jax.jit(function) if function.__name__ in jitted else function

    @piece
    def layer(weights: Array, bias: Array, x: Array) -> Array:
        return x @ weights + bias

    @piece
    def loss(params: list[Layer], x: Array, y: Array) -> Array:
        first, second = params
        prediction = layer(*second, jnp.tanh(layer(*first, x)))
        return jnp.mean((prediction - y) ** 2)

    @piece
    def gradient(params: list[Layer], x: Array, y: Array) -> Any:
        return jax.value_and_grad(loss)(params, x, y)

    @piece
    def apply(state: State, slope: list[Layer]) -> State:
        velocity = jax.tree.map(
            lambda v, g: 0.9 * v - 0.02 * g, state.velocity, slope
        )
        return State(jax.tree.map(jnp.add, state.params, velocity), velocity)

    @piece
    def step(state: State, x: Array, y: Array) -> tuple[State, Array]:
        error, slope = gradient(state.params, x, y)
        return apply(state, slope), error

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

    state, data = start(), wave()
    whole = partial(build("step"), state, *data)
    for name, jitted in GRAINS.items():
        answer = compare(partial(build(*jitted), state, *data), whole)
        interval = f"{answer.low:.2f} to {answer.high:.2f}"
        print(f"{name:28} {answer.ratio:6.2f}  ({interval})")


if __name__ == "__main__" and "__file__" in globals():  # not in a notebook
    main()
