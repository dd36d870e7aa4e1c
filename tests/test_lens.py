"""The lens: what each operation of a function comes from, what its kernels cost, and the HTML that shows it."""

from __future__ import annotations

import ast
import gzip
import json
import re
import subprocess
import sys
from pathlib import Path

import html5lib
import pytest

from tests.building import ROOT
from tests.elements import text
from witness.lens.document import SCRIPT, STATIC, STYLE, document, section
from witness.lens.magic import short
from witness.lens.panes import visible
from witness.lens.span_links import Links, segments
from witness.records.codec import decode, encode
from witness.records.ir import Ir, Operation, Place
from witness.records.lens import Lens, Source
from witness.records.scrub import Machine, Scrubber

FILE = ROOT / "tests/lenses.py"
LINES = FILE.read_text("utf-8").split("\n")


def program(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)


@pytest.fixture(scope="module")
def lenses() -> dict[str, Lens]:
    done = program("-m", "tests.lenses")
    assert done.returncode == 0, done.stderr
    return {name: decode(Lens, data) for name, data in json.loads(done.stdout).items()}


def code(place: Place) -> str:
    """Return the text of a place of this test's functions that is in one line."""
    return LINES[place.line - 1][place.column : place.end_column]


def found(stage: Ir, pattern: str) -> list[tuple[Operation, list[str]]]:
    """Return the operations whose first line matches, each with the code that it comes from."""
    lines = stage.text.split("\n")
    every = ((it, lines[it.spans[0][0] - 1][it.spans[0][1] : it.spans[0][2]]) for it in stage.operations)
    return [(it, [code(stage.places[n]) for n in it.places]) for it, line in every if re.search(pattern, line)]


# ---------------------------------------------------------------------------------------------------------------------
# Places


def test_every_operation_of_every_function_has_a_place(lenses: dict[str, Lens]) -> None:
    assert len(lenses) > 30
    for name, lens in lenses.items():
        assert lens.missing == [], name
        for stage in lens.stages:
            mapped, counted = stage.share
            assert counted, (name, stage.language)
            assert mapped == counted, (name, stage.language)


def test_every_equation_is_counted(lenses: dict[str, Lens]) -> None:
    jaxpr = lenses["rnn"].stages[0]
    assert len(jaxpr.operations) == len(re.findall(r"^ +\S.* = [a-z_]+", jaxpr.text, re.MULTILINE))


def test_a_place_is_an_expression(lenses: dict[str, Lens]) -> None:
    count = 0
    for lens in lenses.values():
        for place in {place for stage in lens.stages for place in stage.places}:
            if Path(place.file) == FILE and place.line == place.end_line and place.column < place.end_column:
                ast.parse(code(place))
                count += 1
    assert count > 60


@pytest.mark.parametrize(
    ("name", "stage", "pattern", "source"),
    [
        ("gradient", 0, r"= tanh ", "jnp.tanh(x @ w1 + b1)"),
        ("gradient", 1, r"stablehlo\.tanh", "jnp.tanh(x @ w1 + b1)"),
        ("gradient", 2, r" tanh\(", "jnp.tanh(x @ w1 + b1)"),
        ("rnn", 0, r"= tanh ", "jnp.tanh(w @ h + x)"),
        ("rnn", 1, r"stablehlo\.tanh", "jnp.tanh(w @ h + x)"),
        ("rnn", 2, r" tanh\(", "jnp.tanh(w @ h + x)"),
        ("non_ascii", 0, r"= cos ", "jnp.cos(größe)"),
        ("non_ascii", 2, r" cosine\(", "jnp.cos(größe)"),
        ("non_ascii", 2, r"parameter\(0\), metadata|ENTRY|^%gr.* parameter", "größe: jax.Array"),
        ("solve", 1, r"lapack_sgetrf", "jnp.linalg.solve(a @ a.T, b)"),
        ("until", 1, r"stablehlo\.while", "jax.lax.while_loop(lambda x: x.sum() < 3.0, lambda x: x * 2.0, x)"),
        ("branches", 0, r"= sin ", "jnp.sin(x)"),
    ],
)
def test_an_operation_comes_from_its_line_and_columns(
    lenses: dict[str, Lens], name: str, stage: int, pattern: str, source: str
) -> None:
    places = [codes for _, codes in found(lenses[name].stages[stage], pattern)]
    assert places
    assert [source] in places


def test_what_is_within_a_call_has_the_call_s_place(lenses: dict[str, Lens]) -> None:
    ((lu, codes),) = found(lenses["solve"].stages[0], r"= lu ")
    assert lu.inherited
    assert codes == ["jnp.linalg.solve(a @ a.T, b)"]


def test_a_function_called_twice_has_both_calls(lenses: dict[str, Lens]) -> None:
    """Its own lines are known; what JAX adds to it comes from either call."""
    lens = lenses["shares"]
    own = {code(place) for stage in lens.stages for place in stage.places}
    assert {"jnp.exp(x)", "shared(x)", "shared(first)"} <= own


def test_a_number_comes_from_where_it_is_used(lenses: dict[str, Lens]) -> None:
    constants = found(lenses["in_one_line"].stages[1], r"stablehlo\.constant")
    assert len(constants) == 20
    assert {codes[0] for _, codes in constants} == {"jnp.sin(x) * 2.0"}


def test_a_fusion_has_the_places_of_all_that_it_fused(lenses: dict[str, Lens]) -> None:
    lens = lenses["attention"]
    links = Links(lens)
    assert lens.kernels
    fused = [number for number, kernel in enumerate(lens.kernels) if kernel.operations > 1]
    assert fused
    for number in fused:
        members = [it for it in lens.stages[2].operations if it.kernel == number]
        places = {lens.stages[2].places[place] for it in members for place in it.places}
        assert set(links.of_kernel(number)) == places


def test_a_function_without_source_says_so_and_keeps_its_lines(lenses: dict[str, Lens]) -> None:
    lens = lenses["made"]
    assert [(source.file, source.text) for source in lens.sources] == [("<string>", "")]
    assert {place.line for place in lens.stages[0].places} == {2}
    assert "source cannot be read" in section(lens)


def test_decorators_and_several_files_are_shown(lenses: dict[str, Lens]) -> None:
    assert any("@jax.custom_jvp" in source.text or "defjvp" in source.text for source in lenses["decorated"].sources)
    assert [Path(source.file).name for source in lenses["of_jax"].sources] == ["ufuncs.py"]


# ---------------------------------------------------------------------------------------------------------------------
# Costs


def test_the_kernels_flops_are_those_of_xla_s_own_analysis(lenses: dict[str, Lens]) -> None:
    compared = 0
    for name, lens in lenses.items():
        flops = [kernel.flops for kernel in lens.kernels]
        if lens.compiled and lens.compiled.flops is not None and None not in flops and not lens.loops:
            assert sum(filter(None, flops)) == lens.compiled.flops, name
            compared += 1
    assert compared > 8


def test_op_by_op_moves_more_than_compiled(lenses: dict[str, Lens]) -> None:
    lens = lenses["in_one_line"]
    assert lens.apart
    assert lens.compiled
    assert lens.apart.bytes == lens.equations * 2 * 8 * 4 + 20 * 4  # each product has a number for an operand
    assert lens.compiled.bytes == 2 * 8 * 4


def test_a_loop_is_said_to_be_counted_once(lenses: dict[str, Lens]) -> None:
    assert lenses["rnn"].loops == ["a loop of 5 rounds"]
    assert {kernel.times for kernel in lenses["rnn"].kernels} == {1, 5}
    assert "body of a loop once" in section(lenses["rnn"])
    assert {kernel.times for kernel in lenses["until"].kernels} >= {None}
    assert "body of a loop once" not in section(lenses["attention"])


# ---------------------------------------------------------------------------------------------------------------------
# HTML


def test_the_panes_say_every_line_and_the_shares(lenses: dict[str, Lens]) -> None:
    for lens in lenses.values():
        tree = html5lib.parse(section(lens), namespaceHTMLElements=False)
        panes = [node for node in tree.iter("div") if node.get("class") == "lens-text"]
        assert len(panes) == 1 + len(lens.stages)
        for pane, stage in zip(panes[1:], lens.stages, strict=True):
            lines = [text(node).rstrip("\n") for node in pane.iter("span") if node.get("data-n") is not None]
            assert lines == [line for _, line in visible(stage)]
            assert {int(node.get("data-o", "")) for node in pane.iter("b")} == set(range(len(stage.operations)))
            assert str(stage.share[1]) in (pane.get("aria-label") or "")


def test_a_gradient_s_lens_is_light(lenses: dict[str, Lens]) -> None:
    static = [(STATIC / name).read_bytes() for name in (SCRIPT, STYLE)]
    assert len(gzip.compress(section(lenses["gradient"], short).encode())) <= 6_000
    assert sum(len(gzip.compress(file)) for file in static) <= 10_000
    assert len(document(lenses["gradient"], "", short).encode()) <= 60_000


def test_a_file_asks_nobody_for_anything(lenses: dict[str, Lens]) -> None:
    whole = document(lenses["attention"], "model:attention", short)
    assert not re.search(r"(?:src|href)=|https?:|@import|url\(", whole)


def test_parts_of_a_line_nest_the_innermost_first() -> None:
    source = Source("a.py", 1, "y = f(g(x))")
    inner, outer = Place("a.py", 1, 6, 1, 10, "h"), Place("a.py", 1, 4, 1, 11, "h")
    links = Links(Lens("h", [Ir("jaxpr", "", [outer, inner], [])]))
    numbers = [links.place(place) for place in (outer, inner)]
    assert segments(source, links.places) == {1: [(4, 6, [0]), (6, 10, [1, 0]), (10, 11, [0])]}
    assert numbers == [0, 1]


def test_markup_in_a_program_stays_text() -> None:
    lens = Lens("<b>", [Ir("jaxpr", "<script>", [], [])], [Source("<string>", 1, "x = '<script>'")])
    assert section(lens).count("<script") == 1


# ---------------------------------------------------------------------------------------------------------------------
# Records


def test_a_lens_comes_back_from_its_record(lenses: dict[str, Lens]) -> None:
    for lens in lenses.values():
        assert decode(Lens, json.loads(json.dumps(encode(lens)))) == lens


@pytest.mark.parametrize("data", [{}, {"name": "f"}, {"name": "f", "stages": [{"language": "latin"}]}, {"stages": 3}])
def test_other_data_is_no_lens(data: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="no"):
        decode(Lens, data)


def test_a_record_s_lens_names_no_file_of_this_machine(lenses: dict[str, Lens]) -> None:
    scrubbed = Scrubber(Machine([(f"{ROOT}/", "")])).data(encode(lenses["gradient"]))
    assert decode(Lens, scrubbed).sources[0].file == "tests/lenses.py"
