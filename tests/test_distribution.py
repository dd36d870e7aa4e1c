"""A timing on a page: one line, its marks, a picture that says what it shows, and details on demand."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.building import Site, page, text_of
from witness.nodes.distribution import svg
from witness.nodes.timing import _details
from witness.records.kinds import TIMING
from witness.records.timing import Timing

FEW = "import time\n%timeit -n 1 -r 4 time.sleep(0.001)"
DISPATCH = "import jax.numpy as jnp\nx = jnp.ones(9)\n%timeit jnp.sin(x)"
QUIET = "a = %timeit -q -o -n 1 -r 2 time.sleep(0.001)\nb = %timeit -q -o -n 1 -r 2 jnp.cos(x)"
PUBLISH = "display({%r: %s, 'text/plain': 'as text'}, raw=True)"
SVG = "{http://www.w3.org/2000/svg}"


def timing(samples: list[float], **more: Any) -> Timing:
    given = {"statement": "f()", "loops": 1, "pilot": [], "kind": "execution", "stopped": "narrow", **more}
    return Timing(samples=samples, **given)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    pages = {"measures": page(FEW, DISPATCH, QUIET), "plain": page("1 + 1")}
    site = Site.at(tmp_path_factory.mktemp("timings"), pages)
    site.right("-W")
    return site


def shown(site: Site) -> list[str]:
    return (site.html("measures") or "").split('witness-timing docutils container">')[1:] or (
        re.split(r'<div class="witness-timing[^"]*">', site.html("measures") or "")[1:]
    )


def test_a_timing_is_one_line_a_picture_and_folded_details(site: Site) -> None:
    few = shown(site)[0]
    line = re.findall(r'<p class="witness-timing-line">(.*?)</p>', few, re.DOTALL)[0]
    assert re.match(
        r"[\d.]+ ms a call \(median of this process; range within it [\d.]+ to [\d.]+ ms; .*4 samples", text_of(line)
    )
    picture = ElementTree.fromstring(re.findall(r"<svg.*?</svg>", few)[0])
    title, desc = picture.find(f"{SVG}title"), picture.find(f"{SVG}desc")
    assert title is not None
    assert desc is not None
    assert picture.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"
    assert re.match(r"Distribution of 4 samples, from [\d.]+ ms to [\d.]+ ms", title.text or "")
    (details,) = re.findall(r"<details.*?</details>", few.split("witness-strip")[0], re.DOTALL)
    assert "<summary>How this was measured</summary>" in details
    assert "The page says how many: -n 1 -r 4" in text_of(details)


def test_what_was_not_awaited_is_marked(site: Site) -> None:
    marks = re.findall(r'<span class="witness-mark">(.*?)</span>', shown(site)[1])
    assert "dispatch only: the result was not awaited" in marks
    assert "dispatch only" not in shown(site)[0]


def test_quiet_timings_are_a_quiet_line(site: Site) -> None:
    html = site.html("measures") or ""
    (summary,) = re.findall(r"<summary>(\d quiet timings: .*?)</summary>", html)
    assert summary.startswith("2 quiet timings: 1 without JAX, 1 of dispatch only; ")
    assert len(shown(site)) == 2


def test_timings_stay_out_of_the_search(site: Site) -> None:
    assert not {"await", "median", "quiet"} & site.words()


def test_a_page_has_the_stylesheet_and_no_identifier_twice(site: Site) -> None:
    html = site.html("measures") or ""
    assert "witness.css" in html
    assert (site.folder / "html" / "_static" / "witness.css").exists()
    names = re.findall(r'\bid="([^"]+)"', html)
    assert len(names) == len(set(names))


def test_text_stands_for_the_picture_elsewhere(site: Site) -> None:
    site.right("-W", "-b", "text", output="text")
    text = (site.folder / "text" / "measures.txt").read_text("utf-8")
    assert "ms a call (median of this process;" in text
    assert "<svg" not in text


INFINITE = "{'statement': 'f', 'loops': 1, 'samples': [1e400], 'pilot': [], 'kind': 'none', 'stopped': 'budget'}"


def test_what_is_no_timing_is_a_warning_and_no_crash(tmp_path: Path) -> None:
    forged = ["{}", "[1]", "'text'", "{'samples': ['a']}", INFINITE]
    pages = {f"p{number}": page(PUBLISH % (TIMING.mime, data)) for number, data in enumerate(forged)}
    done = Site.at(tmp_path, pages).build()
    assert "Traceback" not in done.stderr
    assert done.stderr.count("skipping unknown output mime type") == len(forged)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            {"pilot": [1.0] * 24},
            "The number of samples was to make the 95% interval of the median within this process 2% wide.",
        ),
        ({}, "The time for measuring was used up."),
        ({"stopped": "budget", "pilot": [1.0] * 24}, "The time for measuring was used up."),
        ({"stopped": "slow"}, "A sample takes too long for more."),
        ({"stopped": "by hand", "by_hand": ["-n 1", "-r 3"]}, "The page says how many: -n 1 -r 3."),
    ],
)
def test_the_details_claim_no_width_of_an_interval_that_was_only_foretold(more: dict[str, Any], said: str) -> None:
    details = list(_details(timing([1.0, 1.2, 1.4], **more), []))
    assert details[-1] == said
    assert ("24 taken before" in " ".join(details)) == ("pilot" in more)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, None),
        ({"watched": True}, "which takes some time of its own"),
        ({"watched": True, "loops": 3}, "and not timed: the first sample is of the others"),
    ],
)
def test_the_details_tell_of_the_call_that_was_watched(more: dict[str, Any], said: str | None) -> None:
    details = " ".join(_details(timing([1.0, 1.2, 1.4], **more), []))
    assert ("watched" in details) == (said is not None)
    assert (said or "") in details


def test_equal_samples_give_equal_bytes_and_other_samples_others() -> None:
    samples = [0.001, 0.0011, 0.0012, 0.0015]
    assert svg(timing(samples), [], "n") == svg(timing(list(samples)), [], "n")
    assert svg(timing(samples), [], "n") != svg(timing([*samples, 0.0013]), [], "n")


def test_a_picture_of_equal_samples_and_of_one() -> None:
    for samples in ([0.5] * 9, [0.5], [0.0, 0.0]):
        ElementTree.fromstring(svg(timing(samples), [], "n"))


def test_far_samples_are_told_of_and_do_not_squeeze_the_rest() -> None:
    near = [0.001 + 1e-6 * number for number in range(40)]
    text = svg(timing([*near, 5.0, 6.0]), [], "n")
    assert ", 2 above<" in text
    assert "to 6" in re.findall(r"<title.*?</title>", text)[0]
    columns = re.findall(r'<path d="(.*?)" fill', text)[0].count("z")
    assert columns > 15


def test_other_processes_have_their_marks_and_their_interval() -> None:
    text = svg(timing([0.001, 0.0011, 0.0012]), [0.002, 0.003], "n")
    assert "The median of the 3 processes is 2.0 ms. A bar below marks its 95% interval between processes." in text
    assert "Distribution of 3 samples of the first process" in text
    assert text.count("l3 6l3 -6z") == 3
    alone = svg(timing([0.001 + 1e-6 * k for k in range(12)]), [], "n")
    assert "its 95% interval within this process" in alone


def test_an_axis_and_its_text_have_one_unit() -> None:
    text = svg(timing([0.0009, 0.00095, 0.0011, 0.0012]), [], "n")
    assert re.findall(r">([\d.]+ \w+)</text>", text) == ["0.90 ms", "1.2 ms"]
    assert set(re.findall(r"[\d.]+ ([mµn]?s)\b", text)) == {"ms"}
