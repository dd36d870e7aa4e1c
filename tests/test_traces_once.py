"""The recompilation watchdog: as a plugin of pytest, and what it says of each kind of difference."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import traces_once as plugin
from traces_once import Retraced, Watched

EXAMPLES = Path(__file__).parents[1] / "examples"
X = jnp.ones(3)
SUITE = """
import jax, jax.numpy as jnp
import pytest

step = jax.jit(lambda w, batch, n=2: w - batch.mean() * n, static_argnames="n")
step.__name__ = "step"
w, batch, short = jnp.ones(3), jnp.ones(8), jnp.ones(5)


def test_same(traces_once):
    watched = traces_once(step)
    for _ in range(3):
        watched(w, batch)


def test_retraced(traces_once):
    watched = traces_once(step)
    watched(w, batch)
    watched(w, short)


def test_order_of_tests_does_not_hide_a_retrace(traces_once):
    test_retraced(traces_once)


def test_too_few_calls(traces_once):
    traces_once(step)(w, batch)


def test_fails_by_itself(traces_once):
    traces_once(step)(w, batch)
    raise KeyError("of its own")


def test_two_programs(traces_once):
    watched = traces_once(step, at_most=2)
    for b in (batch, short, batch, short):
        watched(w, b)


def test_library(traces_once, monkeypatch):
    import sys
    here = sys.modules[__name__]
    monkeypatch.setattr(here, "step", traces_once(here.step))
    here.step(w, batch)
    here.step(w, batch)
"""


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return what pytest says of a suite into which the plugin was copied."""
    folder = tmp_path_factory.mktemp("suite")
    shutil.copy(EXAMPLES / "traces_once.py", folder)
    (folder / "conftest.py").write_text('pytest_plugins = ["traces_once"]\n')
    (folder / "test_steps.py").write_text(SUITE)
    command = [sys.executable, "-m", "pytest", "-rA", "-p", "no:xdist", "-p", "no:cacheprovider", "--rootdir=."]
    wide = {**os.environ, "COLUMNS": "200"}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=wide)
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    "line",
    [
        "PASSED test_steps.py::test_same",
        "PASSED test_steps.py::test_two_programs",
        "PASSED test_steps.py::test_library",
        "FAILED test_steps.py::test_retraced - traces_once.Retraced: step, call 2: traced",
        "FAILED test_steps.py::test_order_of_tests_does_not_hide_a_retrace - traces_once.Retraced: step, call 2",
        "FAILED test_steps.py::test_fails_by_itself - KeyError",
        "ERROR test_steps.py::test_too_few_calls - AssertionError: too few calls show anything: step (called 1×)",
        "batch: float32[8] before, float32[5] now",
        "3 failed, 4 passed, 1 error",
    ],
)
def test_the_plugin_fails_what_retraces_and_what_shows_nothing(suite: str, line: str) -> None:
    assert line in suite, suite


def test_the_traceback_ends_at_the_call_of_the_test(suite: str) -> None:
    _, _, after = suite.partition("watched(w, short)\nE       traces_once.Retraced: step, call 2")
    assert after, suite


@jax.tree_util.register_dataclass
@dataclass
class Model:
    slope: jax.Array
    clip: bool = field(metadata={"static": True}, default=False)


def says(function: Callable[..., Any], first: Callable[[Any], Any], then: Callable[[Any], Any]) -> str:
    """Return what the watchdog says of the second call, or nothing."""
    watched = Watched(function)
    first(watched)
    try:
        then(watched)
    except Retraced as error:
        return str(error)
    return ""


def function(x: Any, n: Any = 2) -> Any:
    return jax.tree.map(lambda leaf: leaf * 2, x)


def at(model: Model, x: Any) -> Any:
    return model.slope * x


@pytest.mark.parametrize(
    ("then", "said"),
    [
        (lambda f: f(X + 1), ""),
        (lambda f: f(np.ones(3, np.float32)), ""),
        (lambda f: f(jnp.ones(4)), "x: float32[3] before, float32[4] now"),
        (lambda f: f(jnp.ones(3, int)), "x: float32[3] before, int32[3] now"),
        (lambda f: f(1.0), "x: float32[3] before, ~float32[] now"),
        (lambda f: f(x=X), "x: by position before, by name now"),
        (lambda f: f(X, 2), "n: absent before, by position now"),
        (lambda f: f({"a": X}), "x['a']: absent before, float32[3] now"),
        (lambda f: f(jax.device_put(X, jax.devices()[0])), "x: float32[3] before, float32[3] committed to Single"),
    ],
)
def test_what_differs_in_a_traced_argument_is_said(then: Callable[[Any], Any], said: str) -> None:
    jax.clear_caches()
    found = says(jax.jit(partial(function)), lambda f: f(X), then)
    assert (said in found) if said else not found, found


def test_a_static_value_is_named_with_both_values() -> None:
    jitted = jax.jit(function, static_argnames="n")
    jax.clear_caches()
    assert "n: 2 before, 3 now" in says(jitted, lambda f: f(X, n=2), lambda f: f(X, n=3))
    jax.clear_caches()
    assert says(jitted, lambda f: f(X, n=2), lambda f: f(X, n=2)) == ""


def test_a_static_field_is_named_with_the_structures() -> None:
    jax.clear_caches()
    found = says(jax.jit(at), lambda f: f(Model(X), 1.0), lambda f: f(Model(X, clip=True), 1.0))
    assert "(False,)" in found
    assert "(True,)" in found


def test_a_function_made_anew_inside_is_named_by_jax() -> None:
    def careless(x: jax.Array) -> Any:
        return jax.jit(lambda x: 3 * x)(x)

    found = says(careless, lambda f: f(X), lambda f: f(X))
    assert "the arguments look the same" in found
    assert "<lambda>" in found.partition("JAX:")[2]


def test_a_setting_is_named_by_jax() -> None:
    def within(f: Any) -> None:
        with jax.default_matmul_precision("float32"):
            f(X)

    jax.clear_caches()
    assert "JAX:   * jax_default_matmul_precision differs" in says(jax.jit(function), lambda f: f(X), within)


def test_a_strict_watch_stops_a_call_before_it_is_traced() -> None:
    traced: list[Any] = []

    def noting(x: jax.Array) -> jax.Array:
        traced.append(x)
        return 2 * x

    watched = Watched(jax.jit(noting), strict=True)
    watched(X)
    watched(X)
    before = len(traced)
    with pytest.raises(Retraced, match=r"noting, call 3: stopped\n.*float32\[4\] now"):
        watched(np.ones(4, np.float32))
    assert len(traced) == before


def test_a_strict_watch_passes_on_other_errors() -> None:
    watched = Watched(lambda: (_ for _ in ()).throw(RuntimeError("of its own")).send(None), strict=True)
    with pytest.raises(RuntimeError, match="of its own"):
        watched()


def test_several_programs_are_told_from_the_nearest() -> None:
    watched = Watched(jax.jit(partial(function)), at_most=2)
    watched(X, 1.0)
    watched(jnp.ones(4), jnp.ones(3))
    watched(X, 1.0)
    with pytest.raises(Retraced) as error:
        watched(jnp.ones(5), jnp.ones(3))
    assert "x: float32[4] before, float32[5] now" in str(error.value)
    assert "n:" not in str(error.value)


def test_the_watch_leaves_no_listener_and_no_handler() -> None:
    handlers = list(logging.getLogger("jax").handlers)
    watched = Watched(jax.jit(partial(function)))
    watched(X)
    with plugin.listening() as (work, reasons):
        pass
    jax.jit(partial(function))(X)
    assert (work, reasons) == ([], [])
    assert logging.getLogger("jax").handlers == handlers


def test_the_program_shows_what_is_said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["traces_once.py"])
    plugin.main()
    said = capsys.readouterr().out
    assert "the same call: nothing was traced" in said
    assert "batch: float32[32] before, float32[20] now" in said
    assert "batch: by position before, by name now" in said
    assert "committed: step, call 2: compiled jit(step)" in said
