"""Whether ``%timeit`` timed what was awaited, or only its dispatch."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kernels import Page, Pages

SETUP = """
import threading
import warnings

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

warnings.simplefilter("ignore")
x = jnp.ones((50, 50))
v = jnp.arange(8.0)
host = np.ones(3)
key = jax.random.key(0)
calls = []
kept = []


@jax.jit
def f(x):
    return jnp.tanh(x @ x)


@jax.jit
def pair(x):
    return {"a": x + 1, "b": [x * 2, (x,)]}


give_away = jax.jit(lambda x: x + 1, donate_argnums=0)
ready_made = f.lower(x).compile()


def selu(x):
    left_aside = jnp.sin(x)
    return 1.05 * jnp.where(x > 0, x, 1.67 * jnp.exp(x) - 1.67)


def nobody_waits(x):
    f(x)
    return 3


def waits_for_one_of_two(x):
    f(x)
    pair(x)["a"].block_until_ready()
    return 3


def in_a_thread():
    thread = threading.Thread(target=lambda: f(x).block_until_ready())
    thread.start()
    thread.join()


class Result:
    def __init__(self, array):
        self.array = array


@jax.jit
def calls_back(x):
    return jax.pure_callback(lambda v: np.asarray(v) + 1, jax.ShapeDtypeStruct(x.shape, x.dtype), x)


def train():
    state = v
    for i in range(3):
        state, loss = state + i, (state * i).sum()
    return float(loss)
"""


KINDS = {
    "execution": [
        "f(x).block_until_ready()",
        "jax.block_until_ready(f(x))",
        "jax.block_until_ready(pair(x))",
        "jax.block_until_ready({'first': f(x), 'rest': [pair(x), 3, None]})",
        "pair(x)['a'].block_until_ready()",
        "np.asarray(f(x))",
        "np.array(f(x))",
        "np.linalg.norm(f(x))",
        "np.testing.assert_allclose(f(x), f(x))",
        "memoryview(f(x))",
        "jax.device_get(pair(x))",
        "float(f(x)[0, 0])",
        "int(f(x)[0, 0])",
        "f(x).sum().item()",
        "f(x).tolist()",
        "repr(f(x))",
        "f'{f(x)[0, 0]:.2f}'",
        "1 if f(x)[0, 0] > 0 else 2",
        "bool(jnp.array_equal(f(x), x))",
        "[float(element) for element in v * 2]",
        "[row.block_until_ready() for row in v * 2]",
        "selu(x).block_until_ready()",
        "f(f(f(x))).block_until_ready()",
        "y = f(x); y.block_until_ready()",
        "y = f(x); z = f(y); z.block_until_ready()",
        "y = f(x); z = pair(y); np.asarray(z['a'])",
        "f(x).block_until_ready(); pair(x)['a'].block_until_ready()",
        "ready_made(x).block_until_ready()",
        "give_away(x + 0).block_until_ready()",
        "jax.grad(lambda q: f(q).sum())(x).block_until_ready()",
        "jax.vmap(f)(x[None]).block_until_ready()",
        "lax.while_loop(lambda i: i < 3, lambda i: i + 1, 0).block_until_ready()",
        "jax.block_until_ready(lax.scan(lambda c, _: (c + 1, None), x, None, length=3))",
        "jax.random.normal(jax.random.split(key)[1], (3,)).block_until_ready()",
        "jax.device_put(host).block_until_ready()",
        "f(x).addressable_shards[0].data.block_until_ready()",
        "kept.append(f(x).block_until_ready())",
        "Result(f(x).block_until_ready())",
        "in_a_thread()",
        "calls_back(x).block_until_ready()",
        "jax.pmap(lambda v: v + 1)(v[None]).block_until_ready()",
        "x.at[0].set(1.0).block_until_ready()",
        "np.tanh(f(x))",
        "assert jnp.allclose(f(x), f(x))",
    ],
    "dispatch": [
        "f(x)",
        "selu(x)",
        "pair(x)",
        "y = f(x)",
        "y = pair(x)",
        "f(x).block_until_ready(); f(x)",
        "f(x); f(x).block_until_ready()",
        "y = f(x); z = f(x); z.block_until_ready()",
        "[f(x), f(x).block_until_ready()]",
        "ready_made(x)",
        "give_away(x + 0)",
        "nobody_waits(x)",
        "kept.append(f(x))",
        "f(x).is_ready()",
        "f(x).copy_to_host_async()",
        "f(x).shape",
        "np.sum(f(x))",
        "jax.grad(lambda q: f(q).sum())(x)",
        "lax.while_loop(lambda i: i < 3, lambda i: i + 1, 0)",
        "jax.random.split(key)",
        "jax.device_put(host)",
        "jnp.asarray(host)",
        "for _ in range(3): f(x)",
        "Result(f(x))",
        "kept[:] = [f(x)]",
        "global bound; bound = f(x)",
        "jnp.array([1, 2, 3])",
        "(f(x), None, 'text', {'k': f(x)})",
    ],
    "unknown": ["waits_for_one_of_two(x)", "train()", "np.from_dlpack(f(x))"],
    "none": [
        "pass",
        "np.ones(3) + 1",
        "x",
        "x.block_until_ready()",
        "float(v[0]) if False else 1",
        "f.lower(x)",
        "jax.make_jaxpr(f)(x)",
    ],
}


@pytest.fixture(scope="module")
def kernel(forking: Pages) -> Iterator[Page]:
    with forking.watched(SETUP) as kernel:
        yield kernel


@pytest.mark.parametrize(("kind", "statement"), [(kind, one) for kind, many in KINDS.items() for one in many])
def test_what_the_clock_sees_is_told(kernel: Page, kind: str, statement: str) -> None:
    # twice: the first call of a function takes another way through JAX than those after it
    assert [kernel.timed(f"%timeit -q -n 1 -r 2 {statement}").kind for _ in range(2)] == [kind, kind]


@pytest.mark.parametrize("flag", ["jax_disable_jit", "jax_debug_nans", "jax_enable_checks"])
def test_flags_of_jax_do_not_keep_it_from_being_told(kernel: Page, flag: str) -> None:
    kernel.run(f"jax.config.update('{flag}', True)")
    try:
        timing = kernel.timed("%timeit -q -n 1 -r 2 f(x).block_until_ready()")
    finally:
        kernel.run(f"jax.config.update('{flag}', False)")
    assert timing.kind == "execution"
    assert any("JAX checks" in condition or "disabled" in condition for condition in timing.conditions)


def test_a_cell_of_several_lines_is_told_with_what_it_binds(kernel: Page) -> None:
    setup = "%%timeit -q -n 1 -r 2 y = f(x)\n"
    assert kernel.timed(f"{setup}z = f(y)\nz.block_until_ready()").kind == "execution"
    assert kernel.timed(f"{setup}z = f(y)").kind == "dispatch"
    assert kernel.timed(f"{setup}y.block_until_ready()").kind == "none"
    assert kernel.timed(f"{setup}def g():\n    return f(x)\ng()").kind == "dispatch"
    assert kernel.timed(f"{setup}if True:\n    g = lambda: f(x)\n    jax.block_until_ready(g())").kind == "execution"


@pytest.mark.parametrize(
    "code",
    [
        "def g():\n    f(x)\n    return f(x).block_until_ready()\ng()",
        "async def g():\n    f(x)\n    return f(x).block_until_ready()\n"
        "try:\n    g().send(None)\nexcept StopIteration as stop:\n    y = stop.value",
        "class G:\n    f(x)\n    y = f(x).block_until_ready()\nG.y",
    ],
)
def test_what_stands_alone_in_a_definition_is_nothing_that_the_statement_gives(kernel: Page, code: str) -> None:
    assert [kernel.timed(f"%%timeit -q -n 1 -r 2\n{code}").kind for _ in range(2)] == ["execution", "execution"]
