"""A cell's Python, as the one parser of cells reads it, and what is asked of it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.building import ROOT
from witness.nodes.checked import split
from witness.python.cell import as_calls, is_ipython, magic, parse
from witness.python.clocks import reading
from witness.python.nondeterminism import nondeterminism
from witness.runner.environment import WATCHING

CELLS = {
    "x = 1\n!ls\ny = x": ("python", {2}, [1, 2, 3]),
    "files = !ls -l": ("python", {1}, [1]),
    "%%time\ny = f(x)": ("python", {1}, [1, 2]),
    "%%timeit -n 3 y = 2\nf(y)": ("python", {1}, [1, 1, 2]),
    "%%capture out\n%time y = f(x)": ("python", {1, 2}, [1, 2, 2]),
    "%%capture\n%%time\nf(x)": ("python", {1, 2}, [1, 2, 3]),
    "\n\n%%bash --out log\nls": ("bash", {3}, [3]),
    "%%html\n<b>x = 1</b>": ("html", {1}, [1]),
    "f?": ("python", {1}, [1]),
    "%%time?": ("python", {1}, [1]),
    "y = await f(x)\nasync with y as z:\n    pass": ("python", set(), [1, 2]),
    "%cd \\\n folder\nx = 3": ("python", {1, 2}, [1, 3]),
    "  a = 1\n  %matplotlib inline\n  b = a": ("python", {2}, [1, 2, 3]),
    "r = %timeit -o f(x) + \\\n  g(x)\nb = r": ("python", {1, 2}, [1, 1, 3]),
}
"""For each cell: whose code it is, the lines that are IPython's, and the line of each statement on top that runs."""


@pytest.mark.parametrize("source", CELLS)
def test_a_cell_keeps_its_lines(source: str) -> None:
    language, own, lines = CELLS[source]
    code = parse(source)
    assert (code.language, set(code.own)) == (language, own)
    assert code.text.count("\n") == source.count("\n")
    assert code.executed
    assert [node.lineno for node in code.executed.body] == lines


@pytest.mark.parametrize("source", ["x = = 1", "this is no Python", "<b>bold</b>", "x = (\n%time", "\0"])
def test_what_is_no_python_has_no_tree(source: str) -> None:
    code = parse(source)
    assert (code.tree, code.executed, code.imported) == (None, None, set())
    assert as_calls(source) == source


@pytest.mark.parametrize(
    "line", ["%time y = f(é, x)", "é = %timeit -n 3 -r 1 -o f(x)", "for x in xs:\n    %timeit f(x)"]
)
def test_names_in_a_statement_that_is_timed_have_their_places(line: str) -> None:
    tree = parse(line).executed
    assert tree
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and not is_ipython(node)]
    lines = [it.encode() for it in line.split("\n")]
    assert {"f", "x"} <= {name.id for name in names}
    for name in names:
        assert lines[name.lineno - 1][name.col_offset : name.end_col_offset].decode() == name.id


def test_what_a_page_writes_itself_is_its_own() -> None:
    tree = parse("get_ipython().run_line_magic('time', 'f(x)')").tree
    assert tree
    calls = [node for node in ast.walk(tree) if magic(node)]
    assert [magic(call) for call in calls] == ["time"]
    assert not any(map(is_ipython, calls))


@pytest.mark.parametrize("first", ["!ls", "%matplotlib inline", "f?", "%%capture", "%%time", "files = !ls"])
def test_what_stands_beside_ipython_s_lines_is_seen_by_all(first: str) -> None:
    source = f"{first}\nimport time\nimport numpy.linalg\nx = time.perf_counter()\nassert x"
    assert reading([source]) == [True]
    assert nondeterminism([source]).depends("x")
    assert not nondeterminism([source]).depends("y")
    assert parse(source).imported == {"time", "numpy"}
    assert split(source)[1] == ("" if first.startswith("%%") else "assert x")


def test_what_a_system_says_is_its_own() -> None:
    assert nondeterminism(["files = !ls\nfirst = files[0]"]).depends("first")
    assert nondeterminism(["%%bash --out log\nls"]).depends("log")
    assert not nondeterminism(["%time y = 2 + 2"]).depends("y")


PARSERS = {
    "lens/magic.py": "an expression that a reader types",
    "lint/passage.py": "the expression of a live value",
    "lint/rules/measurement.py": "an assert, alone",
    "python/cell.py": "cells",
    "python/nondeterminism.py": "the expression of a live value",
    "records/values.py": "the expression of a live value",
}
"""Who parses Python outside of kernels, and what."""


def test_there_is_one_parser_of_cells() -> None:
    witness = ROOT / "conf/witness"
    found = {path.relative_to(witness).as_posix() for path in witness.rglob("*.py") if "ast.parse(" in path.read_text()}
    assert {path for path in found if Path(path).parts[0] not in WATCHING} == set(PARSERS)
    ours = {path.as_posix() for path in witness.rglob("*.py") if "inputtransformer2" in path.read_text()}
    assert ours == {(witness / "python/cell.py").as_posix()}


def test_only_magic_commands_are_changed() -> None:
    assert as_calls("a = 1  # %timeit\n") == "a = 1  # %timeit\n"
    assert "run_line_magic('timeit', 'f()')" in as_calls("%timeit f()\n")
    assert "run_cell_magic('timeit'" in as_calls("%%timeit\nf()\n")
    assert as_calls("x = = 1") == "x = = 1"


BAD = "if True:\n        x = 1\n    y = 2"


@pytest.mark.parametrize(
    "line", ["", "!ls", "x?", "%%time", "%%capture", "%matplotlib inline", "x = %time y", "\r%time f()"]
)
def test_a_cell_that_is_badly_dedented_is_no_python_and_no_fault_of_ours(line: str) -> None:
    cell = f"{line}\n{BAD}"
    assert parse(cell).tree is None
    assert "y = 2" in as_calls(cell)
