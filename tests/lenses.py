"""Functions of every kind, and the lens on each: ``python -m tests.lenses`` prints them all as JSON, by their names.

It is a program of its own, for the devices that it asks JAX for must be asked for first.
"""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=8"
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["JAX_PPRINT_USE_COLOR"] = "false"

import jax
import jax.numpy as jnp

from witness.records.codec import encode

sys.path.insert(0, str(Path(__file__).parents[1] / "examples"))

Params = list[tuple[jax.Array, jax.Array]]


def loss(params: Params, x: jax.Array, y: jax.Array) -> jax.Array:
    (w1, b1), (w2, b2) = params
    h = jnp.tanh(x @ w1 + b1)
    return jnp.mean((h @ w2 + b2 - y) ** 2)


def solve(a: jax.Array, b: jax.Array) -> Any:
    return jnp.linalg.solve(a @ a.T, b).sum()


def attention(q: jax.Array, k: jax.Array, v: jax.Array) -> jax.Array:
    s = jax.nn.softmax(q @ k.T / jnp.sqrt(q.shape[-1]))
    return s @ v


def rnn(w: jax.Array, xs: jax.Array) -> jax.Array:
    def step(h: jax.Array, x: jax.Array) -> tuple[jax.Array, jax.Array]:
        h = jnp.tanh(w @ h + x)
        return h, h

    return jax.lax.scan(step, jnp.zeros(8), xs)[1]


def until(x: jax.Array) -> jax.Array:
    return jax.lax.while_loop(lambda x: x.sum() < 3.0, lambda x: x * 2.0, x)


def branches(x: jax.Array) -> Any:
    return jax.lax.cond(x.sum() > 0, lambda x: jnp.sin(x), lambda x: jnp.cos(x), x)


def twice(function: Callable[..., jax.Array]) -> Callable[..., jax.Array]:
    @functools.wraps(function)
    def wrapped(x: jax.Array) -> jax.Array:
        return function(function(x))

    return wrapped


@twice
@jax.custom_jvp
def decorated(x: jax.Array) -> jax.Array:
    return jnp.sin(x)


@decorated.__wrapped__.defjvp  # type: ignore[attr-defined, untyped-decorator]
def decorated_jvp(primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> tuple[jax.Array, jax.Array]:
    return jnp.sin(primals[0]), jnp.cos(primals[0]) * tangents[0]


def änderung(größe: jax.Array) -> jax.Array:
    π = "ü"; return jnp.cos(größe) * len(π)  # fmt: skip  # noqa: E702


shared = jax.jit(lambda x: jnp.exp(x) + 1.0)


def shares(x: jax.Array) -> Any:
    first = shared(x)
    return shared(first)


def in_one_line(x: jax.Array) -> jax.Array:
    for _ in range(20):
        x = jnp.sin(x) * 2.0
    return x


scope: dict[str, Any] = {"jnp": jnp}
exec("def made(x):\n    return jnp.sin(x) + 1.0", scope)

x, m = jnp.ones(8), jnp.ones((8, 8))
params = [(jnp.ones((8, 16)), jnp.ones(16)), (jnp.ones((16, 4)), jnp.ones(4))]
CALLS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "gradient": (jax.grad(loss), (params, jnp.ones((2, 8)), jnp.ones((2, 4)))),
    "solve": (solve, (m, x)),
    "slope_of_solve": (jax.grad(solve), (m, x)),
    "attention": (attention, (m, m, m)),
    "rnn": (rnn, (m, jnp.ones((5, 8)))),
    "until": (until, (x,)),
    "branches": (branches, (x,)),
    "decorated": (jax.vmap(jax.grad(lambda x: decorated(x))), (x,)),
    "non_ascii": (änderung, (x,)),
    "shares": (shares, (x,)),
    "in_one_line": (in_one_line, (x,)),
    "made": (scope["made"], (x,)),
    "of_jax": (jnp.sin, (x,)),
    "partial": (functools.partial(attention, m), (m, m)),
    "static": (lambda x, how: getattr(jnp, how)(x), (x, "cos")),
}


def lenses() -> dict[str, Any]:
    """Return the data of the lens on each call, and on each case of the lexers' that is not slow."""
    from tests.lexers.rare import CASES
    from witness.stages import Stages
    from witness.stages.look import look

    found = {name: encode(look(function, arguments, {})) for name, (function, arguments) in CALLS.items()}
    for name, case in CASES.items():
        if not case.slow and case.shown in ("lowered", "hlo"):
            function: Any = case.function if hasattr(case.function, "trace") else jax.jit(case.function)
            traced = function.trace(*case.arguments())
            lowered = traced.lower()
            compiled = lowered.compile() if case.shown == "hlo" else None
            found[f"case-{name}"] = encode(Stages(traced, lowered, compiled).lens())
    return found


if __name__ == "__main__":
    print(json.dumps(lenses()))
