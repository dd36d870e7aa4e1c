"""The rows of the control-flow tables: one small function for each construct.

Each takes one number and doubles it, once or several times. Around the points
of the tables each is a straight line, so that its slope can be checked.
"""

from collections.abc import Callable

import jax.numpy as jnp
from jax import Array, lax


def python_if(x: Array) -> Array:
    if x > 2:
        return 2 * x
    return x


def python_while(x: Array) -> Array:
    while x < 8:
        x = 2 * x
    return x


def python_for(x: Array) -> Array:
    for _ in range(int(x)):
        x = 2 * x
    return x


def python_for_index(x: Array) -> Array:
    n = x.astype(int)
    for _ in range(n):
        x = 2 * x
    return x


def static_for(x: Array) -> Array:
    for _ in range(3):
        x = 2 * x
    return x


def static_while(x: Array) -> Array:
    i = 0
    while i < 3:
        x, i = 2 * x, i + 1
    return x


def same(x: Array) -> Array:
    return x


def double(x: Array) -> Array:
    return 2 * x


def double_at(_: int, x: Array) -> Array:
    return 2 * x


def double_step(x: Array, _: None) -> tuple[Array, None]:
    return 2 * x, None


def less_than_eight(x: Array) -> Array:
    return x < 8


def last_sum(x: Array) -> Array:
    sums: Array = lax.associative_scan(lax.add, jnp.full(2, x))
    return sums[-1]


PYTHON: dict[str, Callable[[Array], Array]] = {
    "if": python_if,
    "while": python_while,
    "and / or": lambda x: (x > 2 and 2 * x) or x,
    "for range(int(x))": python_for,
    "for range(n)": python_for_index,
    "static for": static_for,
    "static while": static_while,
}

CHOICES: dict[str, Callable[[Array], Array]] = {
    "cond": lambda x: lax.cond(x > 2, double, same, x),
    "switch": lambda x: lax.switch(x.astype(int), [same, same, double], x),
    "where": lambda x: jnp.where(x > 2, 2 * x, x),
    "select": lambda x: lax.select(x > 2, 2 * x, x),
}

LOOPS: dict[str, Callable[[Array], Array]] = {
    "while_loop": lambda x: lax.while_loop(less_than_eight, double, x),
    "static fori_loop": lambda x: lax.fori_loop(0, 3, double_at, x),
    "dynamic fori_loop": lambda x: lax.fori_loop(
        0, x.astype(int), double_at, x
    ),
}

SCANS: dict[str, Callable[[Array], Array]] = {
    "scan": lambda x: lax.scan(double_step, x, length=3)[0],
    "map": lambda x: lax.map(double, x[None])[0],
}

PAIRS: dict[str, Callable[[Array], Array]] = {
    "associative_scan": last_sum,
}
