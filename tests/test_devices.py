"""What other devices did beside what this build found: shown while the page is what they ran, and refused in a line."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.building import CONF, Site, page
from tests.recordings import EIGHT, recorded, rewritten
from witness.bundle.bundle import Bundle

CELLS = (
    "import jax\nimport jax.numpy as jnp\n\nf = jax.jit(lambda x: x * 2)\nx = jnp.ones(9)",
    "%timeit -n 2 -r 4 f(x).block_until_ready()",
    "%timeit -n 2 -r 4 f(x * 1).block_until_ready()",
)
PROSE = "import time\n\nbegan = time.perf_counter()\ntook = time.perf_counter() - began"
MESH = "import jax\n\njax.config.update('jax_num_cpu_devices', 8)\nprint(len(jax.devices()))"
PAGES = {
    "timed": page(*CELLS),
    "prose": page(PROSE, prose="It took {live}`took:time`.\n"),
    "mesh": page(MESH),
    "devices": "# Devices\n\n```{devices}\n```\n",
}
SIMULATED = "8 simulated devices on "


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    site = Site.at(tmp_path_factory.mktemp("there"), PAGES)
    done = recorded(site, "eight.zip", "timed", "prose", **EIGHT)
    assert done.returncode == 0, done.stderr
    return Bundle.read(site.folder / "eight.zip").check()


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Records of this build, so that none of the sites below runs a page that it does not change."""
    site = Site.at(tmp_path_factory.mktemp("here"), PAGES)
    site.right("-W", "--keep-going")
    html = site.html("devices") or ""
    assert "No other device has been recorded." in html
    assert "witness-devices" not in (site.html("timed") or "")
    return site.folder / "records"


@pytest.fixture
def site(tmp_path: Path, records: Path) -> Site:
    site = Site.at(tmp_path, PAGES)
    shutil.copytree(records, tmp_path / "records")
    return site


@pytest.fixture
def there(site: Site, bundle: Bundle) -> Path:
    path = site.folder / "docs" / "_records" / "eight.zip"
    rewritten(bundle, path)
    return path


def tabs(site: Site) -> list[list[str]]:
    """Return the labels of the devices that each timing of the page is shown with."""
    groups = (site.html("timed") or "").split('<fieldset class="witness-devices')[1:]
    return [re.findall(r"<label [^>]*>([^<]*)</label>", group.split("</fieldset>")[0]) for group in groups]


def text(site: Site, name: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", site.html(name) or ""))


def right(site: Site, *arguments: str) -> list[str]:
    done = site.right("-W", "--keep-going", *arguments)
    return site.ran(done)


def test_each_timing_shows_each_device_and_one_page_shows_them_all(site: Site, there: Path, bundle: Bundle) -> None:
    assert right(site) == []
    assert len(tabs(site)) == 2
    for first, second in tabs(site):
        assert first.startswith("This build: ")
        assert second == bundle.device.label
        assert second.startswith(SIMULATED)
    html = site.html("timed") or ""
    names = re.findall(r'<input type="radio" name="([^"]*)" id="([^"]*)"( checked)?>', html)
    assert [bool(checked) for _, _, checked in names] == [True, False] * 2
    assert len({name for name, _, _ in names}) == 2
    ids = re.findall(r' id="([^"]*)"', html)
    assert len(ids) == len(set(ids))
    devices = text(site, "devices")
    assert "2 of 2" in devices
    assert len(re.findall(r"\d [mnµ]?s\*? \([\d.]+×\)", devices)) == 3  # two timings, and the one in prose
    assert f"Recorded on other devices: {bundle.device.label}" in text(site, "timed")
    assert "Recorded on other devices" not in text(site, "prose")


def test_a_page_whose_cpu_stands_for_several_devices_says_simulated(site: Site) -> None:
    assert right(site) == []
    assert "8 simulated devices on one cpu" in text(site, "mesh")
    assert "simulated" not in text(site, "timed")


def test_a_cell_that_changed_and_those_below_it_are_not_shown(site: Site, there: Path) -> None:
    site.page("timed", page(*CELLS[:2], CELLS[2].replace("x * 1", "x * 3")))
    assert right(site) == ["timed"]
    assert len(tabs(site)) == 1
    assert (
        "eight.zip: recorded from other sources than those of this build, and not shown: timed from cell 3 on."
        in text(site, "devices")
    )
    assert "up to cell 2" in text(site, "timed")
    site.page("timed", page(CELLS[0].replace("9", "8"), *CELLS[1:]))
    assert right(site) == ["timed"]
    assert tabs(site) == []
    assert "not shown: timed." in text(site, "devices")
    site.page("timed", PAGES["timed"] + "\nMore prose, which changes no cell.\n")
    right(site)
    assert len(tabs(site)) == 2


def test_a_bundle_of_other_capture_code_says_so_and_is_not_shown(site: Site, bundle: Bundle) -> None:
    rewritten(bundle, site.folder / "docs" / "_records" / "old.zip", capture="0" * 16)
    right(site)
    assert tabs(site) == []
    assert "old.zip: it was recorded with other code of witness than that of this build" in text(site, "devices")
    assert "0 of 2" in text(site, "devices")


def test_a_bundle_that_comes_or_goes_is_seen_by_the_next_build(site: Site, bundle: Bundle) -> None:
    right(site)
    assert tabs(site) == []
    path = site.folder / "docs" / "_records" / "gpu.zip"
    rewritten(bundle, path, device=replace(bundle.device, platform="gpu", kind="A <GPU> & more", count=1))
    right(site)
    assert [labels[1] for labels in tabs(site)] == [f"A &lt;GPU&gt; &amp; more, JAX {bundle.device.jax}"] * 2
    path.unlink()
    right(site)
    assert tabs(site) == []
    assert "No other device" in text(site, "devices")


def test_a_site_says_where_its_bundles_lie(site: Site, bundle: Bundle) -> None:
    rewritten(bundle, site.folder / "measured" / "eight.zip")
    (site.folder / "conf" / "conf.py").write_text(f'{CONF}witness_bundles = "../measured"\n')
    right(site, "-j", "4")
    assert len(tabs(site)) == 2


def test_a_book_of_pages_shows_all_devices_below_their_names(site: Site, there: Path, bundle: Bundle) -> None:
    site.right("-b", "epub", "-D", "epub_show_urls=no", output="epub")
    written = (site.folder / "epub" / "timed.xhtml").read_text()
    assert '<input type="radio"' not in written
    names = re.findall(r'<p class="witness-device-name">([^<]*)</p>', written)
    assert names[1::2] == [bundle.device.label] * 2


def damaged(path: Path, bundle: Bundle) -> str:
    path.write_bytes(path.read_bytes()[:-40])
    return "eight.zip: it is no whole zip archive"


def doubled(path: Path, bundle: Bundle) -> str:
    shutil.copy(path, path.with_name("nine.zip"))
    return "nine.zip: it is of the same device as eight.zip, 8 simulated devices on "


def foreign(path: Path, bundle: Bundle) -> str:
    pages = {f"elsewhere/{name}": page for name, page in bundle.pages.items()}
    for page_name, kept in list(pages.items()):
        record = replace(kept.record, page=page_name)
        pages[page_name] = replace(kept, read=lambda record=record: record)  # type: ignore[misc]
    rewritten(bundle, path, pages=pages)
    return "eight.zip: it is of another site: none of its pages is here"


@pytest.mark.parametrize("spoil", [damaged, doubled, foreign])
def test_a_bundle_that_cannot_be_shown_ends_the_build_unless_it_is_told_to_go_on(
    site: Site, there: Path, bundle: Bundle, spoil: object
) -> None:
    why = spoil(there, bundle)  # type: ignore[operator]
    for _ in range(2):
        done = site.build()
        assert done.returncode == 2
        (line,) = done.stderr.splitlines()
        assert why in line
        assert "or set `witness_skip_bad_bundles = True` in conf.py, to build without it" in line
        assert site.html("timed") is None
    right(site, "-D", "witness_skip_bad_bundles=1")
    assert f"Left out: {why}" in text(site, "devices")
    assert len(tabs(site)) == (2 if spoil is doubled else 0)
    done = site.build()
    assert done.returncode != 0
    assert why in done.stderr
