"""A trace step by step: what is seen of it equals the trace, and its HTML and its list say so."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
from typing import Any

import html5lib
import pytest

from tests.building import ROOT
from tests.elements import text
from witness.lens import document, stepper
from witness.records.codec import decode, encode
from witness.records.steps import Step, Steps

FILE = ROOT / "tests/stepped.py"
LINES = FILE.read_text("utf-8").split("\n")


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.stepped"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def traces(told: dict[str, Any]) -> dict[str, Steps]:
    assert {name: len(it["steps"]) for name, it in told.items()} == dict.fromkeys(told, 1)
    return {name: decode(Steps, it["steps"][0]) for name, it in told.items()}


def code(steps: Steps, it: Step) -> str:
    """Return the text of a step's place that is in one line."""
    assert it.place is not None
    place = steps.places[it.place]
    return LINES[place.line - 1][place.column : place.end_column if place.end_line == place.line else None]


def outline(steps: Steps) -> list[str]:
    """Return each step in short."""
    return [f"{it.depth} {it.kind} {it.text} | {code(steps, it)}" for it in steps.steps]


def test_the_equations_of_the_steps_are_those_of_the_trace(told: dict[str, Any], traces: dict[str, Steps]) -> None:
    for name, steps in traces.items():
        if name == "raising":
            continue
        assert steps.jaxpr is not None
        assert steps.jaxpr.text == told[name]["jaxpr"]
        written = sorted(it.operation for it in steps.steps if it.operation is not None)
        assert written == list(range(len(steps.jaxpr.operations))), name
        assert steps.missing == []
        lines = steps.jaxpr.text.split("\n")
        for it in steps.steps:
            if it.operation is not None:
                line, start, end = steps.jaxpr.operations[it.operation].spans[0]
                assert it.text == lines[line - 1][start:end].strip()


def test_each_line_comes_when_it_runs_with_what_it_wrote(traces: dict[str, Steps]) -> None:
    twice = [
        "0 line  | for n in range(2):",
        "0 line  | x = called(x) + n",
        "1 equation {} = sin {} | jnp.sin(x)",
        "1 equation {} = mul {} 2.0:f32[] | y * 2.0",
        "0 equation {} = add {} | called(x) + n",
    ]
    expected = [
        "0 change kept holds 1 now, it held 0 | kept.append(x)",
        "0 change count is 1 now, it was 0 | count += 1",
        "0 line  | if flag:  # noqa: SIM108 (statements, as readers write them)",
        "0 equation {} = sub {} | x - 1.0",
        *twice,
        *twice,
        "0 line  | for n in range(2):",
        '0 text halfway: () | print("halfway:",',
        "0 equation {} = div {} | x / 2",
    ]
    found = outline(traces["every"])[: len(expected)]
    for line, wanted in zip(found, expected, strict=True):
        assert re.fullmatch(re.escape(wanted).replace(r"\{\}", ".+"), line), (line, wanted)


def test_a_branch_not_taken_is_never_reached(traces: dict[str, Steps]) -> None:
    def never(name: str) -> list[str]:
        steps = traces[name]
        return [code(steps, Step("line", number)) for number in steps.never]

    assert never("every") == ["x = x + 100.0", "x * 3"]
    assert never("raising") == ["return y", "return -y"]
    assert never("chosen") == []  # JAX traces both sides


def test_an_error_is_the_last_step(traces: dict[str, Steps]) -> None:
    *before, last = traces["raising"].steps
    assert last.kind == "error"
    assert last.text.startswith("TracerBoolConversionError: ")
    assert code(traces["raising"], last) == "y > 0"
    assert [it.text for it in before if it.kind == "equation"] == ["mul", "gt"]
    assert traces["raising"].jaxpr is None


def test_a_loop_s_body_comes_before_the_loop(traces: dict[str, Steps]) -> None:
    kinds = [
        it.text.split(" = ")[-1].split("[")[0].split(" ")[0]
        for it in traces["looped"].steps
        if it.operation is not None
    ]
    assert kinds == ["tanh", "scan"]


def test_the_way_back_through_a_function_is_said_to_be_its_derivative(traces: dict[str, Steps]) -> None:
    said = list(stepper.lines(traces["gradient"]))
    assert any(re.match(r"The derivative of line \d+ wrote .* = mul", line) for line in said), said


def test_what_a_library_makes_is_no_step(traces: dict[str, Steps]) -> None:
    for name in ("every", "paired", "own"):
        assert {place.file for place in traces[name].places} == {str(FILE)}


def test_a_function_without_source_has_its_lines(traces: dict[str, Steps]) -> None:
    steps = traces["made"]
    assert [steps.places[it.place].line for it in steps.steps if it.place is not None] == [2, 2]
    assert "source cannot be read" in stepper.section(steps)


def test_columns_are_characters(traces: dict[str, Steps]) -> None:
    steps = traces["non_ascii"]
    assert [code(steps, it) for it in steps.steps if it.kind == "equation"] == [
        "jnp.cos(größe)",
        "jnp.cos(größe) * len(π)",
    ]


def test_thousands_of_steps_are_kept_up_to_a_limit(traces: dict[str, Steps]) -> None:
    assert traces["many"].more == 0
    assert len(traces["many"].steps) >= 2000


def test_html_holds_every_step_and_every_line(traces: dict[str, Steps]) -> None:
    for name, steps in traces.items():
        tree = html5lib.parse(stepper.section(steps), namespaceHTMLElements=False)
        items = [text(node) for node in tree.iter("li")]
        assert items == list(stepper.lines(steps)), name
        if steps.jaxpr:
            assert steps.jaxpr.text.split("\n")[0] in text(tree)
        assert sum(node.get("class") == "steps-never" for node in tree.iter("b")) >= len(steps.never)


def test_all_scripts_and_the_style_are_light() -> None:
    static = [it.read_bytes() for it in document.STATIC.iterdir()]
    assert sum(len(gzip.compress(file)) for file in static) <= 8_500


def test_steps_come_back_from_their_record(traces: dict[str, Steps]) -> None:
    for steps in traces.values():
        assert decode(Steps, json.loads(json.dumps(encode(steps)))) == steps


@pytest.mark.parametrize("data", [{}, {"name": "f", "steps": [{}]}, {"name": "f", "steps": 3, "places": []}])
def test_other_data_is_no_trace(data: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"not |no "):
        decode(Steps, data)


def test_a_step_without_its_place_is_no_trace(traces: dict[str, Steps]) -> None:
    data = encode(traces["every"])
    data["places"] = data["places"][:1]
    with pytest.raises(ValueError, match="without its place"):
        decode(Steps, data)
