"""What is run again, and what is not: each page, for each environment, exactly when its result could differ."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.building import CONF, HEAD, Site, page

HOOKS = """
import os, pathlib, sys

def setup(app):
    from myst_nb.core.execute import cache, direct, inline
    marks = pathlib.Path(app.confdir)

    def started(client):
        (marks / "executed-by-myst-nb").touch()
        raise RuntimeError("MyST-NB executes")

    for kind in (cache.NotebookClientCache, direct.NotebookClientDirect, inline.NotebookClientInline):
        kind.start_client = started

    def lose(app, env, names):
        for record in pathlib.Path(env.witness_store).rglob(os.environ.get("LOSE", "nothing")):
            record.unlink()

    app.connect("env-before-read-docs", lose, priority=999)  # once pages have run
"""
RANDOM = "import os\nprint(os.urandom(8).hex())"
LOADED = HEAD + "# Loaded\n\n```{code-cell} python\n:load: ../examples/loaded.py\n```\n"
FLOAT = "import jax.numpy as jnp\njnp.ones(1).dtype"
PAGES = {
    "prose": page("'unchanged'", prose="Old prose."),
    "code": page("'old ' + 'code'"),
    "option": page("raise KeyError('k')", options=":raises: KeyError\n"),
    "live": page("a = 1", prose="It is {live}`a + 10`."),
    "place": page("b = 1", "b = 2", prose="It is {live}`b`."),
    "loaded": LOADED,
    "dtype": page(FLOAT),
    "twin-one": page(RANDOM),
    "twin-two": page(RANDOM),
    "removed": page("'to be removed'"),
    "before/renamed": page("'to be ' + 'renamed'"),
    "truncated": page("'truncated'"),
    "garbage": page("'garbage'"),
    "unreadable": page("'unreadable'"),
    "formatted": page("'of another format'"),
    "unsigned": page("'without a sign'"),
    "sign": page("'with a broken sign'"),
}
EDITED = ["after/renamed", "code", "live", "loaded", "option", "place"]
DAMAGED = ["formatted", "garbage", "sign", "truncated", "unreadable", "unsigned"]


@dataclasses.dataclass
class History:
    """One site, and what each of its builds said."""

    site: Site
    cold: subprocess.CompletedProcess[str]
    cold_html: dict[str, str]
    edited: subprocess.CompletedProcess[str]
    damaged: subprocess.CompletedProcess[str]
    damage: list[str]
    other: subprocess.CompletedProcess[str]
    other_html: str
    back: subprocess.CompletedProcess[str]


def store(site: Site) -> Path:
    (folder,) = (path for path in (site.folder / "records").iterdir() if path.name.startswith("jax-"))
    return folder


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    site = Site.at(tmp_path_factory.mktemp("caching"), PAGES)
    loaded = site.folder / "examples" / "loaded.py"
    loaded.parent.mkdir()
    loaded.write_text("print('old ' + 'example')\n")
    cold = site.build("-W")
    cold_html = {name: site.html(name) or "" for name in PAGES}

    site.page("prose", page("'unchanged'", prose="New prose."))
    site.page("code", page("'new ' + 'code'"))
    site.page("option", page("raise KeyError('k')", options=":raises: builtins.KeyError\n"))
    site.page("live", page("a = 1", prose="It is {live}`a + 20`."))
    site.page("place", HEAD + "# Page\n\n```{code-cell}\nb = 1\n```\n\n{live}`b`\n\n```{code-cell}\nb = 2\n```\n")
    loaded.write_text("print('new ' + 'example')\n")
    (site.folder / "docs" / "removed.md").unlink()
    (site.folder / "docs" / "after").mkdir()
    (site.folder / "docs" / "before" / "renamed.md").rename(site.folder / "docs" / "after" / "renamed.md")
    names = "\n".join(sorted({*PAGES, "after/renamed"} - {"removed", "before/renamed"}))
    site.page("index", f"# Index\n\n```{{toctree}}\n{names}\n```\n")
    edited = site.build("-W")

    records = store(site)
    whole = (records / "truncated.json").read_bytes()
    (records / "truncated.json").write_bytes(whole[: len(whole) // 2])
    (records / "garbage.json").write_bytes(os.urandom(1000))
    (records / "unreadable.json").unlink()
    (records / "unreadable.json").mkdir()
    reformat(records / "formatted.json")
    (records / "unsigned.stamp").unlink()
    (records / "sign.stamp").write_text("{")
    damaged = site.build("-W")
    damage = sorted(path.name for path in records.glob("*.damaged"))

    other = site.build("-W", env={**os.environ, "JAX_ENABLE_X64": "1"})
    other_html = site.html("dtype") or ""
    back = site.build("-W")
    return History(site, cold, cold_html, edited, damaged, damage, other, other_html, back)


def reformat(record: Path) -> None:
    """Make a record, and its sign, as another version would have written them."""
    text = json.dumps({**json.loads(record.read_text("utf-8")), "format": 0})
    record.write_text(text, "utf-8")
    sign = record.with_suffix(".stamp")
    digest = hashlib.sha256(text.encode()).hexdigest()
    sign.write_text(json.dumps({**json.loads(sign.read_text("utf-8")), "record": digest, "format": 0}))


def test_a_cold_build_runs_every_page_once(history: History) -> None:
    assert history.cold.returncode == 0, history.cold.stderr
    assert history.site.ran(history.cold) == sorted(PAGES)


def test_an_edit_runs_exactly_the_pages_whose_result_could_differ(history: History) -> None:
    assert history.edited.returncode == 0, history.edited.stderr
    assert history.site.ran(history.edited) == EDITED


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("prose", "New prose."),
        ("code", "new code"),
        ("live", ">21<"),
        ("place", 'data-told="Computed while this page was built: b" tabindex="0">1<'),
        ("loaded", "new example"),
        ("after/renamed", "to be renamed"),
    ],
)
def test_an_edited_page_shows_what_is_new(history: History, name: str, shown: str) -> None:
    assert shown in (history.site.html(name) or "")
    assert shown not in history.cold_html.get(name, "")


def test_pages_with_equal_cells_do_not_share_outputs(history: History) -> None:
    one, two = (re.findall(r"\b[0-9a-f]{16}\b", history.cold_html[name]) for name in ("twin-one", "twin-two"))
    assert one
    assert two
    assert not set(one) & set(two)


def test_damaged_records_are_set_aside_said_and_run_again(history: History) -> None:
    assert history.damaged.returncode == 0, history.damaged.stderr
    assert history.site.ran(history.damaged) == DAMAGED
    names = {"garbage.json", "sign.stamp", "truncated.json", "unreadable.json"}  # one of another format is whole
    assert set(history.damage) == {f"{name}.damaged" for name in names}
    for name in names:
        assert f"{name} was not whole" in history.damaged.stderr


def test_another_flag_runs_every_page_and_shows_what_it_gives(history: History) -> None:
    assert history.other.returncode == 0, history.other.stderr
    assert len(history.site.ran(history.other)) == len(PAGES) - 1
    assert "float32" in history.cold_html["dtype"]
    assert "float64" in history.other_html


def test_the_old_environment_runs_nothing_and_shows_what_it_gave(history: History) -> None:
    assert history.back.returncode == 0, history.back.stderr
    assert history.site.ran(history.back) == []
    assert "float32" in (history.site.html("dtype") or "")


MODES = ["auto", "cache", "force", "inline"]


@pytest.fixture(scope="module")
def tempted(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Return a site, not built, whose pages and settings ask MyST-NB to execute."""
    asking = {mode: page(f"print('by', {mode!r})", head=f"mystnb: {{execution_mode: {mode}}}") for mode in MODES}
    broken = page("1 + 1", prose="{live}`1 +`", head="mystnb: {execution_mode: force}")
    conf = CONF.replace('"force"', '"cache"') + HOOKS
    return Site.at(tmp_path_factory.mktemp("tempted"), {**asking, "broken": broken}, conf)


def test_myst_nb_never_executes(tempted: Site) -> None:
    done = tempted.build()
    assert done.returncode == 1
    assert "docs/broken.md" in done.stderr
    assert tempted.ran(done) == MODES
    for mode in MODES:
        assert f"by {mode}" in (tempted.html(mode) or ""), done.stderr
    assert not (tempted.folder / "conf" / "executed-by-myst-nb").exists()
    assert not list(tempted.folder.rglob(".jupyter_cache"))


def test_a_record_that_is_gone_when_its_page_is_read_is_an_error(tempted: Site) -> None:
    path = tempted.folder / "docs" / "auto.md"
    path.write_text(path.read_text("utf-8") + "\nMore prose.\n", "utf-8")
    done = tempted.build(env={**os.environ, "LOSE": "auto.json"})
    assert done.returncode != 0
    assert "auto.md" in done.stderr
    assert "no record" in done.stderr
    assert "More prose" not in (tempted.html("auto") or "")
    assert not (tempted.folder / "conf" / "executed-by-myst-nb").exists()


def test_a_page_whose_record_another_process_took_away_is_not_published(tempted: Site) -> None:
    conf = tempted.folder / "conf" / "conf.py"
    conf.write_text(
        conf.read_text("utf-8")
        + "\nfrom witness.records.store import Store\n"
        + "Store.write = lambda *_, write=Store.write, **more: None if _[1].page == 'auto' else write(*_, **more)\n"
    )
    tempted.page("auto", page("'no record is written'"))
    done = tempted.build()
    assert done.returncode != 0
    assert "docs/auto.md:1: ERROR: no-record" in done.stderr
    assert tempted.html("auto") is None


def test_a_page_without_code_is_read_again_once_it_is_another(tmp_path: Path) -> None:
    site = Site.at(tmp_path, {"words": HEAD + "# Words\n\nNo code.\n", "code": page("'code'")})
    unknown = HEAD + "# Words\n\n```{code-cel} python\n1\n```\n"
    texts = {"same": None, "code": page("'words'"), "none": HEAD + "# Words\n", "unknown": unknown, "still": None}
    builds = {"cold": site.build("-W")}
    for name, text in texts.items():
        if text is not None:
            site.page("words", text)
        builds[name] = site.build("-W")
    assert {name: site.ran(build) for name, build in builds.items() if site.ran(build)} == {
        "cold": ["code"],
        "code": ["words"],
    }
    assert {name for name, build in builds.items() if build.returncode} == {"unknown", "still"}
    assert "code-cel" in builds["still"].stderr
