"""The page *Run your own pages this way*: its commands, in their order, on a stock site that is not ours."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.building import HEAD, ROOT

PAGE = (ROOT / "docs/references/run-your-own-pages.md").read_text("utf-8")
COMMANDS = [
    line for block in re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL) for line in block.splitlines()
]
(LINE,) = re.findall(r"`(extensions = .*?)`", PAGE)

STOCK = 'project = "Mine"\nextensions = ["myst_nb"]\nhtml_theme = "basic"\n'
PAGES = {
    "index": HEAD + "# Index\n\n```{code-cell} python\nprint(6 * 7)\n```\n\n```{toctree}\ntimes\n```\n",
    "times": HEAD + "# Times\n\n```{code-cell} python\nx = list(range(1000))\n%timeit -n 10 -r 2 sum(x)\n```\n",
}


RAN = re.compile(r"^\[\d+/\d+\] (\S+):", re.MULTILINE)
"""What the build says of each page that runs."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a stock site, built, and the extension beside it, installed as the page says."""
    folder = tmp_path_factory.mktemp("mine")
    (folder / "docs").mkdir()
    (folder / "docs/conf.py").write_text(STOCK)
    for name, text in PAGES.items():
        (folder / f"docs/{name}.md").write_text(text)
    install, build = COMMANDS[:2]
    assert install == "python -m pip install path/to/this/repository"
    offline = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--target", str(folder / "installed")]
    subprocess.run([sys.executable, "-m", "pip", "install", *offline, str(ROOT)], check=True)
    assert said(folder, build).returncode == 0
    return folder


def said(folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    """Return what a command of the page does there."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(folder / "installed"), "CI": ""}
    program, *arguments = command.split()
    called = [sys.executable, "-m", {"sphinx-build": "sphinx"}.get(program, program), *arguments]
    return subprocess.run(called, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_commands_of_the_page_are_these() -> None:
    assert [command.split()[0] for command in COMMANDS] == ["python", "sphinx-build", "witness", "witness"]


@pytest.mark.slow
def test_a_stock_site_becomes_honest_by_a_line_and_stock_again_without_it(site: Path) -> None:
    _, build, accept, check = COMMANDS
    conf, built = site / "docs/conf.py", site / "build/html/times.html"
    assert "witness" not in built.read_text("utf-8")

    conf.write_text(STOCK.replace('extensions = ["myst_nb"]', LINE))
    done = said(site, build)
    assert done.returncode == 0, done.stderr
    assert "witness-timing" in built.read_text("utf-8")
    assert "42" in (site / "build/html/index.html").read_text("utf-8")

    assert sorted(RAN.findall(done.stdout + done.stderr)) == ["docs/index.md", "docs/times.md"]

    times = site / "docs/times.md"
    times.write_text(PAGES["times"].replace("# Times", "# Times that were taken"))
    done = said(site, build)  # only prose changed
    assert RAN.findall(done.stdout + done.stderr) == []
    assert "Times that were taken" in built.read_text("utf-8")

    done = said(site, accept)
    assert done.returncode == 0, done.stderr
    assert "42" in (site / "tests/expected/index.txt").read_text("utf-8")
    done = said(site, check)
    assert done.returncode == 0, done.stdout + done.stderr

    page = site / "docs/index.md"
    page.write_text(page.read_text().replace("6 * 7", "6 * 8"))
    done = said(site, check)
    assert done.returncode == 1
    assert re.search(r"docs/index\.md:\d+:", done.stdout + done.stderr)
    page.write_text(page.read_text().replace("print(6 * 8)", "1 / 0"))
    done = said(site, build)
    assert done.returncode == 1
    assert re.search(r"docs/index\.md:\d+: .*ZeroDivisionError", done.stderr)
    assert "build again" in done.stderr

    page.write_text(PAGES["index"])
    conf.write_text(STOCK)
    done = said(site, build)
    assert done.returncode == 0, done.stderr
    assert "witness" not in built.read_text("utf-8")
