"""What is taken from JAX's private parts: there is one place for it, it is there, and it may go."""

from __future__ import annotations

import inspect
import re
import sys
from typing import Any

import jax
import jax.numpy as jnp
import pytest

from tests.building import ROOT
from tests.kernels import Pages
from witness import jax_private
from witness.records.kinds import COMPILATION

PRIVATE = re.compile(r"\bjax\._(?!_)|\bjaxlib\._")


def test_there_is_one_place_for_it() -> None:
    files = {path.name for path in (ROOT / "conf/witness").rglob("*.py") if PRIVATE.search(path.read_text())}
    assert files == {"jax_private.py"}


def test_it_was_tested_with_this_jax() -> None:
    assert jax.__version__ in jax_private.TESTED


def test_it_is_there() -> None:
    jnp.ones(3).block_until_ready()
    heard: list[str] = []

    def listener(event: str, _: float, **__: Any) -> None:
        heard.append(event)

    jax_private.listen("duration", listener)
    assert jax_private.listens("duration", listener)
    before = jax_private.traces()
    jax.jit(lambda x: x * 7 - 1).trace(1.0).lower().compile()
    jax_private.unlisten("duration", listener)
    assert not jax_private.listens("duration", listener)
    assert {"/jax/core/compile/jaxpr_trace_duration", "/jax/core/compile/backend_compile_duration"} <= set(heard)
    assert before is not None
    assert (jax_private.traces() or 0) > before
    assert all(jax_private.stage(name) for name in ("Traced", "Lowered", "Compiled"))
    assert jax_private.has_backend()
    kept = jnp.arange(4)
    assert any(array is kept or array.shape == kept.shape for array in jax_private.live_arrays())
    there = jax_private.execution()
    assert isinstance(kept, there.array)
    for owner, name in (there.programs, there.awaits):
        assert callable(getattr(owner, name))
    equation = jax.make_jaxpr(lambda x: x + 1)(1.0).eqns[0]
    assert jax_private.user_frame(equation.source_info.traceback).file_name == __file__


def test_events_are_told_below_the_functions_that_are_asked() -> None:
    seen: dict[str, set[str]] = {}
    events = {"jaxpr_trace": "trace", "jaxpr_to_mlir_module": "lower", "backend_compile": "compile"}

    def listener(event: str, _: float, **__: Any) -> None:
        for name, work in events.items():
            if f"/{name}_duration" in event:
                seen[work] = set(jax_private.locals_of(work, sys._getframe()))

    jax_private.listen("duration", listener)
    try:
        jax.jit(lambda x: x * 5 - 2)(1.0)
    finally:
        jax_private.unlisten("duration", listener)
    assert "fun" in seen["trace"]
    assert "closed_jaxpr" in seen["lower"]
    assert "computation" in seen["compile"]


GONE = (
    *("monitoring", "stages", "array", "api", "interpreters.pxla", "interpreters.partial_eval"),
    *("source_info_util", "xla_bridge", "pretty_printer", "config", "compiler"),
)
HIDE = """
import sys, types, witness.jax_private as private

class Modules(dict):
    def __missing__(self, name):
        if name == "jax._src.{name}":
            raise KeyError(name)
        return sys.modules[name]
    def get(self, name, other=None):
        return other if name == "jax._src.{name}" else sys.modules.get(name, other)

def import_module(name, stock=private.import_module):
    if name == "jax._src.{name}":
        raise ImportError(name)
    return stock(name)

private.import_module = import_module
private.sys = types.SimpleNamespace(modules=Modules())
"""
"""Has the adapter, and nobody else, find one of JAX's modules gone."""

WATCHED = ("steps", "calls", "lines", "code")
"""Parts of the extension that look at a cell where they are asked to."""

CELLS = {
    "f = jax.jit(lambda x: x * 2.5)\nf(jnp.ones(3))": "Array([2.5, 2.5, 2.5], dtype=float32)",
    "r = %timeit -o -q -n 1 -r 1 f(jnp.ones(3)).block_until_ready()\nlen(r.timings)": "1",
    "f.trace(1.0).jaxpr.jaxpr.invars[0].aval": "ShapedArray(float32[], weak_type=True)",
    "type(jax.jit(f).lower(2.0)).__name__": "'Lowered'",
    "jax.make_jaxpr(jax.jit(f))(1.0).eqns[0].primitive": "jit",
}


@pytest.mark.parametrize("module", GONE)
@pytest.mark.slow
def test_without_a_module_of_it_cells_do_what_they_did(forking: Pages, module: str) -> None:
    with forking.watched("import jax, jax.numpy as jnp") as page:
        assert page.run(HIDE.format(name=module)).traceback == ""
        for cell, shown in CELLS.items():
            reply = page.run(cell)
            assert reply.traceback == ""
            assert shown in reply.result
        for part in WATCHED:
            assert page.run(f"get_ipython()._witness.look({part!r})").traceback == ""
            reply = page.run("h = jax.jit(lambda x: x * 3 + 1)\nh(jnp.ones(4))\nh(jnp.ones(5))")
            assert reply.traceback == ""
            assert "Array([4., 4., 4., 4., 4.], dtype=float32)" in reply.result


def test_every_private_module_is_taken_away() -> None:
    text = inspect.getsource(jax_private)
    assert set(re.findall(r'"jax\._src\.([\w.]+)"', text)) - set(GONE) == {"compilation_cache"}  # a logger


@pytest.mark.parametrize("module", ["api", "array", "interpreters.pxla"])
@pytest.mark.slow
def test_without_a_hold_on_execution_it_is_not_told_what_a_clock_saw(forking: Pages, module: str) -> None:
    with forking.watched("import jax.numpy as jnp\nx = jnp.ones(3)") as page:
        assert page.timed("%timeit -n 2 -r 2 (x + 1).block_until_ready()").kind == "execution"
        assert page.run(HIDE.format(name=module)).traceback == ""
        assert page.timed("%timeit -n 2 -r 2 (x + 1).block_until_ready()").kind == "unknown"


def test_a_listener_that_cannot_be_registered_is_told_to_be_lost(forking: Pages) -> None:
    with forking.watched("import jax") as page:
        page.run(
            "import witness.jax_private as private\n"
            "private.LISTENERS = dict.fromkeys(private.LISTENERS, ('register', 'get', 'unregister'))"
        )
        work = COMPILATION.of(page.run("jax.jit(lambda x: x + 3)(1.0)").captured)
        assert work
        assert work.lost
