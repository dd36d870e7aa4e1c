"""For which types JAX traced and compiled: seen in a real kernel, whatever makes JAX work, and read in few words."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.kernels import Page, Pages
from witness.records.codec import decode, encode
from witness.records.compilation import Compilation, CompiledProgram, total
from witness.records.kinds import COMPILATION
from witness.records.signature import Signature, folded, merged

SET_UP = """\
import functools, jax, jax.numpy as jnp, numpy as np
x = jnp.arange(8.0)
n = jnp.arange(3)
key = jax.random.key(0)
plain = lambda a, b=1: jnp.sin(a) * b
kept = jax.jit(lambda a, unused: a * 3)
double = jax.jit(lambda a: a * 2)
weights = {"w": [jnp.ones(i + 1) for i in range(20)], "b": [jnp.ones(3)] * 20}
def square(a):
    return a * a * 4
jitted = jax.jit(square)
def step(carry, a):
    return carry + a, carry
def fails(a):
    raise ValueError
class Scale:
    def __call__(self, a):
        return a * 0.5"""

CELLS: dict[str, tuple[str, list[tuple[str, int]]]] = {
    # what runs, and for which types, how often it was traced
    "jit": ("jax.jit(plain)(x)", [("float32[8] → float32[8]", 1)]),
    "a Python number": ("jax.jit(plain)(1.0)", [("~float32[] → ~float32[]", 1)]),
    "another dtype": ("jax.jit(plain)(x.astype('float16'))", [("float16[8] → float16[8]", 1)]),
    "NumPy": ("jax.jit(plain)(np.zeros((2, 0, 3)))", [("float32[2,0,3] → float32[2,0,3]", 1)]),
    "several": (
        "for a in (1, 2, n, n, x[:2]):\n    double(a)",
        [("~int32[] → ~int32[]", 1), ("int32[3] → int32[3]", 1), ("float32[2] → float32[2]", 1)],
    ),
    "again and again": (
        "for _ in range(3):\n    jax.jit(lambda a: a + 1)(x)",
        [("float32[8] → float32[8]", 3)],
    ),
    "static": ("jax.jit(lambda a, b: a * b, static_argnums=1)(x, 3)", [("float32[8] → float32[8]", 1)]),
    "two that differ in what is static": (
        "power = jax.jit(lambda a, b: a**b, static_argnames='b')\npower(x, b=2), power(x, b=3)",
        [("float32[8] → float32[8]", 2)],
    ),
    "an argument without a use": ("kept(x, 2)", [("float32[8], ~int32[] → float32[8]", 1)]),
    "no argument": ("jax.jit(lambda: 1)()", [("() → ~int32[]", 1)]),
    "no result": ("jax.jit(lambda a: None)(x)", [("float32[8] → ()", 1)]),
    "a pytree": (
        "jax.jit(lambda p, k: jax.tree.map(lambda a: a * k, p)['b'][0])(weights, 2)",
        [
            (
                "20 × float32[3], float32[1], float32[2], float32[3], float32[4], float32[5], … 16 more → float32[3]",
                1,
            )
        ],
    ),
    "donated": ("jax.jit(lambda a: a + 1, donate_argnums=0)(jnp.ones(5))", [("float32[5] → float32[5]", 1)]),
    "a constant": ("jax.jit(lambda a: a + x)(x)", [("float32[8] → float32[8]", 1)]),
    "a key": ("jax.jit(lambda k: jax.random.normal(k, (3,)))(key)", [("key<fry>[] → float32[3]", 1)]),
    "nested": ("jax.jit(lambda a: double(a[:4]) + double(a[4:]))(x)", [("float32[8] → float32[4]", 1)]),
    "make_jaxpr": ("jax.make_jaxpr(lambda a: a.sum())(x)\nNone", [("float32[8] → float32[]", 1)]),
    "eval_shape": ("jax.eval_shape(lambda a: a.sum(), jax.ShapeDtypeStruct((9,), 'int8'))", [("int8[9] → int32[]", 1)]),
    "lower": ("low = jax.jit(lambda a, b: a * 5).lower(x, x)", [("float32[8], float32[8] → float32[8]", 1)]),
    "compile": ("low.compile()\nNone", [("float32[8] → float32[8]", 0)]),
    "a trace that is there": ("jax.jit(plain, donate_argnums=0)(x + 1)", [("float32[8] → float32[8]", 0)]),
    "vmap of jit": ("jax.vmap(jax.jit(lambda a: a * 7))(x)", [("float32[8] → float32[8]", 0)]),
    "jit and its derivative": (
        "jitted(2.0), jax.grad(jitted)(2.0)\nNone",
        [("~float32[] → ~float32[]", 1), ("~float32[], ~float32[] → ~float32[]", 0)],
    ),
    "an error": ("try:\n    jax.jit(fails)(x)\nexcept ValueError:\n    pass", [("float32[8] → (error)", 1)]),
    "an error within": (
        "try:\n    jax.jit(lambda a: jax.jit(fails)(a))(n)\nexcept ValueError:\n    pass",
        [("int32[3] → (error)", 1)],
    ),
    "scan": ("jax.lax.scan(step, 0.0, x)\nNone", [("~float32[], float32[8] → float32[], ~float32[8]", 1)]),
    "map": ("jax.lax.map(lambda a: a * 3, x)", [("float32[8] → float32[8]", 1)]),
    "a loop of integers": ("jax.lax.while_loop(lambda i: i < 3, lambda i: i + 1, 0)", [("~int32[] → ~int32[]", 1)]),
    "a callable object": ("jax.jit(Scale())(x)", [("float32[8] → float32[8]", 1)]),
    "partial": ("jax.jit(functools.partial(plain, b=2))(x)", [("float32[8] → float32[8]", 1)]),
    "a reference": (
        "jax.jit(lambda r: r[...] + 1)(jax.new_ref(n))",
        [("Ref{int32[3]} → int32[3]", 1), ("int32[3] → int32[3], int32[3]", 0)],
    ),
}  # fmt: skip

OWN = {
    "x * 5.0": ["float32"],
    "(jnp.ones(13) * 2).astype('float16') > 1.0": ["bool", "float16", "float32"],
    "jnp.arange(11) + 1": ["int32"],
    "jax.jit(lambda a: a - 1)(x)": [],
    "1 + 1": [],
}


@pytest.fixture(scope="module")
def kernel(forking: Pages) -> Iterator[Page]:
    with forking.watched(SET_UP) as kernel:
        yield kernel


@pytest.fixture(scope="module")
def works(kernel: Page) -> dict[str, Compilation]:
    """Return the work of each cell; they run in their order, for some need what came before."""
    found = {}
    for name, (code, _) in CELLS.items():
        reply = kernel.run(code)
        assert not reply.traceback, name
        found[name] = COMPILATION.of(reply.captured) or Compilation([], CompiledProgram(""))
    return found


@pytest.mark.parametrize("name", CELLS)
def test_a_function_has_the_types_for_which_it_was_traced_or_compiled(name: str, works: dict[str, Compilation]) -> None:
    (program,) = works[name].programs
    assert [(it.short, it.traced) for it in program.types] == CELLS[name][1]


def test_what_many_types_say_in_few_words_the_record_has_in_full(works: dict[str, Compilation]) -> None:
    (program,) = works["a pytree"].programs
    assert len(program.types[0].arguments) == 41
    assert program.types[0].arguments[-1] == "~int32[]"


@pytest.mark.parametrize("code", OWN)
def test_the_programs_of_jax_have_dtypes_alone(code: str, kernel: Page) -> None:
    work = COMPILATION.of(kernel.run(code).captured)
    assert (work.dtypes if work else []) == OWN[code]
    assert work is None or work.own.types == []


SPOILT = """\
import jax._src.core as core
def fail(self):
    raise ValueError("no text")
text, core.ShapedArray.__str__ = core.ShapedArray.__str__, fail
try:
    told = float(jax.jit(lambda a: a - 9)(10.0))
finally:
    core.ShapedArray.__str__ = text
assert told == 1"""


def test_types_that_cannot_be_told_fail_no_call(kernel: Page) -> None:
    reply = kernel.run(SPOILT)
    assert not reply.traceback
    work = COMPILATION.of(reply.captured)
    assert work is not None
    assert [(len(program.compiled), program.types) for program in work.programs] == [(1, [])]


def of(*arguments: str, results: tuple[str, ...] | None = ("float32[]",), traced: int = 1) -> Signature:
    return Signature(arguments, results, traced)


@pytest.mark.parametrize(
    ("signature", "text"),
    [
        (of(), "() → float32[]"),
        (of("a[]", "a[]", results=()), "a[], a[] → ()"),
        (of("a[]", "a[]", "a[]", "b[]", "a[]"), "3 × a[], b[], a[] → float32[]"),
        (of("a[]", results=None), "a[] → (error)"),
    ],
)
def test_equal_types_in_a_row_are_counted(signature: Signature, text: str) -> None:
    assert signature.text == signature.short == text


def test_up_to_eight_are_shown_and_of_more_the_first_six() -> None:
    eight, nine = ([f"a[{n}]" for n in range(count)] for count in (8, 9))
    assert of(*eight).short == of(*eight).text
    assert of(*nine).short == "a[0], a[1], a[2], a[3], a[4], a[5], … 3 more → float32[]"
    assert "a[8]" in of(*nine).text
    assert folded(eight) == (eight, [])
    assert folded(nine) == (nine[:6], nine[6:])


def test_equal_signatures_are_one_and_an_error_is_another() -> None:
    failed = of("a[]", results=None)
    assert merged([of("a[]"), failed, of("b[]", traced=0), of("a[]", traced=4)]) == [
        of("a[]", traced=5),
        failed,
        of("b[]", traced=0),
    ]


def test_a_program_without_unused_arguments_is_of_the_same_trace() -> None:
    trace = of("a[]", "b[]", "a[]")
    assert all(trace.covers(of(*some)) for some in ([], ["b[]"], ["a[]", "a[]"], ["a[]", "b[]", "a[]"]))
    assert not any(trace.covers(of(*some)) for some in (["c[]"], ["b[]", "b[]"], ["a[]", "a[]", "b[]"]))
    assert not trace.covers(of("a[]", results=("float32[]", "float32[]")))


def test_the_work_of_a_page_has_all_types_each_once() -> None:
    one = Compilation([CompiledProgram("f", [1.0], types=[of("a[]")])], CompiledProgram(""), dtypes=["bool", "int32"])
    two = Compilation(
        [CompiledProgram("f", [1.0], types=[of("b[]"), of("a[]")])], CompiledProgram(""), dtypes=["bool", "float32"]
    )
    both = total([one, two])
    assert both.programs[0].types == [of("a[]", traced=2), of("b[]")]
    assert both.dtypes == ["bool", "float32", "int32"]
    assert decode(Compilation, json.loads(json.dumps(encode(both)))) == both


def test_a_line_says_for_how_many_types_a_function_was_traced() -> None:
    failed = of("c[]", results=None)
    assert CompiledProgram("f", [0.1, 0.2], types=[of("a[]"), of("b[]"), of("d[]", traced=0)]).line.startswith(
        "f traced 2× for 2 types ("
    )
    assert CompiledProgram("f", [0.1, 0.2], [0.1], types=[of("a[]", traced=2), failed]).line.startswith("f traced 2× (")
