"""All that is taken from JAX's private parts: the file to open when there is a new JAX.

JAX is not imported for it: a page imports it, or does not. Each function says what its caller does where a version of
JAX has no such thing: a figure is left out, with a notice, and none is wrong. ``tests/test_jax_private.py`` takes each
of them away in turn. Tested with the versions in `TESTED`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, wraps
from importlib import import_module
from inspect import signature
from pathlib import Path
from types import CodeType, FrameType, ModuleType
from typing import Any

TESTED = ("0.10.2", "0.12.0", "0.12.0.1")

MONITORING = "jax._src.monitoring"
"""Where the listeners are kept; the public ``jax.monitoring`` registers them and cannot tell whether one is there."""
STAGES = "jax._src.stages"
"""Where ``Traced``, ``Lowered`` and ``Compiled`` are defined; without it a stage is shown alone."""
COMPILER = "jax._src.compiler"
"""Where XLA's compiler is called, below JAX's caches and events."""
DEFINED_IN = ("jax._src.", "jax.", "jax.extend.")
"""Packages in whose modules JAX may define what is displayed; of what is in none the stock text is shown."""

LISTENERS = {
    "scalar": ("register_scalar_listener", "get_scalar_listeners", "unregister_scalar_listener"),
    "event": ("register_event_listener", "get_event_listeners", "unregister_event_listener"),
    "duration": (
        "register_event_duration_secs_listener",
        "get_event_duration_listeners",
        "unregister_event_duration_listener",
    ),
}
"""How a listener of each kind is registered, looked for, and unregistered."""

WORK = {"trace": ("_trace_for_jit",), "lower": ("_cached_lowering_to_hlo",), "compile": ("_cached_compilation",)}
"""The functions among whose local names the program is that an event of ``jax.monitoring`` is about."""

DEEP = 12
"""Frames above a listener among which those of JAX are looked for."""


def monitoring() -> ModuleType | None:
    """Return the module that keeps the listeners, once JAX is there; None: nothing is heard, and that is said."""
    return sys.modules.get(MONITORING)


def listens(kind: str, listener: Callable[..., None]) -> bool:
    """Return whether a listener of a kind of `LISTENERS` is still there; False: work may be lost, and that is said."""
    get = getattr(monitoring(), LISTENERS[kind][1], None)
    return get is not None and listener in get()


def listen(kind: str, listener: Callable[..., None]) -> None:
    """Have a listener called, unless it is; without a way to do so nothing happens, and `listens` says so."""
    register = getattr(monitoring(), LISTENERS[kind][0], None)
    if register is not None and not listens(kind, listener):
        register(listener)


def unlisten(kind: str, listener: Callable[..., None]) -> None:
    """Have a listener called no longer; without a way to do so it is."""
    forget = getattr(monitoring(), LISTENERS[kind][2], None)
    if forget is not None and listens(kind, listener):
        forget(listener)


def traces() -> int | None:
    """Return how many functions JAX has traced: a trace that it finds again does not count. None: it cannot be told."""
    try:
        return int(sys.modules["jax._src.interpreters.partial_eval"].trace_to_jaxpr.cache_info().misses)
    except (AttributeError, KeyError):
        return None


def locals_of(event: str, frame: FrameType) -> Mapping[str, Any]:
    """Return the local names of JAX's function that does the work of an event of `WORK`, which is told in a frame.

    Without any the name that the event tells says whose program it is.
    """
    return _locals(WORK[event], frame)


def ended_by_error(frame: FrameType) -> bool:
    """Return whether the work that an event is about ended with an error; False where it cannot be told."""
    return _locals(("__exit__",), frame).get("exc_type") is not None


def _locals(functions: tuple[str, ...], frame: FrameType) -> Mapping[str, Any]:
    above: FrameType | None = frame
    for _ in range(DEEP):
        if above is None:
            break
        if above.f_code.co_name in functions and in_jax(above.f_code.co_filename):
            return above.f_locals
        above = above.f_back
    return {}


@lru_cache(maxsize=4096)
def in_jax(file: str) -> bool:
    """Return whether a file is JAX's own."""
    jax = getattr(sys.modules.get("jax"), "__file__", None)
    return bool(jax and file and Path(file).is_relative_to(Path(jax).parent))


def user_frame(traceback: Any) -> Any:
    """Return the user's innermost frame in a traceback of JAX's own kind; None: an operation has no place."""
    source: Any = sys.modules.get("jax._src.source_info_util")
    find = getattr(source, "user_frame", None)
    return None if find is None or traceback is None else find(traceback)


def stage(name: str) -> type | None:
    """Return the class of a stage of compilation, by its name; None: what it was made of is not known."""
    found = getattr(sys.modules.get(STAGES), name, None)
    return found if isinstance(found, type) else None


def wrap_compiler(around: Callable[[Any, Callable[[Any], Any]], Any]) -> Callable[[], None] | None:
    """Have programs compiled by a function of XLA's options and of what compiles with any; return what ends that.

    None: there is no hold on the compiler; the code of kernels is not shown, and that is said.
    """
    module: Any = sys.modules.get(COMPILER)
    stock: Any = getattr(module, "backend_compile_and_load", None)
    known = signature(stock) if stock else None
    if known is None or "options" not in known.parameters:
        return None

    @wraps(stock)
    def backend_compile_and_load(*arguments: Any, **named: Any) -> Any:
        __tracebackhide__ = True  # as JAX's own frames
        bound = known.bind(*arguments, **named)

        def compiled(options: Any) -> Any:
            __tracebackhide__ = True
            bound.arguments["options"] = options
            return stock(*bound.args, **bound.kwargs)

        return around(bound.arguments["options"], compiled)

    def release() -> None:
        if module.backend_compile_and_load is backend_compile_and_load:
            module.backend_compile_and_load = stock

    module.backend_compile_and_load = backend_compile_and_load
    return release


@dataclass(frozen=True)
class Execution:
    """Where programs are run and results awaited. Without any of it, whether a time is of work cannot be told."""

    array: Any
    """The class of an array."""
    leaves: Callable[[Any], Iterable[Any]]
    hook: Any
    """A context variable of JAX's, for each thread and for all: called after each program that is run from C++."""
    programs: tuple[Any, str]
    """The class, and its method, by which Python runs a program."""
    awaits: tuple[Any, str]
    """The module, and its function, by which many arrays are awaited."""


def execution() -> Execution:
    """Return it. Raises ImportError or AttributeError where this JAX has no such handle."""
    api: Any = import_module("jax._src.api")
    return Execution(
        import_module("jax._src.array").ArrayImpl,
        import_module("jax.tree_util").tree_leaves,
        api._post_hook_state,
        (import_module("jax._src.interpreters.pxla").ExecuteReplicated, "__call__"),
        (api.xc, "batched_block_until_ready"),
    )


def has_backend() -> bool:
    """Return whether JAX has started a backend, which has threads; False where it cannot be told."""
    return bool(getattr(sys.modules.get("jax._src.xla_bridge"), "backends_are_initialized", bool)())


def cpu_devices() -> int:
    """Return how many devices the CPU is to JAX, once it has looked; 0 before, and where it cannot be told.

    The public way to ask would have it look.
    """
    backends = getattr(sys.modules.get("jax._src.xla_bridge"), "_backends", {})
    return len(backends["cpu"].local_devices()) if "cpu" in backends else 0


def devices() -> Sequence[Any]:
    """Return the devices of this process, once JAX has started a backend; none before, and where it cannot be told.

    The public way to ask would start one.
    """
    return sys.modules["jax"].local_devices() if has_backend() else ()


def live_arrays() -> Iterator[Any]:
    """Yield the arrays that are on a device. Raises AttributeError where it cannot be told."""
    if has_backend():
        for client in sys.modules["jax._src.xla_bridge"].backends().values():
            yield from client.live_arrays()


def forget_notebook() -> None:
    """Let JAX's printer find out again, after a fork, whether it may use colours: it does so when it is imported."""
    printer: Any = sys.modules.get("jax._src.pretty_printer")
    if hasattr(printer, "CAN_USE_COLOR"):
        printer.CAN_USE_COLOR = True


def writing() -> tuple[CodeType | None, CodeType | None]:
    """Return the code that begins a jaxpr, and that which writes an equation into it; None: when is not known."""
    kind: Any = getattr(sys.modules.get("jax._src.interpreters.partial_eval"), "JaxprStackFrame", None)
    begin, write = (getattr(getattr(kind, name, None), "__code__", None) for name in ("__init__", "add_eqn"))
    return begin, write


def error_of(frame: FrameType) -> BaseException | None:
    """Return the error that the work ended with which an event is about."""
    found = _locals(("__exit__",), frame).get("exc_value")
    return found if isinstance(found, BaseException) else None


def is_users(file: str) -> bool:
    """Return whether JAX takes a file for one of its user's; True where it cannot be told."""
    asked = getattr(sys.modules.get("jax._src.source_info_util"), "is_user_filename", None)
    return asked is None or bool(asked(file))


def exclude(file: str) -> None:
    """Have JAX take a file for none of its user's; without a way to do so it may name it as the place of a call."""
    register = getattr(sys.modules.get("jax._src.source_info_util"), "register_exclusion", None)
    if register is not None:
        register(file)


def settings() -> dict[str, Any]:
    """Return the settings that a trace is known by, as far as they have names; without any none is said to differ."""
    module: Any = sys.modules.get("jax._src.config")
    try:
        names, values = module.config.trace_context_names(), module.config.trace_context()
        if len(names) == len(values):
            return dict(zip(names, values, strict=True))
    except Exception:  # not in this JAX
        pass
    states = getattr(module, "config_states", {})
    return {name: states[name].value for name in DECISIVE if name in states}


DECISIVE = (
    "jax_enable_x64",
    "jax_default_matmul_precision",
    "jax_numpy_dtype_promotion",
    "jax_numpy_rank_promotion",
    "jax_default_device",
    "jax_default_prng_impl",
)
"""Settings that lead to another trace, where JAX does not tell which do."""

EXPLAINERS = ("jax._src.interpreters.partial_eval", "jax._src.compilation_cache", "jax._src.compiler")
"""The loggers by which JAX explains a cache miss; by another one it is shown as if the page had asked for it."""


@contextmanager
def explaining(began: Callable[[], None]) -> Iterator[None]:
    """Call a function whenever JAX begins to explain a trace; without a hold on that its time counts as the trace's."""
    source: Any = sys.modules.get("jax._src.source_info_util")
    explain = getattr(sys.modules.get("jax._src.interpreters.partial_eval"), "explain", None)
    code, stock = getattr(explain, "__code__", None), getattr(source, "is_user_filename", None)
    if code is None or stock is None:
        yield
        return

    def is_user_filename(file: str) -> bool:  # the first thing that an explanation asks
        if sys._getframe(1).f_code is code:
            began()
        return bool(stock(file))

    source.is_user_filename = is_user_filename
    try:
        yield
    finally:
        source.is_user_filename = stock
