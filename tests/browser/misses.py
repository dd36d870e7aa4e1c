"""Calls that miss a cache, each in a function of its own, named below the section that explains it.

``python -m tests.browser.misses`` has JAX explain each to standard error as it does for anybody, and puts a line
``=== section`` before it. Nothing is taken out of what JAX says.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType, NamedSharding, PartitionSpec

X = jnp.ones((4, 2))
Call = Callable[[], object]
Case = tuple[str, list[Call], Call]


@jax.tree_util.register_dataclass
@dataclass
class Model:
    """Weights, and a size that is static."""

    weights: jax.Array
    size: int = field(metadata={"static": True})


def placed(kind: AxisType, *axes: str | None) -> jax.Array:
    """Return the array on a mesh of one device."""
    mesh = jax.make_mesh((1,), ("data",), (kind,), devices=jax.devices()[:1])
    array: jax.Array = jax.device_put(X, NamedSharding(mesh, PartitionSpec(*axes)))
    return array


def anew() -> object:
    """Jit one line's function twice."""
    return [jax.jit(lambda x: x + 1)(X) for _ in range(2)]


def within(context: Callable[[], AbstractContextManager[Any]], call: Call) -> Call:
    """Return the call inside of a context that is made for it."""

    def inside() -> object:
        with context():
            return call()

    return inside


def cases() -> Iterator[Case]:
    """Yield a section, the calls before and the call that misses."""

    def fresh(**options: Any) -> Callable[..., object]:
        def first(x: object, other: object = 0) -> object:
            return jax.tree.leaves(x)[0]

        return jax.jit(first, **options)

    yield "a-new-function-in-each-iteration", [], anew
    f = fresh()
    yield "a-first-call", [], partial(f, X)
    for section, before, now in [
        ("another-shape", X, X[:3]),
        ("another-shape", X, X[0]),
        ("another-shape", placed(AxisType.Explicit, "data"), placed(AxisType.Explicit, "data")[:2]),
        ("another-dtype", X, X.astype(jnp.bfloat16)),
        ("another-dtype", 1.0, True),
        ("another-dtype", jax.random.key(0), jax.random.PRNGKey(0)),
        ("a-python-number-then-an-array", 1.0, np.float32(1.0)),
        ("a-python-number-then-an-array", jnp.zeros(()), 0.0),
        ("another-sharding", X, placed(AxisType.Auto, "data")),
        ("another-sharding", placed(AxisType.Explicit, "data"), placed(AxisType.Explicit, None, "data")),
        ("another-container", [X], (X,)),
        ("another-container", [X, X], [X, X, X]),
        ("another-container", {"a": X}, {"b": X}),
        ("another-container", [X, None], [X, X]),
        ("another-static-field", Model(X, 1), Model(X, 2)),
        ("another-static-field", [Model(X, 1)], [Model(X, 2)]),
    ]:
        f = fresh()
        yield section, [partial(f, before)], partial(f, now)
    f = fresh()
    yield "the-call-was-written-another-way", [partial(f, X, 1)], partial(f, X, other=1)
    f = fresh()
    yield "the-call-was-written-another-way", [partial(f, X)], partial(f, X, 0)
    f = fresh()
    yield "the-call-was-written-another-way", [partial(f, X)], partial(f, x=X)
    f = fresh(static_argnames="other")
    yield "another-static-value", [partial(f, X, other=1)], partial(f, X, other=1.0)
    f = fresh(static_argnums=1)
    yield "another-static-value", [partial(f, X, "relu")], partial(f, X, "a value, now 1 and before 2")
    yield (
        "jitted-again-with-other-options",
        [partial(jax.jit(power), X, 2)],
        partial(jax.jit(power, static_argnums=1), X, 2),
    )
    for context in (
        partial(jax.enable_x64, True),
        partial(jax.default_device, jax.devices()[0]),
        partial(jax.numpy_dtype_promotion, "strict"),
        partial(jax.set_mesh, jax.make_mesh((1,), ("data",), devices=jax.devices()[:1])),
    ):
        f = fresh()
        yield "another-setting", [partial(f, X)], within(context, partial(f, X))
    f = fresh()
    mapped = jax.vmap(f, axis_name="rows")
    yield "another-setting", [partial(f, X[0])], partial(mapped, X)


def power(x: jax.Array, n: int) -> jax.Array:
    """Return the nth power."""
    return x**n


def kept() -> Iterator[Case]:
    """Yield what JAX says of the persistent cache: too fast, too small, and written."""
    jax.config.update("jax_compilation_cache_dir", tempfile.mkdtemp())
    for seconds, size in ((60.0, 0), (0.0, 10**9), (0.0, -1)):
        jax.config.update("jax_persistent_cache_min_compile_time_secs", seconds)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", size)
        f = jax.jit(lambda x, seconds=seconds, size=size: x * seconds + size)
        with jax.explain_cache_misses(False):
            lowered = f.lower(X)
        yield "nothing-in-the-persistent-cache", [], lowered.compile


def main() -> None:
    """Have all cases explained."""
    for source in (cases, kept):
        for section, before, call in source():
            for earlier in before:
                earlier()
            print(f"=== {section}", file=sys.stderr)
            with jax.explain_cache_misses(True):
                call()
            print("===", file=sys.stderr)


if __name__ == "__main__":
    main()
