"""Counts what each layer of JAX's caches had to do for a call.

Run it for one function and a few calls: ``python examples/cache_layers.py``.
"""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

COMPILED = "/jax/core/compile/backend_compile_duration"
"""The event that JAX reports whenever it has compiled a program."""


class Did(NamedTuple):
    """How often each layer had work to do."""

    traced: int
    compiled: int
    entered: int
    """Entries that the call cache of the jitted function gained."""


class Layers:
    """A jitted function, and what each call of it did."""

    def __init__(self, function: Callable[..., Any], **options: Any) -> None:
        self.traces = self.compiles = 0

        @wraps(function)
        def counted(*arguments: Any, **keywords: Any) -> Any:
            self.traces += 1
            return function(*arguments, **keywords)

        self.function = counted
        self.jitted: Any = jax.jit(counted, **options)
        jax.monitoring.register_event_duration_secs_listener(self._listen)

    def _listen(
        self, event: str, duration_secs: float, **about: str | int
    ) -> None:
        name = str(about.get("fun_name", ""))
        if event == COMPILED and self.function.__name__ in name:
            self.compiles += 1

    def did(self, call: Callable[[Callable[..., Any]], Any]) -> Did:
        """Hand the jitted function to ``call``, and return what that did."""
        before = self.traces, self.compiles, self.jitted._cache_size()
        call(self.jitted)
        after = self.traces, self.compiles, self.jitted._cache_size()
        return Did(
            *(now - then for now, then in zip(after, before, strict=True))
        )


def _call(argument: Any, function: Callable[..., Any]) -> Any:
    return function(argument)


def main() -> None:
    """Show what a few calls of one function do."""
    layers = Layers(lambda x: 2 * x)
    x = jnp.ones(3)
    calls = {
        "first": x,
        "again": x,
        "NumPy": jax.device_get(x),
        "longer": jnp.ones(4),
    }
    for name, argument in calls.items():
        print(f"{name:7}", layers.did(partial(_call, argument)))


if __name__ == "__main__":
    main()
