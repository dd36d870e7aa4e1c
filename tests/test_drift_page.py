"""The page of drift: true where nothing is recorded, and where something is; what has changed since is not linked."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from tests.building import CONF, Site, page
from witness.bundle.comparison import Change, Changed, Comparison, Figure, Source
from witness.bundle.device import Device
from witness.bundle.key import cell_keys
from witness.reading.page_plan import read_file
from witness.reading.site import Site as Pages

PAGES = {
    "printed": page("a = 1", "print(a)", title="What a <prints>"),
    "drift": "# Drift\n\n```{drift}\nNothing yet: `nox -s drift` does it.\n```\n",
}
DEVICE = Device("cpu", "cpu", 1, "0.10.2", "3.13.1", "Linux x86_64", "A Processor", 2)


def comparison(site: Site) -> Comparison:
    docs = site.folder / "docs"
    plan = read_file(docs / "printed.md", "printed", Pages(docs))
    assert plan
    slower: list[list[float | None]] = [[0.001] * 5, [0.001] * 5, [0.0015, 0.0016, 0.0015, 0.0015, 0.0015]]
    same: list[list[float | None]] = [[2.0] * 5, [2.0] * 5, [2.0] * 5]
    creeping: list[list[float | None]] = [[1.0] * 5, [1.08] * 5, [1.166] * 5]
    change = Change("text", "stdout", "one <b>", "two")
    return Comparison(
        executed="2026-01-02",
        rounds=5,
        environments=[DEVICE, replace(DEVICE, jax="0.11.2"), replace(DEVICE, jax="0.12.0")],
        pages={"printed": Source(plan.digest(), [*cell_keys(plan, "")]), "gone": Source("plan", ["key"])},
        outputs=[[Changed("printed", 2, 12, "print(a)", [change]), Changed("gone", 1, 9, "old()", [change])], []],
        figures=[
            Figure("printed", 1, 8, "f(x)", "time", slower),
            Figure("printed", 1, 8, "g(x)", "time", same),
            Figure("printed", 2, 8, "a / b", "ratio", creeping),
        ],
    )


def text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def built(site: Site) -> str:
    site.right("-W", "--keep-going")
    html = site.html("drift") or ""
    return html[html.index("<h1>Drift") :]


def test_the_page_shows_what_is_recorded_and_is_true_without(tmp_path: Path) -> None:
    site = Site.at(tmp_path, PAGES)
    html = built(site)
    assert "Nothing yet: nox -s drift does it." in text(html).replace("  ", " ")
    assert "<table" not in html

    file = site.folder / "docs" / "_records" / "drift.json"
    file.parent.mkdir()
    file.write_text(comparison(site).to_json(), "utf-8")
    html = built(site)
    shown = text(html)
    assert "Nothing yet" not in shown
    assert shown.count("A Processor") == 3
    assert "JAX 0.10.2 → 0.11.2: 0 figures of 3 changed by 10% or more; chance alone makes 1 at most." in shown
    assert "JAX 0.11.2 → 0.12.0: 1 figure of 3 changed" in shown
    assert "chance alone makes 1 at most. Half of the intervals reach 1.1× either way, or less." in shown
    assert "JAX 0.10.2 → 0.12.0: 2 figures of 3 changed" in shown
    times = html[html.index("Page and what was timed") :].partition("</table>")[0]
    assert "g(x)" not in times
    assert "<strong>1.5 ms, 1.5× (1.4 to 1.6)</strong>" in times
    assert times.count('href="printed.html#witness-cell-') == 2
    assert "<strong>1.2× (1.2 to 1.2)</strong>" in times  # from the first to the last alone
    assert "JAX 0.10.2 → 0.11.2: 2 cells of 2 pages did something else (text 2)" in shown
    assert "JAX 0.11.2 → 0.12.0: 0 cells of 2 pages did something else." in shown
    assert "gone: old() (no page of this site)" in re.sub(r" +", " ", shown).replace(" :", ":")
    assert "-one &lt;b&gt;" in re.sub(r"</?span[^>]*>", "", html)

    site.page("printed", PAGES["printed"].replace("print(a)", "print(a + 1)"))
    html = built(site)
    assert "printed.html#witness-cell-1" in html
    assert "printed.html#witness-cell-2" not in html
    assert text(html).count("(changed since)") == 2

    file.write_text("{}", "utf-8")
    for _ in range(2):
        done = site.build("-W")
        assert done.returncode == 2
        (line,) = done.stderr.splitlines()
        assert "drift.json: no comparison of environments (its schema is not 1); make it again, or remove it" in line
    site.right("-W", "-D", "witness_skip_bad_bundles=1")
    assert "Left out: drift.json: no comparison of environments" in text(site.html("drift") or "")
    file.unlink()
    assert "Nothing yet" in text(built(site))


def test_what_the_book_has_recorded_can_be_shown() -> None:
    """And is of pages that are there: `nox -s drift -- --record` makes it anew."""
    docs = Path(__file__).parents[1] / "docs"
    for file in docs.glob("_records/drift.json"):
        found = Comparison.read(file)
        assert all(it.jax for it in found.environments)
        assert any((docs / f"{page}.md").is_file() for page in found.pages)


def test_one_round_compares_no_times(tmp_path: Path) -> None:
    site = Site.at(tmp_path, PAGES)
    found = replace(comparison(site), rounds=1, figures=[])
    (site.folder / "docs" / "_records").mkdir()
    (site.folder / "docs" / "_records" / "drift.json").write_text(found.to_json(), "utf-8")
    shown = text(built(site))
    assert "No times were compared: each version ran once." in shown
    assert "figures of" not in shown


def test_the_book_of_pages_shows_it_too(tmp_path: Path) -> None:
    site = Site.at(tmp_path, PAGES)
    (site.folder / "docs" / "_records").mkdir()
    (site.folder / "docs" / "_records" / "drift.json").write_text(comparison(site).to_json(), "utf-8")
    site.right("-b", "epub", "-D", "epub_show_urls=no", output="epub")
    assert "1.5 ms, 1.5× (1.4 to 1.6)" in (site.folder / "epub" / "drift.xhtml").read_text("utf-8")


def test_a_page_that_changed_since_is_read_for_its_plan_once(tmp_path: Path) -> None:
    """A build that changes nothing asks no page what it would run."""
    counted = f"""{CONF}
import witness.sphinx.bundles as bundles

read_file = bundles.read_file
bundles.read_file = lambda *where: (print("planned", where[1]), read_file(*where))[1]
"""
    site = Site.at(tmp_path, PAGES, counted)
    (site.folder / "docs" / "_records").mkdir()
    (site.folder / "docs" / "_records" / "drift.json").write_text(comparison(site).to_json(), "utf-8")
    site.page("printed", PAGES["printed"].replace("print(a)", "print(a + 1)"))
    assert site.right().stdout.count("planned") == 1
    assert site.right().stdout.count("planned") == 0
    site.page("printed", PAGES["printed"])
    assert site.right().stdout.count("planned") == 0  # it is what was compared
    site.page("printed", PAGES["printed"].replace("a = 1", "a = 2"))
    assert site.right().stdout.count("planned") == 1
    assert "printed.html#cell" not in (site.html("drift") or "")
