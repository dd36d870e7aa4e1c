"""What the command line takes for a page and for a plan."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.building import page
from tests.programs import call
from witness.lint.pages import plans
from witness.reading.pages import NoPages
from witness.reading.plan import Cell, Live, Plan

PLAN = Plan("planned", "docs/planned.md", "python3", [Cell(1, 9, "1", rtol=1e-3)], [Live("a", "b", 1, 1)])
OTHERS = {
    "_static/switcher.json": '[{"version": "1.0", "url": "https://example.org/1.0/"}]',
    "package.json": '{"name": "site", "scripts": {}, "cells": []}',
    ".vscode/settings.json": '{\n  // a comment\n  "kernel": 3,\n}',
    "tsconfig.json": "{ /* a comment */ }",
    "text.json": '"text"',
    "null.json": "null",
    "number.json": "3",
    "empty.json": "",
    "bytes.json": "",
    "_build/plans/old.json": replace(PLAN, page="old").to_json(),
    "_build/html/_sources/old.md": page("old"),
    "node_modules/x/README.md": page("foreign"),
    ".ipynb_checkpoints/p-checkpoint.md": page("old"),
}
CONF = 'extensions = ["witness", "myst_nb"]\nnb_execution_mode = "force"\nnb_execution_timeout = 77\n'


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Return the folder of a site as others have it."""
    pages = {"index.md": "# Index\n", "p.md": page("import helper\nhelper.VALUE"), "deep/q.md": page("'deep'")}
    folder = written(tmp_path / "site", {**OTHERS, **pages, "helper.py": "VALUE = 'helped'\n", "conf.py": CONF})
    (folder / "bytes.json").write_bytes(b"\xff\xfe{")
    (folder / "folder.json").mkdir()
    (folder / "dangling.json").symlink_to("nowhere")
    return folder


def test_a_folder_of_a_site_is_its_pages(site: Path) -> None:
    read = plans([str(site)])
    assert sorted(plan.page for plan in read.plans) == ["deep/q", "p"]
    assert read.unreadable == []
    assert read.root == site
    assert read.whole


def test_a_site_is_read_as_its_settings_say(site: Path) -> None:
    (plan,) = plans([str(site / "p.md")]).plans
    assert (plan.reproducible, plan.folder, plan.budget.cell) == (False, str(site), 77.0)
    (site / "conf.py").write_text("raise ValueError('of its own')")
    with pytest.raises(NoPages, match=r"conf\.py:1: ValueError: of its own"):
        plans([str(site)])


def test_the_command_line_takes_the_folder_of_a_site(site: Path) -> None:
    done = call("witness", "run", "site", cwd=site.parent)
    assert done.returncode == 0, done.stderr
    assert "2 of 2 pages are right" in done.stdout
    planned = call("witness", "plan", "site", "-o", "plans", cwd=site.parent)
    assert planned.returncode == 0, planned.stderr
    found = sorted(path.relative_to(site.parent).as_posix() for path in (site.parent / "plans").rglob("*.json"))
    assert found == ["plans/deep/q.json", "plans/p.json"]
    assert sorted(plan.page for plan in plans([str(site.parent / "plans")]).plans) == ["deep/q", "p"]


def test_pages_that_cannot_be_read_are_counted(site: Path) -> None:
    for right, name in ((1, "p.md"), (0, "deep/q.md")):
        text = (site / name).read_text("utf-8")
        (site / name).write_text(text.replace("---\n", "---\nwitness: {cell_budget: long}\n", 1))
        done = call("witness", "run", "site", cwd=site.parent)
        assert done.returncode == 1
        assert "site/p.md:" in done.stderr
        assert f"{right} of 2 pages are right" in done.stdout


def test_a_folder_of_plans_may_hold_other_files(tmp_path: Path) -> None:
    others = {name: text for name, text in OTHERS.items() if "/" not in name}
    written(tmp_path, {**others, "planned.json": PLAN.to_json(), "README.md": "# How to run these\n"})
    assert plans([str(tmp_path)]).plans == [PLAN]
    assert plans([str(tmp_path / "planned.json")]).plans == [PLAN]


def wrong(**fields: object) -> str:
    return json.dumps({**json.loads(PLAN.to_json()), **fields})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[]", "not a plan"),
        ("null", "not a plan"),
        ('"text"', "not a plan"),
        ('{"cells": 3}', "not a plan"),
        (PLAN.to_json()[:-40], "delimiter|Unterminated|Expecting"),
        (wrong(kernel=3), "not a plan: `kernel` is 3"),
        (wrong(cells=[3]), "not a plan"),
        (wrong(live=[{}]), "not a plan"),
        (wrong(budget={"cell": "long"}), "not a plan: `budget.cell` is 'long'"),
        (wrong(lane="fast"), "not a plan: `lane` is 'fast'"),
        (wrong(reproducible=None), "not a plan: `reproducible` is None"),
        (wrong(later=1), "not a plan: .*later"),
        ("[" * 100_000, "not a plan"),
    ],
)
def test_a_plan_that_is_named_and_broken_is_an_error_with_its_name(tmp_path: Path, text: str, why: str) -> None:
    broken = written(tmp_path, {"broken.json": text, "good.json": PLAN.to_json()}) / "broken.json"
    with pytest.raises(NoPages) as error:
        plans([str(broken), str(tmp_path / "good.json")])
    assert re.fullmatch(rf"{re.escape(str(broken))}: .*({why}).*", str(error.value))


def test_a_broken_plan_among_plans_is_an_error_with_its_name(tmp_path: Path) -> None:
    written(tmp_path, {"broken.json": PLAN.to_json()[:200], "good.json": PLAN.to_json()})
    done = call("witness", "run", ".", cwd=tmp_path)
    assert done.returncode == 2
    assert re.fullmatch(r"witness: broken\.json: .*\n", done.stderr)


def test_pages_of_two_sites_are_an_error(tmp_path: Path) -> None:
    written(tmp_path, {f"{name}/{file}": page("1") for name in ("one", "two") for file in ("index.md", "p.md")})
    with pytest.raises(NoPages, match=r"two/p\.md: it is of another site than .*one/p\.md"):
        plans([str(tmp_path / "one" / "p.md"), str(tmp_path / "two" / "p.md")])


@pytest.mark.parametrize("name", ["nothing", "nothing.json", "nothing.md"])
def test_a_name_of_nothing_is_an_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(NoPages, match=f"{name}: no such page or folder"):
        plans([str(tmp_path / name)])


def test_pages_of_no_site_are_read_below_the_folder_that_holds_them(tmp_path: Path) -> None:
    folder = written(tmp_path, {"one/a.md": page("1"), "two/b.md": page("2")})
    read = plans([str(folder / "one"), str(folder / "two" / "b.md")])
    assert (read.root, sorted(plan.page for plan in read.plans)) == (folder, ["one/a", "two/b"])
