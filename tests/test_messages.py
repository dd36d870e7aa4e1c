"""What a person is told of a page that fails: the line at fault, and what can be done."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.building import Site, page

FIRST = "def check(x):\n    assert x > 1"
PAGES = {
    "asserts": ("y = 1\n\nassert y == 2\nz = 3", 3, "unexpected-error"),
    "calls": ("y = 1\ncheck(\n    y\n)", 2, "unexpected-error"),
    "syntax": ("y = 1\n\ny ==== 2", 3, "unexpected-error"),
    "nested": ("def f():\n    y = 1\n    return 1 / 0\n\nf()", 3, "unexpected-error"),
    "loops": ("y = 1\ndef forever():\n    while True:\n        pass\n\nforever()", 3, "cell-budget"),
    "deaf": (
        "import time\nwhile True:\n    try:\n        time.sleep(9)\n    except BaseException:\n        pass",
        4,
        "",
    ),
}
"""A second cell, the line of its code at fault, and the fault."""


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> str:
    pages = {name: page(FIRST, code) for name, (code, _, _) in PAGES.items()}
    for name in ("loops", "deaf"):
        pages[name] = pages[name].replace("\n---\n\n", "\nwitness: {cell_budget: 2}\n---\n\n", 1)
    site = Site.at(tmp_path_factory.mktemp("messages"), pages)
    command = [sys.executable, "-m", "witness", "run", "docs", "--records", "records"]
    return subprocess.run(command, cwd=site.folder, capture_output=True, text=True, timeout=300, check=False).stderr


@pytest.mark.parametrize("name", PAGES)
def test_the_line_at_fault_is_named(name: str, log: str) -> None:
    code, line, rule = PAGES[name]
    first = page(FIRST, code).replace("\n---\n\n", "\nX\n---\n\n" if name in ("loops", "deaf") else "\n---\n\n", 1)
    start = first.splitlines().index(code.splitlines()[0]) + 1
    found = re.search(rf"^docs/{name}\.md:(\d+): cell 2: ([\w-]+)", log, re.MULTILINE)
    assert found, log
    assert int(found[1]) in ({start + line - 1, start + line} if name == "loops" else {start + line - 1}), log
    assert rule in found[2]


def test_a_cell_out_of_time_may_be_given_more(log: str) -> None:
    assert log.count("or give it more time (in its head, `witness: {cell_budget: SECONDS}`)") == 2


def test_one_is_no_plural(log: str) -> None:
    assert ": 1 problem, 2 cells, " in log
    assert not re.search(r"\b1 (pages|cells|problems)\b|\(s\)", log)
