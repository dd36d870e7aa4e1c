"""Pages that use what another one makes: an order can be declared, holds everywhere, and is missed where it is not."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.building import THEIRS, Site, page

WRITES = "import time\ntime.sleep(.5)\nopen('shared.csv', 'w').write('x,y')\nprint('wrote')"
READS = "print('read', open('shared.csv').read())"
SERVES = "import socket, time\ns = socket.socket()\ns.bind(('127.0.0.1', {port}))\ns.listen()\ntime.sleep(1)\ns.close()"

HOLDS = """\
import socket, time
from pathlib import Path

s = socket.socket()
s.bind(("127.0.0.1", {port}))
s.listen()
Path("held").touch()
while not Path("tried").exists():
    time.sleep(0.05)
"""
TRIES = """\
import socket, time
from pathlib import Path

while not Path("held").exists():
    time.sleep(0.05)
try:
    socket.socket().bind(("127.0.0.1", {port}))
finally:
    Path("tried").touch()
"""


def after(names: str, *cells: str) -> str:
    """Return a page that names others to run after."""
    return page(*cells, head=f"witness: {{after: {names}}}")


def notebook(names: Sequence[str], source: str) -> str:
    cell: dict[str, object] = {
        "cell_type": "code",
        "metadata": {},
        "execution_count": None,
        "source": source,
        "outputs": [],
        "id": "a",
    }
    title = {"cell_type": "markdown", "metadata": {}, "source": "# A notebook", "id": "b"}
    kernel = {"name": "python3", "display_name": "Python"}
    metadata = {"kernelspec": kernel, "witness": {"after": list(names)}}
    return json.dumps({"cells": [title, cell], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


def free_port() -> int:
    import socket

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


# ---------------------------------------------------------------------------------------------------------------------
# Declared


@pytest.fixture(scope="module")
def declared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Site, subprocess.CompletedProcess[str]]:
    port = free_port()
    site = Site.at(
        tmp_path_factory.mktemp("declared"),
        {
            "z_writes": page(WRITES),
            "b_reads": after("z_writes", READS),
            "a_times": after("b_reads", "import time\ntime.perf_counter() > 0\n" + READS),
            "deep/c_reads": after("[/z_writes, ../b_reads.md]", "print('deep', open('../shared.csv').read())"),
            "d_serves": page(SERVES.format(port=port)),
            "e_serves": after("d_serves", SERVES.format(port=port)),
            "f_serves": after("[d_serves, e_serves]", SERVES.format(port=port) + "\nprint('served', 3)"),
            "g_module": page("%%writefile made_here.py\nVALUE = 'made by ' + 'a page'"),
            "h_imports": after("g_module", "import made_here\nmade_here.VALUE"),
        },
        THEIRS + "witness_replicates = 2\n",
    )
    (site.folder / "docs" / "a_book.ipynb").write_text(notebook(["deep/c_reads"], READS))
    site.page("index", "# Index\n\n```{toctree}\n:glob:\n*\ndeep/*\n```\n")
    return site, site.build("-W", "-j", "2")


def test_pages_run_in_the_order_that_they_declare(declared: tuple[Site, subprocess.CompletedProcess[str]]) -> None:
    site, done = declared
    assert done.returncode == 0, done.stderr
    for name in ("b_reads", "a_times", "a_book"):
        assert "read x,y" in (site.html(name) or "")
    assert "deep x,y" in (site.html("deep/c_reads") or "")
    assert "served 3" in (site.html("f_serves") or "")
    assert "made by a page" in (site.html("h_imports") or "")


def test_a_build_without_a_change_runs_nothing(declared: tuple[Site, subprocess.CompletedProcess[str]]) -> None:
    site, _ = declared
    assert ran(site.build("-W")) == []


FOLLOWING = ["a_book", "a_times", "b_reads", "deep/c_reads"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("z_writes: prose", []),
        ("z_writes: code", ["z_writes", *FOLLOWING]),
        ("b_reads: code", FOLLOWING),
        ("a_times: code", ["a_times"]),
        ("its file is gone", ["z_writes", *FOLLOWING]),
        ("its file is another", FOLLOWING),
    ],
)
def test_what_follows_a_page_that_runs_runs_too(
    declared: tuple[Site, subprocess.CompletedProcess[str]], change: str, expected: list[str]
) -> None:
    site, _ = declared
    name, _, kind = change.partition(": ")
    path = site.folder / "docs" / f"{name}.md"
    if kind == "prose":
        path.write_text(path.read_text() + "\nMore words.\n")
    elif kind:
        path.write_text(path.read_text().replace("```\n", "\nafter_the_change = 1\n```\n"))
    elif name == "its file is gone":
        (site.folder / "docs" / "shared.csv").unlink()
    else:
        (site.folder / "docs" / "shared.csv").write_text("by hand")
    done = site.right("-W")
    assert ran(done) == sorted(expected)  # and nothing that the change before had left


def ran(done: subprocess.CompletedProcess[str]) -> list[str]:
    """Return the pages that a build executed, notebooks, too."""
    return sorted(re.findall(r"^\[\d+/\d+\] docs/(.*)\.(?:md|ipynb): ", done.stderr, re.MULTILINE))


@pytest.mark.slow
def test_a_page_that_is_run_by_name_comes_with_those_before_it(tmp_path: Path) -> None:
    pages = {"z_writes": page(WRITES), "b_reads": after("z_writes", READS), "c_other": page("1")}
    site = Site.at(tmp_path, pages, THEIRS)
    (tmp_path / "docs" / "conf.py").write_text(THEIRS)
    done = site.witness("run", "docs/b_reads.md")
    assert done.returncode == 0, done.stderr
    assert ran(done) == ["b_reads", "z_writes"]
    assert ran(site.witness("run", "docs/b_reads.md")) == []
    site.page("z_writes", page(WRITES + "\n1"))
    assert ran(site.witness("run", "docs/z_writes.md")) == ["z_writes"]
    assert ran(site.witness("run", "docs/b_reads.md")) == ["b_reads"]
    assert site.witness("plan", "docs/b_reads.md", "-o", "plans").returncode == 0
    alone = site.witness("run", "plans/b_reads.json")
    assert alone.returncode == 1
    assert "docs/b_reads.md:4: order: `after: z_writes`" in alone.stderr
    assert site.witness("run", "plans").returncode == 0


# ---------------------------------------------------------------------------------------------------------------------
# Not declared, or not to be had


def test_a_page_that_needs_another_says_which_and_what_to_write(tmp_path: Path) -> None:
    port = free_port()
    pages = {
        "a_writes": page(WRITES),
        "b_reads": page(READS),
        "c_copies": page("import shutil\nshutil.copy('shared.csv', 'copy.csv')"),
        "d_shell": page("!test -e never && echo 1 > from_a_shell.txt"),
        "e_shell": page("print(open('from_a_shell.txt').read())"),
        "f_module": page("import time; time.sleep(1)", "%%writefile made_later.py\nVALUE = 1"),
        "g_imports": page("import made_later"),
        "h_serves": page(HOLDS.format(port=port)),
        "i_serves": page(TRIES.format(port=port)),
        "good": page("'as it ' + 'should'"),
    }
    site = Site.at(tmp_path, pages, THEIRS)
    for turn in range(2):
        done = site.build()
        assert done.returncode == 1, done.stderr
        for reader, writer, file in [
            ("b_reads", "a_writes", "shared.csv"),
            ("c_copies", "a_writes", "shared.csv"),
            ("g_imports", "f_module", "made_later.py"),
            ("e_shell", "d_shell", "from_a_shell.txt"),
        ]:
            assert fault(done, reader, f"(?=.*{file}).*the page {writer}"), done.stderr
            assert f"`witness: {{after: {writer}}}` into the front matter of docs/{reader}.md" in done.stderr
            assert site.html(reader) is None
        if turn == 0:  # then the one that is left has the port to itself
            assert fault(done, "i_serves", f"port {port} to be free, which the page h_serves uses")
            assert "`witness: {after: h_serves}` into the front matter of docs/i_serves.md" in done.stderr
        assert "as it should" in (site.html("good") or "")


def test_what_no_page_makes_needs_no_order(tmp_path: Path) -> None:
    reads = "import os\nprint(open('sub/absent.csv').read())  # os.path"
    pages = {
        "a_reads": page(reads),
        "b_reads": page(reads),
        "c_imports": page("import os.path"),
        "d_imports": page("import os.path\nimport not_installed"),
    }
    done = Site.at(tmp_path, pages, THEIRS).build()
    assert done.returncode == 1
    for name in ("a_reads", "b_reads", "d_imports"):
        assert fault(done, name, "no error|not_installed|absent"), done.stderr
    assert "after" not in done.stderr


def test_of_a_notebook_the_metadata_say_its_order(tmp_path: Path) -> None:
    cell: dict[str, Any] = {
        "cell_type": "code",
        "source": READS,
        "metadata": {},
        "outputs": [],
        "execution_count": None,
        "id": "one",
    }
    title = {"cell_type": "markdown", "source": "# Reads", "metadata": {}, "id": "title"}
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    notebook = {"cells": [title, cell], "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    site = Site.at(tmp_path, {"z_writes": page("import time; time.sleep(1)", WRITES)}, THEIRS)
    path = tmp_path / "docs" / "b_reads.ipynb"
    path.write_text(json.dumps(notebook))
    done = site.build()
    told = re.search(r"write `(.+)` into the metadata of docs/b_reads.ipynb", done.stderr)
    assert told, done.stderr
    path.write_text(json.dumps({**notebook, "metadata": {**kernel, **json.loads(f"{{{told[1]}}}")}}))
    site.right()


def fault(done: subprocess.CompletedProcess[str], name: str, what: str) -> bool:
    return bool(re.search(rf"docs/{name}\.md:\d+: ERROR: cell \d: (unexpected-error|no-order): .*{what}", done.stderr))


def test_pages_that_only_share_a_name_need_no_order(tmp_path: Path) -> None:
    own = page("open('own.txt', 'w').write('mine')\nprint(open('own.txt').read())")
    pages = dict.fromkeys(("one/page", "two/page"), own)
    pages |= {"helped": page("import helper\nhelper.VALUE"), "too": page("import helper\nhelper.VALUE")}
    site = Site.at(tmp_path, pages, THEIRS)
    (tmp_path / "docs" / "helper.py").write_text("VALUE = 'of a ' + 'helper'\n")
    site.right("-W")
    assert ran(site.build("-W")) == []


@pytest.mark.parametrize("strict", [False, True])
def test_an_order_that_cannot_be_had_is_an_error_with_its_line(tmp_path: Path, strict: bool) -> None:
    pages = {
        "good": page("1"),
        "prose": "# Prose\n\nText.\n",
        "unknown": after("goood", "1"),
        "itself": after("itself", "1"),
        "round": after("trip", "1"),
        "trip": after("[good, round]", "1"),
        "behind": after("round", "1"),
        "unrun": after("prose", "1"),
        "number": after("3", "1"),
        "misspelt": page("1", head="witness: {aftr: good}"),
        "broken": page("1").replace("{name: python3}", "{name: python3"),
        "beyond": after("broken", "1"),
    }
    site = Site.at(tmp_path, pages, THEIRS + f"witness_strict = {strict}\n")
    done = site.build()
    assert done.returncode == 1
    for name, why in {
        "unknown": "`after: goood`: there is no such page; did you mean `good`?",
        "itself": "itself after itself",
        "round": "round after trip after round|trip after round after trip",
        "trip": "round after trip after round|trip after round after trip",
        "behind": "`after: round`: ",
        "unrun": "`after: prose`: no code of that page is run",
        "number": "`after` is 3",
        "misspelt": "`witness` has no setting `aftr`.*did you mean `after`",
        "beyond": "`after: broken`: (that page cannot be read|no code of that page is run)",
    }.items():
        assert re.search(rf"docs/{name}\.md:4: ERROR: .*(?:{why})", done.stderr), (name, done.stderr)
        assert site.html(name) is None
    assert site.html("good")
    again = site.build()
    assert again.returncode == 1
    assert re.sub(r"(?m)^\[.*\n|.*slowest.*\n|^ +\d.*\n", "", again.stderr).count("ERROR") == done.stderr.count("ERROR")


@pytest.mark.slow
def test_a_page_does_not_run_after_one_that_failed(tmp_path: Path) -> None:
    pages = {
        "fails": page("raise ValueError('here')"),
        "waits": after("fails", "open('ran', 'w').close()"),
        "waits_too": after("waits", "open('ran', 'w').close()"),
    }
    site = Site.at(tmp_path, pages, THEIRS)
    for _ in range(2):
        done = site.build()
        assert done.returncode == 1
        assert "docs/waits.md:4: ERROR: not-run: expected the page fails, which runs before, to be right" in done.stderr
        assert "docs/waits_too.md:4: ERROR: not-run: expected the page waits" in done.stderr
        assert not (tmp_path / "docs" / "ran").exists()
    site.page("fails", page("'mended'"))
    mended = site.right("-W")
    assert ran(mended) == ["fails", "waits", "waits_too"]
