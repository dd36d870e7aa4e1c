"""Fit a small network, and export it to a file that needs no source.

It needs JAX and flatbuffers, in which the file is written:

    python export_model.py sine.jax
"""

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

Params = dict[str, Array]


def predict(params: Params, x: Array) -> Array:
    """Return the network's estimate of sin(3x), for each row of `x`."""
    return jnp.tanh(x @ params["w"] + params["b"]) @ params["v"]


@jax.jit
def fit() -> Params:
    """Return parameters that fit the sine: one program does all the steps."""
    x = jnp.linspace(-1.0, 1.0, 128)[:, None]
    keys = jax.random.split(jax.random.key(0), 3)
    params = {
        "w": 3.0 * jax.random.normal(keys[0], (1, 32)),
        "b": jax.random.normal(keys[1], (32,)),
        "v": 0.1 * jax.random.normal(keys[2], (32, 1)),
    }

    def loss(params: Params) -> Array:
        return jnp.mean((predict(params, x) - jnp.sin(3.0 * x)) ** 2)

    def step(params: Params, _: None) -> tuple[Params, None]:
        slope = jax.grad(loss)(params)
        return jax.tree.map(lambda p, g: p - 0.05 * g, params, slope), None

    return jax.lax.scan(step, params, length=5000)[0]


def export(function: Any, columns: int, platforms: Sequence[str]) -> bytes:
    """Return a jitted function as bytes, for any number of rows."""
    from jax.export import export, symbolic_shape

    (rows,) = symbolic_shape("rows")
    shape = jax.ShapeDtypeStruct((rows, columns), jnp.float32)
    exported = export(function, platforms=platforms)(shape)
    return bytes(exported.serialize())


def main(arguments: Sequence[str] | None = None) -> None:
    """Fit a small network to a sine, and export it to a file."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument(
        "--platforms",
        nargs="+",
        metavar="NAME",
        default=[jax.default_backend()],
        help="cpu, cuda, rocm or tpu; the default is what runs this",
    )
    options = parser.parse_args(arguments)
    model = jax.jit(partial(predict, fit()))
    data = export(model, 1, options.platforms)
    options.file.write_bytes(data)
    print(f"{options.file}: {len(data):,} bytes")


if __name__ == "__main__" and "__file__" in globals():  # not in a notebook
    main()
