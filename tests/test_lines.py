"""What JAX made of each line of a program, and the column that says so beside its source."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import html5lib
import pytest

from tests.building import ROOT
from tests.elements import text
from witness.lens import gutter
from witness.reading.page_settings import faults
from witness.records.codec import decode, encode
from witness.records.lines import LineWork, summed

PROGRAM = """
import json, os, sys
os.environ["JAX_PLATFORMS"] = "cpu"
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
shell = InteractiveShell.instance()
shell.run_line_magic("load_ext", "witness")
def run(cell, watched):
    if watched:
        shell._witness.look("lines")
    with capture_output() as found:
        shell.run_cell(cell)
    kind = "application/vnd.witness.cell+json"
    return [it.data[kind].get("lines") for it in found.outputs if kind in it.data]
print(json.dumps([run(cell, watched) for cell, watched in json.load(sys.stdin)]))
"""
DEFINED = """\
import jax, jax.numpy as jnp
def loss(w, x):
    h = jnp.tanh(x @ w)
    return jnp.sum(h * h)
w, x = jnp.ones((8, 4)), jnp.ones((2, 8))"""
CALLED = """\
step = jax.jit(loss)
step(w, x)
for _ in range(2):
    step(w, x[:1]); step(w, x)
jax.jit(loss).trace(w, x)"""


@pytest.fixture(scope="module")
def works() -> list[LineWork]:
    asked = json.dumps([(DEFINED, False), (CALLED, True), ("step(w, x[:0])", False)])
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], input=asked, capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    first, second, third = json.loads(done.stdout.splitlines()[-1])
    assert first == third == [None]
    return decode(list[LineWork], second[0])


def test_equations_stand_at_the_line_that_wrote_them(works: list[LineWork]) -> None:
    equations = {it.line: it.equations for it in works if it.equations}
    assert equations == {3: 4, 4: 4}  # a product and tanh, a product and a sum; in two traces


def test_traces_and_compiling_stand_at_the_line_that_set_them_off(works: list[LineWork]) -> None:
    by_line = {it.line: it for it in works if not it.equations}
    assert {line: it.traces for line, it in by_line.items()} == {2: 1, 4: 1}
    assert by_line[2].executables == 1
    assert by_line[4].executables >= 2  # the slice is a program, too
    assert all(it.trace_seconds > 0 and it.compile_seconds > 0 for it in by_line.values())


def test_the_column_has_every_line_and_its_numbers() -> None:
    source = "a = '<b>'\n\nstep(a)"
    own = {3: LineWork("<cell 1>", 3, 5, 1, 0.1, 1, 0.25)}
    tree = html5lib.parse(gutter.section(source, own), namespaceHTMLElements=False)
    rows = [[text(cell) for cell in row.iter("td")] for row in tree.iter("tr")][1:]
    assert rows == [["", "", "", "1", "a = '<b>'"], ["", "", "", "2", ""], ["5", "1", "250 ms", "3", "step(a)"]]
    assert gutter.summary(own) == "Line by line: 5 equations, 1 trace, 250 ms compiling"
    assert gutter.text(source, own).split("\n")[3].split() == ["5", "1", "250", "ms", "3", "step(a)"]


def test_lines_of_all_cells_are_summed_and_come_back() -> None:
    one, two = LineWork("a", 1, equations=2), LineWork("a", 1, traces=1, trace_seconds=0.5)
    assert summed([one, two]) == {("a", 1): LineWork("a", 1, 2, 1, 0.5)}
    assert decode(list[LineWork], json.loads(json.dumps(encode([one, two])))) == [one, two]
    with pytest.raises(ValueError, match=r"not |no "):
        decode(list[LineWork], [{"row": 1}])


@pytest.mark.parametrize(("settings", "wrong"), [({"lens": "lines"}, 0), ({"lens": "steps"}, 1), ({"lens": True}, 1)])
def test_a_page_may_ask_for_it(settings: dict[str, Any], wrong: int) -> None:
    assert len(list(faults(settings))) == wrong
