"""Functions of every kind, traced while they are watched: ``python -m tests.stepped`` prints their steps as JSON."""

from __future__ import annotations

import json
import os
import sys
from collections import namedtuple
from typing import Any

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["JAX_PPRINT_USE_COLOR"] = "false"

import jax
import jax.numpy as jnp

from witness.capture.steps import Stepper

kept: list[Any] = []
count = 0
Pair = namedtuple("Pair", "a b")


class Said:
    """A stream of Python's own, as a kernel has."""

    def write(self, text: str) -> int:
        """Take a text."""
        return len(text)

    def flush(self) -> None:
        """Do nothing."""


def called(x: Any) -> Any:
    y = jnp.sin(x)
    return y * 2.0


def every(x: Any, flag: bool = False) -> Any:
    global count
    kept.append(x)
    count += 1
    if flag:  # noqa: SIM108 (statements, as readers write them)
        x = x + 100.0
    else:
        x = x - 1.0
    for n in range(2):
        x = called(x) + n
    print("halfway:",
          x.shape)  # fmt: skip
    z = x * 3 if flag else x / 2
    return jnp.where(z > 0, z, 0.0)


def looped(x: Any) -> Any:
    def body(carry: Any, _: Any) -> Any:
        carry = jnp.tanh(carry)
        return carry, carry

    return jax.lax.scan(body, x, None, length=3)[1]


def raising(x: Any) -> Any:
    y = x * 2
    if y > 0:
        return y
    return -y


@jax.custom_jvp
def own(x: Any) -> Any:
    return jnp.sin(x)


@own.defjvp
def own_jvp(primals: Any, tangents: Any) -> Any:
    return jnp.sin(primals[0]), jnp.cos(primals[0]) * tangents[0]


def chosen(x: Any) -> Any:
    return jax.lax.cond(x > 0, lambda x: jnp.sin(x), lambda x: jnp.cos(x), x)


def änderung(größe: Any) -> Any:
    π = "ü"; return jnp.cos(größe) * len(π)  # fmt: skip  # noqa: E702


def paired(x: Any) -> Any:
    pair = Pair(x, x)
    return pair.b + 1.0


def many(x: Any) -> Any:
    for _ in range(1000):
        x = jnp.sin(x) * 2.0
    return x


scope: dict[str, Any] = {"jnp": jnp}
exec("def made(x):\n    return jnp.sin(x) + 1.0", scope)

x = jnp.float32(1.0)
CALLS: dict[str, tuple[Any, Any]] = {
    "every": (every, x),
    "looped": (looped, x),
    "raising": (raising, x),
    "own": (jax.grad(lambda x: own(x)), x),
    "chosen": (chosen, x),
    "gradient": (jax.grad(called), x),
    "mapped": (jax.vmap(called), jnp.ones(3)),
    "non_ascii": (änderung, x),
    "paired": (paired, x),
    "made": (scope["made"], x),
    "of_jax": (jnp.sin, x),
    "many": (many, x),
}


def stepped() -> dict[str, Any]:
    """Return the steps of each, and the text of its jaxpr."""
    found: dict[str, Any] = {}
    for name, (function, argument) in CALLS.items():
        stepper, traced = Stepper(), None
        stdout, sys.stdout = sys.stdout, Said()
        stepper.begin()
        try:
            traced = jax.jit(function).trace(argument)
            traced = jax.jit(function).trace(argument)  # found, and no trace
        except jax.errors.TracerBoolConversionError:
            pass
        finally:
            seen = stepper.end()
            sys.stdout = stdout
        found[name] = {"steps": seen, "jaxpr": str(traced.jaxpr) if traced else None}
    return found


if __name__ == "__main__":
    print(json.dumps(stepped()))
