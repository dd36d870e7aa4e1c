"""The calls of jitted functions in a cell: what each layer did, what differed, and what JAX says of it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.building import ROOT
from witness.nodes.calls import calls
from witness.records.calls import Call, Calls
from witness.records.codec import decode, encode
from witness.records.ir import Place

PROGRAM = """
import json, os, sys
os.environ["JAX_PLATFORMS"] = "cpu"
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
shell = InteractiveShell.instance()
shell.run_line_magic("load_ext", "witness")
def run(cell, watched=True):
    if watched:
        shell._witness.look("calls")
    with capture_output() as found:
        result = shell.run_cell(cell)
    kind = "application/vnd.witness.cell+json"
    seen = [it.data[kind] for it in found.outputs if kind in it.data]
    error = result.error_in_exec
    return {"calls": seen[0].get("calls") if seen else None, "out": found.stdout, "err": found.stderr,
            "error": repr(error) if error else None, "transformers": len(shell.ast_transformers)}
print(json.dumps([run(cell, watched) for cell, watched in json.load(sys.stdin)]))
"""

SETUP = "import jax, jax.numpy as jnp, numpy as np\nx = jnp.ones(3)\ntriple = jax.jit(lambda x, y=1.0: 3.0 * x)"
KINDS = """
triple(x)
triple(x)
triple(jnp.zeros(4))
for n in range(20):
    triple(x)
triple(x, y=2.0)
triple(np.asarray(x))
triple(jax.device_put(x, jax.devices()[0]))
with jax.enable_x64(True):
    triple(x)
"""
STATIC = """
def power(x, n):
    return x**n
fast = jax.jit(power, static_argnames="n")
for n in (2, 3, 2, True):
    fast(x, n=n)
for _ in range(2):
    jax.jit(lambda x: 2 * x)(x)
pair = jax.jit(lambda pair: pair[0])
pair([x, x]); pair((x, x))
"""
INNER = """
@jax.jit
def outer(x):
    return triple(x) + 1.0
print(outer(x), [triple(v) for v in (x, x)], sorted({"b": 1}.items()))
class A:
    def __init__(self): super().__init__()
print(type(A()).__name__, len(locals()) > 3)
"""
METHODS = """
from functools import partial
class Model:
    @partial(jax.jit, static_argnums=0)
    def scale(self, x): return 2.0 * x
    @partial(jax.jit, static_argnums=0)
    def __call__(self, x): return 3.0 * x
one, two = Model(), Model()
print(one.scale(x), one(x)); one.scale(x); two.scale(x)
"""
RAISING = "jax.jit(lambda x: 1 if x[0] > 0 else 2)(x)"
LATER = "def helper():\n    return triple(jnp.ones(7))\nhelper()"


@pytest.fixture(scope="module")
def cells() -> list[dict[str, Any]]:
    asked = [(SETUP, False), (KINDS, True), (STATIC, True), (INNER, True), (RAISING, True), (LATER, True)]
    asked += [("helper()", False), ("with jax.explain_cache_misses():\n    triple(jnp.ones(9))", True), (METHODS, True)]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], input=json.dumps(asked), capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return found


def seen(cell: dict[str, Any]) -> list[Call]:
    return list(decode(Calls, cell["calls"]).calls)


def outline(call: Call) -> str:
    """Return what the layers did, in letters."""
    steps = {"t": call.traced, "f": call.failed, "l": call.lowered, "c": call.compiled}
    return f"{call.entry} {''.join(letter for letter, seconds in steps.items() if seconds)}".strip()


def test_each_layer_and_what_differed(cells: list[dict[str, Any]]) -> None:
    found = seen(cells[1])
    assert [(it.text, it.times, outline(it), it.differs, it.like) for it in found] == [
        ("triple(x)", 1, "new tlc", ["the first call of it"], None),
        ("triple(x)", 1, "found", [], None),
        ("triple(jnp.zeros(4))", 1, "new tlc", ["x: float32[4], before float32[3]"], 2),
        ("triple(x)", 20, "found", [], None),
        ("triple(x, y=2.0)", 1, "new tlc", ["y: given by name, before not given"], 4),
        ("triple(np.asarray(x))", 1, "new", ["x: ndarray, before jax.Array"], 4),
        ("triple(jax.device_put(x, jax.devices()[0]))", 1, "new lc", found[6].differs, 4),
        ("triple(x)", 1, "new tlc", ["jax_enable_x64: True, before False"], 4),
    ]
    assert found[6].differs == ["x: committed to cpu:0, before not committed"]


def test_jax_s_explanation_stands_with_a_trace_and_with_nothing_else(cells: list[dict[str, Any]]) -> None:
    for call in seen(cells[1]) + seen(cells[2]):
        assert bool(call.said) == bool(call.traced)
    assert "now f32[4] and before f32[3]" in seen(cells[1])[2].said[0]
    assert all("CACHE MISS" not in cell["out"] + cell["err"] for cell in cells[:7])


def test_a_static_value_a_new_function_and_another_container(cells: list[dict[str, Any]]) -> None:
    found = seen(cells[2])
    assert [(outline(it), it.differs) for it in found] == [
        ("new tlc", ["the first call of it"]),
        ("new tlc", ["n: static 3, before 2"]),
        ("found", []),
        ("new tlc", ["n: static True, before 2"]),
        ("new tlc", ["the first call of it"]),
        ("new tlc", ["another function object, made by the same code"]),
        ("new tlc", ["the first call of it"]),
        ("new tlc", ["pair: (*, *), before [*, *]"]),
    ]


def test_calls_within_a_trace_are_part_of_it_and_python_stays_python(cells: list[dict[str, Any]]) -> None:
    assert [it.text for it in seen(cells[3])] == ["outer(x)", "triple(v)"]
    assert (
        cells[3]["out"]
        == "[4. 4. 4.] [Array([3., 3., 3.], dtype=float32), Array([3., 3., 3.], dtype=float32)] [('b', 1)]\nA True\n"
    )


def test_an_error_is_the_cell_s_own(cells: list[dict[str, Any]]) -> None:
    (call,) = seen(cells[4])
    assert (call.error, outline(call)) == ("TracerBoolConversionError", "none f")
    assert cells[4]["error"].startswith("TracerBoolConversionError(")


def test_a_function_that_was_marked_runs_on_when_nobody_looks(cells: list[dict[str, Any]]) -> None:
    assert [it.text for it in seen(cells[5])] == ["triple(jnp.ones(7))"]
    assert (cells[6]["error"], cells[6]["calls"]) == (None, None)
    assert {cell["transformers"] for cell in cells} == {cells[0]["transformers"]}


def test_a_page_that_asks_jax_to_explain_hears_it(cells: list[dict[str, Any]]) -> None:
    assert seen(cells[7])[0].said == []
    assert outline(seen(cells[7])[0]) == "new tlc"


def test_a_method_and_a_callable_object_are_functions(cells: list[dict[str, Any]]) -> None:
    found = seen(cells[8])
    assert cells[8]["out"].startswith("[2. 2. 2.] [3. 3. 3.]\n")
    assert [(it.text, outline(it)) for it in found] == [
        ("one.scale(x)", "new tlc"),
        ("one(x)", "new tlc"),
        ("one.scale(x)", "found"),
        ("two.scale(x)", "new tlc"),
    ]
    assert found[3].differs[0].startswith("self: static <__main__.Model object")


def call(**changed: Any) -> Call:
    place = Place("<cell 1>", 3, 0, 3, 4, "<module>")
    return Call(**{"name": "f", "text": "f(x)", "place": place, "entry": "found", "seconds": 0.001, **changed})


def test_the_table_says_in_words_what_the_marks_say() -> None:
    rows = [
        call(times=4),
        call(entry="new", traced=[0.002], lowered=[0.1], compiled=[0.2], differs=["x: a, before b"], like=1),
    ]
    text = calls(Calls(rows, 2))[0].astext()
    for words in (
        "line 3, 4 times, each 250 µs",
        "○ found",
        "● new entry",
        "● traced 2.0 ms",
        "● lowered 100 ms",
        "compiled 200 ms",
    ):
        assert words in text
    assert "x: a, before b (call 1)" in text
    assert "2 more calls came after these" in text


def test_calls_come_back_from_their_record() -> None:
    found = Calls([call(differs=["x"])], 1)
    assert decode(Calls, json.loads(json.dumps(encode(found)))) == found
    with pytest.raises(ValueError, match=r"not |no "):
        decode(Calls, {"calls": [{}], "more": 0})
