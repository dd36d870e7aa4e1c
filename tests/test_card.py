"""Where and when each page ran, and the build card: right in every build, written again only when a record changed."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.building import Site, page

CARD = "# The card\n\n```{build-card}\n```\n"
JIT = "import jax\njax.jit(lambda x: x + 1)(1.0)"


def git(site: Site, *arguments: str) -> None:
    command = ["git", "-C", str(site.folder), "-c", "user.name=n", "-c", "user.email=e@example.org", *arguments]
    subprocess.run(command, capture_output=True, check=True)


def cells(html: str | None) -> dict[str, list[str]]:
    """Return the rows of a card by what stands first in them."""
    rows = re.findall(r"<tr.*?</tr>", html or "", re.DOTALL)
    found = [
        [
            re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", cell)).strip()
            for cell in re.findall(r"<t[dh].*?</t[dh]>", row, re.DOTALL)
        ]
        for row in rows
    ]
    return {row[0]: row[1:] for row in found if row}


@dataclass
class History:
    site: Site
    first: str
    log: str
    touched: dict[str, bool]
    """Whether the card was written again by each build."""
    last: str
    equal: bool
    foot: str
    foot_later: str


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    if not shutil.which("git"):
        pytest.skip("no git here")
    site = Site.at(tmp_path_factory.mktemp("card"), {"a": page(JIT), "b": page("1 + 1"), "card": CARD})
    (site.folder / ".gitignore").write_text("html\nother\nrecords\n")
    git(site, "init", "-q")
    git(site, "add", ".")
    git(site, "commit", "-q", "-m", "first")
    git(site, "tag", "v1")
    done = site.build("-W", "-j", "auto", "-n")
    first, foot = site.html("card") or "", foot_of(site, "a")
    touched = {}
    path = site.folder / "html" / "card.html"

    def build(name: str, *arguments: str) -> None:
        before = path.stat().st_mtime_ns
        site.right("-W", *arguments)
        touched[name] = path.stat().st_mtime_ns != before

    build("nothing changed")
    site.page("b", page("1 + 1", prose="More prose."))
    git(site, "commit", "-q", "-a", "-m", "second")
    build("prose and a commit")
    foot_later = foot_of(site, "a")
    site.page("b", page("1 + 1", "2 + 2", "3 + 3"))
    build("code")
    site.right("-W", output="other")
    last = site.html("card") or ""
    return History(
        site, first, done.stderr, touched, last, body(last) == body(site.html("card", "other") or ""), foot, foot_later
    )


def body(html: str) -> str:
    """Return a page without its head: other extensions copy their styles late and know their checksums then."""
    return html.partition("<body")[2]


def foot_of(site: Site, name: str) -> str:
    (foot,) = re.findall(r'<p class="witness-provenance">(.*?)</p>', site.html(name) or "")
    return str(foot)


def test_each_page_says_where_when_and_from_what_it_ran(history: History) -> None:
    ran, source = history.foot.split("; ")
    form = r"Executed on \d{4}-\d\d-\d\d in \d+\.\d s with JAX [\d.]+, jaxlib [\d.]+, Python 3[\d.]+, cpu"
    assert re.fullmatch(form, ran)
    assert source == "from commit v1."


def test_a_commit_that_changes_no_code_of_a_page_changes_nothing_on_it(history: History) -> None:
    assert history.foot_later == history.foot


def test_the_card_has_each_page_and_all_of_them(history: History) -> None:
    rows = cells(history.first)
    assert rows["Page"][:4] == ["Time", "Cells", "Traced", "Compiled"]
    assert rows["a"][1:4] == ["1", "1", "1"]
    assert rows["b"][1:5] == ["1", "0", "0", "0"]
    assert rows["All pages"][1:4] == ["2", "1", "1"]
    assert rows["Commit"] == ["v1"]
    assert rows["Flags"]
    assert rows["Device"] == ["1 × cpu (cpu)"]
    assert "Nothing was seen that falsifies a time" in history.first


def test_the_card_links_to_pages_and_to_their_slowest_cells(history: History) -> None:
    assert 'href="a.html#witness-cell-1"' in history.first
    assert re.search(r'href="b\.html">b</a></p></th>', history.first)


def test_the_card_is_written_again_when_a_record_changed_and_only_then(history: History) -> None:
    assert history.touched == {"nothing changed": False, "prose and a commit": False, "code": True}
    assert cells(history.last)["b"][1] == "3"
    assert cells(history.last)["Commits"] == ["v1; v1-1-g" + history.last.split("v1-1-g")[1].split("<")[0]]


def test_two_builds_write_the_same_card(history: History) -> None:
    assert history.equal


def test_a_site_in_no_repository_names_no_commit(tmp_path: Path) -> None:
    inner = Site.at(tmp_path, {"a": page("1 + 1"), "card": CARD})
    if shutil.which("git"):
        git(inner, "init", "-q")  # a repository around it that does not track it
    inner.right("-W")
    assert "commit" not in foot_of(inner, "a")
    assert not {"Commit", "Commits"} & cells(inner.html("card")).keys()


def test_a_card_without_pages_says_so_and_a_failed_page_is_not_on_it(tmp_path: Path) -> None:
    site = Site.at(tmp_path, {"card": CARD})
    site.right("-W")
    assert "No page of this site was executed" in (site.html("card") or "")
    site.page("fails", page("1 / 0"))
    site.page("good", page("1 + 1"))
    site.page("index", "# Index\n\n```{toctree}\ncard\nfails\ngood\n```\n")
    assert site.build().returncode == 1
    rows = cells(site.html("card"))
    assert "good" in rows
    assert "fails" not in rows
