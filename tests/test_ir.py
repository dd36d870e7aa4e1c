"""Displayed and printed IR: what the record keeps of it, and how a page shows it."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest

from tests.building import CONF, Site, page
from tests.elements import having, text
from witness.lexers import LEXERS
from witness.nodes.ir import view
from witness.records.codec import decode
from witness.records.ir import Ir, Place
from witness.records.kinds import IR

HERE = Path(__file__).parent / "lexers"
CELLS = {
    "define": (
        "import jax\nimport jax.numpy as jnp\n\n\ndef layer(w, b, x):\n    h = jnp.tanh(x @ w + b)\n"
        "    s = jnp.sqrt((h ** 2).mean() + 1e-6)\n    é = h / s; return jnp.cos(é)\n\n"
        "given = jnp.ones((4, 8)), jnp.zeros(8), jnp.ones((2, 4))"
    ),
    "jaxpr": "jax.make_jaxpr(layer)(*given)",
    "text": "print(jax.make_jaxpr(layer)(*given))",
    "traced": ":lens: jaxpr\ntraced = jax.jit(layer).trace(*given)\ntraced",
    "inner": "traced.jaxpr",
    "lowered": ":lens: stablehlo\nlowered = traced.lower()\nlowered",
    "compiled": ":lens: hlo\ncompiled = lowered.compile()\ncompiled",
    "module": "print(compiled.as_text())",
    "mixed": (
        'print("loss 0.3")\nprint("forward:", jax.make_jaxpr(jnp.sin)(1.0))\n'
        'print(lowered.as_text(debug_info=True))\nprint("done")'
    ),
    "equation": "jax.make_jaxpr(layer)(*given).eqns[0]",
    "loop": "jax.jit(lambda x: jax.lax.while_loop(lambda y: y < 3, lambda y: y + 1, x)).lower(1)",
    "long": (
        "@jax.jit\ndef long(x):\n    for i in range(1700):\n        x = jnp.sin(x) + jnp.cos(x) * i\n    return x\n\n"
        "jax.make_jaxpr(long)(1.0)"
    ),
    "rude": (
        "class Lowered:\n    def as_text(self, **_):\n        raise ValueError\n\n    def __repr__(self):\n"
        "        return 'wom' + 'bat'\n\nLowered.__module__ = 'jax._src.stages'\nLowered()"
    ),
    "value": "short = jax.make_jaxpr(jnp.sin)(1.0)",
}
NUMBERS = {name: number for number, name in enumerate(CELLS, 1)}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site.at(tmp_path_factory.mktemp("ir"), {"page": page(*CELLS.values())})
    site.right("-W", "--keep-going")
    return site


@pytest.fixture(scope="module")
def outputs(site: Site) -> dict[str, list[dict[str, object]]]:
    cells = site.record("page").cells
    return {name: cells[number - 1].outputs for name, number in NUMBERS.items()}


def kept(outputs: dict[str, list[dict[str, object]]], name: str) -> Ir:
    (output,) = outputs[name]
    data = output["data"]
    assert isinstance(data, dict)
    assert data["text/plain"]
    found = IR.of(data)
    assert found
    return found


def sources(ir: Ir) -> dict[str, Place]:
    """Return where each operation comes from, by the first of its kind."""
    lines = ir.text.split("\n")
    found: dict[str, Place] = {}
    for it in ir.operations:
        pattern = {"jaxpr": r"= (\w+)", "stablehlo": r"= stablehlo\.(\w+)", "hlo": r"= \S+ (\w+)\("}[ir.language]
        line, start, end = it.spans[0]
        operation = re.search(pattern, lines[line - 1][start:end])
        if operation and it.places:
            found.setdefault(operation[1], ir.places[it.places[0]])
    return found


def output(tree: Element, name: str) -> Element:
    (cell,) = (node for node in tree.iter() if node.get("id") == f"witness-cell-{NUMBERS[name]}")
    (found,) = having(cell, "cell_output")
    return found


# ---------------------------------------------------------------------------------------------------------------------
# In the record


def test_a_jaxpr_is_kept_letter_by_letter(outputs: dict[str, list[dict[str, object]]]) -> None:
    (printed,) = outputs["text"]
    for name in ("jaxpr", "traced", "inner"):
        ir = kept(outputs, name)
        assert ir.language == "jaxpr"
        assert f"{ir.text}\n" == printed["text"]


@pytest.mark.parametrize(
    ("name", "operation", "line", "code"),
    [
        ("jaxpr", "tanh", 6, "jnp.tanh(x @ w + b)"),
        ("jaxpr", "cos", 8, "jnp.cos(é)"),
        ("traced", "sqrt", 7, "jnp.sqrt((h ** 2).mean() + 1e-6)"),
        ("lowered", "tanh", 6, "jnp.tanh(x @ w + b)"),
        ("lowered", "cosine", 8, "jnp.cos(é)"),
        ("lowered", "dot_general", 6, "x @ w"),
        ("compiled", "dot", 6, "x @ w"),
        ("compiled", "cosine", 8, "jnp.cos(é)"),
        ("equation", "dot_general", 6, "x @ w"),
    ],
)
def test_an_operation_knows_its_cell_its_line_and_its_columns(
    outputs: dict[str, list[dict[str, object]]], name: str, operation: str, line: int, code: str
) -> None:
    place = sources(kept(outputs, name))[operation]
    assert (place.file, place.line, place.end_line, place.function) == ("<cell 1>", line, line, "layer")
    assert CELLS["define"].split("\n")[line - 1][place.column : place.end_column] == code


def test_a_loop_is_where_its_own_line_is(outputs: dict[str, list[dict[str, object]]]) -> None:
    ir = kept(outputs, "loop")
    (line,) = (number for number, line in enumerate(ir.text.split("\n"), 1) if "stablehlo.while" in line)
    (loop,) = (it for it in ir.operations if it.spans[0][0] == line)
    assert CELLS["loop"][ir.places[loop.places[0]].column :].startswith("jax.lax.while_loop(")


def test_what_cannot_be_shown_is_shown_as_stock_shows_it(
    outputs: dict[str, list[dict[str, object]]], tree: Element
) -> None:
    (rude,) = outputs["rude"]
    assert rude["data"] == {"text/plain": "wombat"}
    assert text(output(tree, "rude")).strip() == "wombat"


@pytest.mark.parametrize(
    "data", [{}, {"language": "jaxpr"}, {"language": "latin", "text": "", "places": [], "operations": []}]
)
def test_other_data_is_no_ir(data: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"not |no "):
        decode(Ir, data)


def test_a_site_with_another_renderer_shows_the_plain_text(tmp_path: Path) -> None:
    conf = CONF.replace("witness_strict = True", 'nb_render_text_lexer = "text"') + OTHER
    site = Site.at(tmp_path, {"page": page("import jax\n\njax.make_jaxpr(jax.numpy.sin)(1.0)")}, conf)
    site.right("-W", "--keep-going")
    assert "lambda" in (site.html("page") or "")
    assert "witness-ir" not in (site.html("page") or "")


OTHER = """

def setup(app):
    choose = lambda app, config: setattr(config, "nb_render_plugin", "default")
    app.connect("config-inited", choose, priority=900)
"""

# ---------------------------------------------------------------------------------------------------------------------
# On the page


def shown(tree: Element, name: str) -> list[tuple[str, str]]:
    """Return language and text of each listing among a cell's outputs."""
    found = []
    for node in having(output(tree, name), "witness-ir"):
        (language,) = (word for word in node.get("class", "").split() if word.startswith("highlight-"))
        found.append((language.removeprefix("highlight-"), text(next(node.iter("pre"))).rstrip("\n")))
    return found


def test_displayed_and_printed_ir_are_shown_alike(tree: Element, outputs: dict[str, list[dict[str, object]]]) -> None:
    jaxpr = kept(outputs, "jaxpr").text
    for name in ("jaxpr", "text", "traced", "inner"):
        assert shown(tree, name) == [("jaxpr", jaxpr)]
    assert shown(tree, "compiled") == shown(tree, "module")
    assert shown(tree, "lowered") == [("stablehlo", kept(outputs, "lowered").text.strip())]
    assert shown(tree, "lowered")[0] in shown(tree, "mixed")


def test_of_hlo_the_instructions_are_in_view_and_the_rest_is_folded(tree: Element) -> None:
    ((language, listing),) = shown(tree, "compiled")
    assert language == "hlo"
    assert not re.search(r"metadata|HloModule|FileNames|StackFrames|stack_frame_id", listing)
    for line in filter(None, listing.split("\n")):
        assert re.match(r"(?:ENTRY )?%\S+ \(.*\{$|\}$|  (?:ROOT )?%\S+ = ", line), line
    (fold,) = having(output(tree, "compiled"), "witness-fold")
    assert fold.get("open") is None
    assert re.fullmatch(r"Header, tables and metadata, \d+ lines", text(next(fold.iter("summary"))))
    assert {"HloModule jit_layer", "FileNames", "<cell 1>", "stack_frame_id="} <= {
        word for word in ("HloModule jit_layer", "FileNames", "<cell 1>", "stack_frame_id=") if word in text(fold)
    }


def test_ir_among_other_text_stands_apart(tree: Element) -> None:
    assert [language for language, _ in shown(tree, "mixed")] == ["jaxpr", "stablehlo"]
    parts = [text(node).strip() for node in output(tree, "mixed")]
    assert parts[0] == "loss 0.3"
    assert parts[1].startswith("forward: { lambda ")
    assert parts[-1] == "done"


def test_long_ir_is_folded_and_says_its_size(tree: Element, outputs: dict[str, list[dict[str, object]]]) -> None:
    ((language, listing),) = shown(tree, "long")
    size = len(listing.split("\n"))
    assert size > 5000
    assert listing == kept(outputs, "long").text
    (fold,) = output(tree, "long").iter("details")
    assert text(next(fold.iter("summary"))) == f"Jaxpr, {size} lines"
    assert language == "text"  # colours would make the page several times as heavy
    (region,) = having(fold, "witness-scroll")
    assert region.get("tabindex") == "0"


def test_regions_have_names_of_their_own(tree: Element) -> None:
    names = [node.get("aria-label") for node in having(tree, "witness-scroll")]
    assert len(names) == len(set(names))


def test_no_line_of_ir_is_lost_or_out_of_place() -> None:
    for path in (path for name in LEXERS for path in HERE.glob(f"{name}/*/*.txt")):
        language = path.relative_to(HERE).parts[0]
        whole, seen = path.read_text(), view(path.read_text(), language)
        assert language != "jaxpr" or seen.shown == whole
        assert not re.search(r"metadata=\{|\bloc\(|^#loc", seen.shown, re.MULTILINE)
        for word in set(re.findall(r"\w+", whole)):
            assert word in seen.shown or word in seen.rest, word


def test_stablehlo_with_locations_looks_as_without(tree: Element, outputs: dict[str, list[dict[str, object]]]) -> None:
    (fold,) = having(output(tree, "mixed"), "witness-fold")
    assert re.fullmatch(r"Locations, \d+ lines", text(next(fold.iter("summary"))))
    assert 'loc("<cell 1>":6:17 to :22)' in text(fold)
    assert shown(tree, "mixed")[1] == ("stablehlo", kept(outputs, "lowered").text.strip())
