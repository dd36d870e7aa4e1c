"""The pipeline of a function: drawn from the record of the cells above it, with the same in words."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from tests.building import Site, page
from witness.nodes.pipeline import svg, told
from witness.records.compilation import CompiledProgram

DEFINED = "import jax\nimport jax.numpy as jnp\n\nf = jax.jit(lambda x: x + 1)\nf.__wrapped__.__name__"
CALLED = "def double(x):\n    return 2 * x\n\n\njitted = jax.jit(double)\njitted(jnp.ones(3))\njitted(jnp.ones(3))"
PLACED = "_ = jitted(jax.device_put(jnp.ones(3), jax.devices()[0]))"


def test_what_was_done_is_told_apart_from_what_a_cache_had() -> None:
    made = CompiledProgram("f", traced=[0.001, 0.002], lowered=[0.01], compiled=[0.25])
    assert told(made) == (
        "f: trace 2× (3.0 ms); lower 1× (10 ms); compile 1× (250 ms). Tracing cache: 2 new. Compilation cache: 1 new."
    )
    had = CompiledProgram("g<1>", lowered=[0.01], loaded=[0.04])
    assert "trace, not done" in told(had)
    assert "Tracing cache: had it. Compilation cache: 1 from the folder." in told(had)
    assert "Tracing cache: nothing new." in told(CompiledProgram("h"))
    drawing = svg(had, "a")
    assert drawing == svg(had, "a")
    assert drawing.count("stroke-dasharray='4 4'") + drawing.count('stroke-dasharray="4 4"') == 2
    assert "g<1>" not in drawing
    root = ElementTree.fromstring(drawing)
    assert "".join(root.find("desc").itertext()) == told(had)  # type: ignore[union-attr]
    assert not [it for it in root.iter() if "#" in it.get("fill", "") + it.get("stroke", "")]


def test_a_page_shows_what_its_cells_did(tmp_path: Path) -> None:
    text = page(DEFINED, CALLED, prose="```{pipeline} double\nWhat *two* calls did.\n```\n")
    text += f"\n```{{code-cell}} python\n{PLACED}\n```\n\n```{{pipeline}} double\n```\n"
    site = Site.at(tmp_path, {"page": text})
    site.right("-W", "--keep-going")
    html = site.html("page") or ""
    first, second = html.split('<div class="witness-figure">')[1:]
    assert "double: trace 1× (" in first
    assert "Tracing cache: 1 new" in first
    assert "What <em>two</em> calls did." in first
    assert "double: trace, not done" in second
    assert "Tracing cache: had it. Compilation cache: 1 new." in second
    assert "double: trace, not done" in (tmp_path / "html" / "page.ipynb").read_text("utf-8")


def test_a_function_of_which_nothing_is_known_stops_the_build(tmp_path: Path) -> None:
    site = Site.at(tmp_path, {"page": page(DEFINED, CALLED, prose="```{pipeline} triple\n```\n")})
    done = site.build("-W", "--keep-going")
    assert done.returncode
    assert "expected JAX to trace, lower or compile `triple` in the cell above; got double" in done.stderr
    assert "page.md:" in done.stderr
    assert site.html("page") is None
