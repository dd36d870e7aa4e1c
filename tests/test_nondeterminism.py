"""What a clock or a device decides is measured; what the code alone decides is exact."""

from __future__ import annotations

import pytest

from witness.python.nondeterminism import by_cell, nondeterminism


@pytest.mark.parametrize(
    "code",
    [
        "x = time.perf_counter()",
        "t = %timeit -o f()\nx = t.average",
        "start = time.monotonic()\nx = 1 if start > 3 else 2",
        "x = []\nx.append(time.time())",
        "def clock():\n    return time.time()\nx = clock()",
        "x = {}\nfor n in range(3):\n    x[n] = timeit.timeit(f)",
        "x = 0\nwhile time.time() < 9:\n    x += 1",
        "if jax.devices()[0].platform == 'cpu':\n    x = 1",
        "y = x = jax.device_count()",
        "def on(event, duration):\n    if duration > 1:\n        x.append(event)\nx = []",
        "x = id(f)",
        "(x := time.time())",
        "y = len(z)\nx = y\nz = [s for s in samples]\nsamples = timings",
        "class Clock:\n    def read(self):\n        return time.time()\nx = Clock().read()",
        "%%timeit\nf(x)\n",
    ],
)
def test_what_a_clock_or_a_device_decides_is_measured(code: str) -> None:
    found = nondeterminism([code])
    assert found.depends("len(x)") or code.startswith("%%")


@pytest.mark.parametrize(
    "code",
    [
        "x = []\ndef f(y):\n    x.append(y)",
        "x = jax.make_jaxpr(f)(1.0)",
        "start = time.time()\nx = 3",
        "programs = []\ndef note(event, duration, **more):\n    programs.append(more['name'])\nx = programs",
        "x = sum(range(4))\ny = time.time()",
        "x = jax.random.normal(key)",
    ],
)
def test_what_the_code_alone_decides_is_exact(code: str) -> None:
    assert not nondeterminism([code]).depends("len(x)")


def test_an_expression_that_cannot_be_read_may_be_measured() -> None:
    assert nondeterminism([]).depends("x y")


@pytest.mark.parametrize(
    ("cells", "wanted"),
    [
        (["a = time.time()", "b = a", "a = 1", "print(a)", "print(b)"], "11001"),
        (["def f():\n    return len(calls)", "f()", "calls = [time.time()]", "f()", "calls = []", "calls"], "001100"),
        (["def f(n):\n    seconds = time.time()\n    n = seconds", "n = 3", "f(n)"], "101"),
        (["import jax", "took = time.time()\njax.effects_barrier(took)", "jax.jit(abs)(1)"], "010"),
        (["took = []\ndef f():\n    took.append(time.time())", "f()", "print(took)"], "111"),
        (["x = jax.devices()[0].platform", "print(x)"], "00"),
        (["a, b = time.time(), 1", "a, b = 1, 2", "print(a, b)"], "100"),
        (["a = {}", "a['x'] = time.time()", "a['y'] = 1", "print(a)"], "0111"),
        (["%%bash\ndate", "1"], "10"),
    ],
)  # fmt: skip
def test_which_cells_differ_from_run_to_run(cells: list[str], wanted: str) -> None:
    assert "".join(str(int(differs)) for differs, _ in by_cell(cells, ())) == wanted


def test_a_name_that_is_known_to_read_a_clock_differs_wherever_it_stands() -> None:
    assert [differs for differs, _ in by_cell(["x = 1", "helper(x)", "helper = 2", "helper"], ["helper"])][1]
