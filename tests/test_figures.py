"""Figures: described from their own data, and drawn in the page's colours."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from matplotlib import pyplot as plt
from matplotlib import rc_file

from tests.building import ROOT, Site, page
from witness.capture.figure_text import description
from witness.nodes.figure import inline

RC = ROOT / "conf" / "witness" / "capture" / "matplotlibrc"


@pytest.fixture(autouse=True)
def settings() -> Iterator[None]:
    with plt.rc_context():
        rc_file(RC)
        plt.switch_backend("svg")
        yield
        plt.close("all")


def drawn(draw: Callable[[Any], object], **options: Any) -> str:
    figure, axes = plt.subplots(**options)
    draw(axes)
    return description(figure)


def curve(axes: Any) -> None:
    axes.loglog([1, 10, 100], [0.01, 0.002, 0.5], label="first $x$")
    axes.plot([1, 100], [0.25, 0.125], "o")
    axes.axhline(0.3, label="bar")
    axes.set(title="Calls", xlabel="size", ylabel="time (s)", xlim=(1, 100), ylim=(0.001, 1))


@pytest.mark.parametrize(
    ("draw", "told"),
    [
        (
            curve,
            "Calls. time (s) (log scale), from 0.001 to 1 against size (log scale), from 1 to 100. "
            "first x: 3 points, from 0.01 at 1 to 0.5 at 100, lowest 0.002 at 10. "
            "A line: 2 points, from 0.25 at 1 to 0.125 at 100, never rising. bar: horizontal, at 0.3.",
        ),
        (
            lambda axes: axes.bar(["scan", "loop"], [1.5, 3], label="iterations"),
            "y, from 0 to 3.15 against x, from scan to loop. iterations: scan 1.5, loop 3.",
        ),
        (
            lambda axes: axes.scatter([1, 2], [3, 5], label="dots"),
            "y, from 2.9 to 5.1 against x, from 0.95 to 2.05. dots: 2 points, between 3 at 1 and 5 at 2.",
        ),
        (
            lambda axes: (axes.scatter(1, 3), axes.scatter([2], [5], label="end")),
            "y, from 2.9 to 5.1 against x, from 0.95 to 2.05. A dot: a point at 3 at 1. end: a point at 5 at 2.",
        ),
        (
            lambda axes: (axes.axis("off"), axes.text(0, 0, "jaxpr"), axes.text(0, 1, "StableHLO")),
            "Labels: jaxpr; StableHLO.",
        ),
        (
            lambda axes: axes.imshow([[1.0, 2.0, 9.0]]),
            "y, from 0.5 to -0.5 against x, from -0.5 to 2.5. An image of 1 by 3, values from 1 to 9.",
        ),
    ],
)
def test_a_figure_is_described_from_its_own_data(draw: Callable[[Any], object], told: str) -> None:
    assert drawn(draw) == told


def test_panels_are_told_apart_and_a_colour_bar_is_none() -> None:
    figure, panels = plt.subplots(1, 2)
    figure.suptitle("Both")
    panels[0].plot([0, 1], [0, 1])
    figure.colorbar(panels[1].imshow([[1.0, 2.0]]))
    told = description(figure)
    assert told.startswith("Both. Panel 1 of 2: ")
    assert "Panel 2 of 2: " in told
    assert "Panel 3" not in told


def svg(draw: Callable[[Any], object]) -> str:
    figure, axes = plt.subplots()
    draw(axes)
    text = StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()


def test_a_figure_takes_the_colours_of_its_page() -> None:
    html = inline(svg(curve), "figure-1", "Calls. More.") or ""
    assert html == inline(svg(curve), "figure-1", "Calls. More.")
    assert html.startswith('<div class="witness-figure"><svg')
    assert re.search(r'^<div [^>]*><svg width="(\d[\d.]*pt)"[^>]* style="--wide: \1"', html)
    assert '<title id="figure-1-title">Calls</title><desc id="figure-1-desc">More.</desc>' in html
    assert not re.search(r"(?:fill|stroke): #", html)
    assert "#ffffff" not in html
    assert "fill: none" in html  # the grounds
    assert "stroke: currentColor" in html
    assert "stroke: var(--witness-line-1, light-dark(#0a58b5, #86bcff))" in html
    assert "time (s)</text>" in html
    assert "<style" not in html
    assert "DejaVu" not in html


def test_no_two_figures_of_a_page_share_an_identifier_and_every_pointer_finds_its_own() -> None:
    one, other = (inline(svg(curve), name, "") or "" for name in ("a", "b"))
    ids = [set(re.findall(r' id="([^"]*)"', html)) for html in (one, other)]
    assert not ids[0] & ids[1]
    pointed = set(re.findall(r'(?:url\(|href=")#([^")]*)', one))
    assert pointed
    assert pointed <= ids[0]


def test_a_scale_of_colours_is_left_as_it_is() -> None:
    html = inline(svg(lambda axes: axes.pcolormesh([list(range(40))])), "a", "") or ""
    assert "light-dark" not in html
    assert re.search("fill: #[0-9a-f]{6}", html)


@pytest.mark.parametrize(
    "planted",
    [
        "<script>alert(1)</script>",
        '<rect onload="alert(1)"/>',
        '<image href="https://example.org/x.png"/>',
        '<a href="javascript:alert(1)">x</a>',
        "<foreignObject/>",
        "<style>*{color:red}</style>",
        '<rect style="fill: url(https://example.org/x)"/>',
    ],
)
def test_nothing_in_a_figure_runs_or_loads(planted: str) -> None:
    text = svg(curve).replace("</svg>", f"{planted}</svg>")
    html = inline(text, "a", "") or ""
    assert not re.search("script|alert|example.org|foreignObject|<style", html)


@pytest.mark.parametrize("text", ["<svg/>", "no picture", '<!DOCTYPE s [<!ENTITY a "b">]><svg>Matplotlib v3</svg>'])
def test_another_picture_stays_one(text: str) -> None:
    assert inline(text, "a", "") is None


def test_a_page_has_its_figures_with_their_descriptions_and_captions(tmp_path: Path) -> None:
    cell = "import matplotlib.pyplot as plt\n\nplt.plot([1, 2], [3, 4], label='up')\nplt.show()"
    other = 'from IPython.display import SVG\n\nSVG(\'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>\')'
    text = page(cell, other, options="").replace(
        "python\nimport", "python\n:mystnb: {figure: {caption: Two *points*.}}\nimport"
    )
    site = Site.at(tmp_path, {"page": text})
    site.right("-W", "--keep-going")
    html = site.html("page") or ""
    assert '<desc id="figure-1-1-desc">up: 2 points, from 3 at 1 to 4 at 2, never falling.</desc>' in html
    assert "Two <em>points</em>." in html
    assert html.count("<svg") == 1
    assert re.search(r'<img alt="Picture that `SVG\(', html)
    notebook = (tmp_path / "html" / "page.ipynb").read_text("utf-8")
    assert "up: 2 points" in notebook
