"""A pytest fixture: a test fails where a function is traced or compiled again.

Copy this file beside your tests and load it as a plugin, with the line
`pytest_plugins = ["traces_once"]` in the topmost `conftest.py`. Then:

    def test_training_compiles_once(traces_once):
        step = traces_once(train_step)  # jitted, or calling what is
        for batch in batches:
            state = step(state, batch)  # fails here, and says what differed

What the test only calls through your library is watched in its place:
`monkeypatch.setattr(library, "step", traces_once(library.step))`.

`python traces_once.py` shows what it says of a few calls; needs only JAX.
"""

import argparse
import inspect
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import update_wrapper
from threading import get_ident
from typing import Any

import jax
import jax.numpy as jnp

EVENTS = {
    "/jax/core/compile/jaxpr_trace_duration": "traced",
    "/jax/core/compile/backend_compile_duration": "compiled",
}
"""What JAX reports when it has traced, and when it has compiled."""


class Retraced(AssertionError):
    """A watched function was traced or compiled once too often."""


@dataclass(frozen=True)
class Call:
    """How a call looks to JAX."""

    style: dict[str, str]
    """How each argument was given: by position or by name."""
    types: dict[str, str]
    """What JAX sees of each leaf."""
    values: dict[str, Any]
    """Numbers, texts and other objects, any of which may be static."""
    structure: str

    @classmethod
    def of(cls, function: Callable[..., Any], args: Any, kwargs: Any) -> "Call":
        """Return how a call of `function` looks."""
        named = dict(zip(parameters(function, len(args)), args, strict=True))
        style = dict.fromkeys(named, "by position")
        style |= dict.fromkeys(kwargs, "by name")
        leaves, structure = jax.tree.flatten_with_path(named | kwargs)
        paths = [(at.key + jax.tree_util.keystr(tuple(on)), leaf)
                 for (at, *on), leaf in leaves]  # fmt: skip
        types = {path: kind(leaf) for path, leaf in paths}
        values = {p: leaf for p, leaf in paths if not hasattr(leaf, "dtype")}
        return cls(style, types, values, str(structure))

    def unlike(self, now: "Call") -> list[str]:
        """Return what differs in a later call, likely causes first."""
        lines = changed(self.style, now.style) + changed(self.types, now.types)
        if not lines and self.structure != now.structure:
            return [f"{self.structure} before, {now.structure} now"]
        return lines or changed(self.values, now.values)


def parameters(function: Callable[..., Any], count: int) -> list[str]:
    """Return names for the first `count` arguments."""
    try:
        known = [*inspect.signature(function).parameters.values()]
    except (TypeError, ValueError):  # not all that is written in C has one
        known = []
    named = [p.name for p in known if p.kind <= p.POSITIONAL_OR_KEYWORD]
    return (named + [f"argument {k}" for k in range(len(named), count)])[:count]


def kind(leaf: Any) -> str:
    """Return what JAX sees of a leaf: its type, and its place if it has one."""
    try:
        seen = str(jax.typeof(leaf))
    except TypeError:
        return f"an object of class {type(leaf).__name__}"
    if getattr(leaf, "committed", False):
        return f"{seen} committed to {leaf.sharding}"
    return seen


def changed(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Return a line for each entry that two tables do not share."""
    pairs = [(p, before.get(p, "absent"), now.get(p, "absent"))
             for p in before | now]  # fmt: skip
    return [f"{p}: {a} before, {b} now" for p, a, b in pairs if a != b]


@contextmanager
def listening() -> Iterator[tuple[list[str], list[str]]]:
    """Yield what JAX traces and compiles in this thread, and why it says."""
    work: list[str] = []
    reasons: list[str] = []
    thread = get_ident()

    def listen(event: str, duration_secs: float, **about: Any) -> None:
        if event in EVENTS and get_ident() == thread:
            work.append(f"{EVENTS[event]} {about.get('fun_name', '?')}")

    def hear(record: logging.LogRecord) -> None:
        if "CACHE MISS" in record.getMessage():
            reasons.append(record.getMessage())

    ear = logging.Handler()
    ear.emit = hear  # type: ignore[method-assign]
    logging.getLogger("jax").addHandler(ear)
    jax.monitoring.register_event_duration_secs_listener(listen)
    try:
        with jax.explain_cache_misses():
            yield work, reasons
    finally:
        jax.monitoring.unregister_event_duration_listener(listen)
        logging.getLogger("jax").removeHandler(ear)


@dataclass
class Watched:
    """A function of which `at_most` so many calls may trace or compile.

    With `strict`, calls beyond those run under `jax.no_tracing`: they stop
    before they trace, and even where only the call cache has no entry.
    """

    function: Callable[..., Any]
    at_most: int = 1
    strict: bool = False
    calls: int = 0
    worked: list[Call] = field(default_factory=list)
    """The first call, and those that traced or compiled."""

    def __post_init__(self) -> None:
        self.__name__ = getattr(self.function, "__name__", "the function")
        update_wrapper(self, self.function, updated=())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function; raise `Retraced` if JAX did what it should not."""
        __tracebackhide__ = True  # pytest then ends at the line of the test
        call = Call.of(self.function, args, kwargs)
        self.calls += 1
        full = len(self.worked) >= self.at_most
        stop = jax.no_tracing() if self.strict and full else nullcontext()
        try:
            with stop, listening() as (work, reasons):
                result = self.function(*args, **kwargs)
        except RuntimeError as error:
            if "no_tracing" not in str(error):
                raise
            raise Retraced(self.report(call, ["stopped"], [])) from error
        if work and full:
            raise Retraced(self.report(call, work, reasons))
        if work or not self.worked:  # the first may be known from elsewhere
            self.worked.append(call)
        return result

    def report(self, call: Call, work: list[str], reasons: list[str]) -> str:
        """Return what was done at a call, and how it differs from another."""
        found = [before.unlike(call) for before in self.worked]
        nearest = min(found, key=len, default=[])
        what = ", ".join(dict.fromkeys(work))
        lines = [f"{self.__name__}, call {self.calls}: {what}", *nearest]
        if not nearest:
            lines.append("the arguments look the same")
        said = [line for reason in reasons for line in reason.splitlines()[1:]]
        return "\n  ".join([*lines, *(f"JAX: {line}" for line in said)])


if pytest := sys.modules.get("pytest"):  # it is pytest that loads this file

    @pytest.fixture  # type: ignore[untyped-decorator]
    def traces_once(request: Any) -> Iterator[Callable[..., Watched]]:
        """Return `Watched`; the test must call each function often enough."""
        jax.clear_caches()  # so that no order of tests changes what is traced
        watched: list[Watched] = []
        failed = request.session.testsfailed

        def watch(function: Callable[..., Any], **options: Any) -> Watched:
            watched.append(Watched(function, **options))
            return watched[-1]

        yield watch
        if request.session.testsfailed == failed:
            few = [w for w in watched if w.calls <= w.at_most]
            shown = [f"{w.__name__} (called {w.calls}×)" for w in few]
            assert not few, f"too few calls show anything: {', '.join(shown)}"


def main() -> None:
    """Watch one function, and print what is said of a few calls."""
    argparse.ArgumentParser(description=main.__doc__).parse_args()

    @jax.jit
    def step(weights: jax.Array, batch: jax.Array) -> jax.Array:
        return weights - 0.1 * batch.mean()

    weights, batch = jnp.ones(3), jnp.arange(32.0)
    device = jax.devices()[0]
    others: dict[str, Callable[[Any], Any]] = {
        "the same call": lambda f: f(weights, batch),
        "a last, smaller batch": lambda f: f(weights, batch[:20]),
        "by name": lambda f: f(weights, batch=batch),
        "committed": lambda f: f(jax.device_put(weights, device), batch),
    }
    for name, call in others.items():
        watched = Watched(step)
        jax.clear_caches()
        watched(weights, batch)
        try:
            call(watched)
        except Retraced as error:
            print(f"{name}: {error}\n")
        else:
            print(f"{name}: nothing was traced\n")


# A notebook has no __file__: there the page itself calls what it shows.
if __name__ == "__main__" and "__file__" in globals():
    main()
