"""The scan of the finished site raises an alarm for what is this machine's, by page and line, and for nothing else."""

from __future__ import annotations

import getpass
import json
import os
import re
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.building import Site, page
from witness.records.scrub import Machine
from witness.sphinx.scan import Leak, by_page, scan

MACHINE = Machine(
    places=[("/home/ada/book", "."), ("/workspace", "."), ("~/book", "."), ("/usr/lib/python3.11", "python")],
    hosts=["lovelace"],
)


def site(folder: Path, **files: str) -> list[Leak]:
    """Return what the scan finds in a site of these files."""
    output = folder / "html"
    output.mkdir(exist_ok=True)
    for name, text in files.items():
        (output / f"{name}.html").write_text(text)
    return list(scan(output, MACHINE))


def test_each_thing_is_told_once_a_file_with_its_line(tmp_path: Path) -> None:
    text = "<p>\n<a href='/home/ada/book/x'>/home/ada/book</a>\nada@lovelace /home/ada/book"
    assert site(tmp_path, a=text) == [Leak("a.html", 2, "/home/ada/book"), Leak("a.html", 3, "ada@lovelace")]


@pytest.mark.parametrize(
    "text",
    [
        "/tmp/ipykernel_12345/67.py ipykernel_1 /root/x /home/adam",
        "/workspace/a ~/book /usr/lib/python3.11/os.py:3 https://x.org/home/ada/book root@server",
    ],
)
def test_what_any_machine_may_have_is_no_leak(tmp_path: Path, text: str) -> None:
    assert site(tmp_path, a=text) == []


def test_a_leak_is_found_until_it_is_mended(tmp_path: Path) -> None:
    assert [leak.file for leak in site(tmp_path, a="/home/ada/book", b="")] == ["a.html"]
    assert [leak.file for leak in site(tmp_path)] == ["a.html"]
    assert site(tmp_path, a="") == []


def test_what_a_page_shows_is_not_told_again_of_its_copies() -> None:
    copy, shown, other, index = leaks = [
        *(Leak("_sources/a.md.txt", 1, "x"), Leak("a.html", 2, "x")),
        *(Leak("search.js", 3, "y"), Leak("search.js", 4, "x")),
    ]
    assert list(by_page(leaks, {"a.html": "a", copy.file: "a"})) == [("a", shown), (None, other)]
    assert list(by_page([copy, index], {"a.html": "a", copy.file: "a"})) == [("a", copy)]


# ---------------------------------------------------------------------------------------------------------------------
# In a build

OTHERS = """\
import os
extensions = ["witness", "myst_nb"]
html_theme = "basic"
nb_execution_mode = "auto"
suppress_warnings = ["mystnb.unknown_mime_type"]
"""


def stored(**outputs: str) -> str:
    """Return a notebook with stored outputs."""
    cells: list[dict[str, Any]] = [
        {"cell_type": "markdown", "id": "title", "metadata": {}, "source": "# Stored"},
        *(
            {
                "cell_type": "code",
                "id": name,
                "metadata": {},
                "execution_count": 1,
                "source": "x",
                "outputs": [{"output_type": "stream", "name": "stdout", "text": [f"{text}\n"]}],
            }
            for name, text in outputs.items()
        ),
    ]
    metadata = {"kernelspec": {"name": "python3", "display_name": "P"}, "language_info": {"name": "python"}}
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}, indent=1)


def test_what_another_machine_left_in_a_notebook_is_published(tmp_path: Path) -> None:
    built = Site.at(tmp_path, {"prose": "# Prose\n\nIn `/tmp/ipykernel_12345/67.py`, as root@server.\n"}, OTHERS)
    theirs = "/tmp/ipykernel_31/3512.py:2: UserWarning: old"
    text = stored(one=theirs, two="/home/ada/project /root/x", three="/opt/conda/lib/python3.11/site-packages/jax")
    (tmp_path / "docs" / "stored.ipynb").write_text(text)
    with (tmp_path / "docs" / "index.md").open("a") as index:
        index.write("\n```{toctree}\nstored\n```\n")
    built.right("-W")
    assert theirs in (built.html("stored") or "")
    assert "/tmp/ipykernel_12345/67.py" in (built.html("prose") or "")


def test_what_this_machine_left_in_a_notebook_is_told_by_its_line(tmp_path: Path) -> None:
    built = Site.at(tmp_path, {"good": "# Good\n"}, f"{OTHERS}\nwitness_reproducible = True\n")
    text = stored(one="x", two=f"{getpass.getuser()}@{socket.gethostname()}:{tmp_path}/docs/a.py")
    (tmp_path / "docs" / "stored.ipynb").write_text(text)
    (line,) = (number for number, line in enumerate(text.splitlines(), 1) if str(tmp_path) in line)
    with (tmp_path / "docs" / "index.md").open("a") as index:
        index.write("\n```{toctree}\nstored\n```\n")
    done = built.build()
    assert done.returncode == 1
    told = f"docs/stored.ipynb:{line}: ERROR: stored.html shows something of this machine: {tmp_path}"
    assert told in done.stderr
    assert "can be cleared" in done.stderr


PATHS = r"""
import json, os, subprocess, sys, tempfile, traceback, warnings
import jax
from html import escape
from urllib.parse import quote
from IPython.display import HTML, JSON, Markdown, display
here = os.getcwd()
markup = HTML(f"<b>{f()}</b>")
paths = [here, jax.__file__, json.__file__, sys.prefix, sys.executable, *sys.argv, *sys.path, f(), os.__file__]
for path in filter(None, paths):
    print(path, repr(f"\n{path}"), json.dumps({path: f"a\n{path}"}), quote(path), quote(path, safe=""))
    print(f"\x1b[32m{path}\x1b[0m", json.dumps(path).replace("/", "\\/"), f"file://{path}")
    print(path.replace("e", "e\x1b[0m"))
    display(HTML(f"<p title='{escape(path)}'>{escape(path)}</p>"), Markdown(f"to {path}"), JSON({path: [path]}))
print(os.getpid(), "pid", os.getpid(), f"<Popen pid={os.getpid()}>", f"/proc/{os.getpid()}/status")
print(subprocess.run([sys.executable, "-c", "import json; json.loads('{')"], capture_output=True, text=True).stderr)
"""
FAILS = (
    "def f():\n    return f.__code__.co_filename\nimport warnings\nwarnings.warn(f())",
    PATHS,
    "try:\n    jax.numpy.ones(3).reshape(7)\nexcept TypeError:\n    traceback.print_exc()",
    ":tags: [raises-exception]\njax.numpy.ones(3) @ jax.numpy.ones(4)",
    ":tags: [raises-exception]\njson.loads('{')",
    ":tags: [raises-exception]\ndef f(:",
    "%%capture out\nwarnings.warn('captured')",
    "out.show()",
    "jax.jit(lambda x: x + 1).lower(1.0).as_text(debug_info=True)",
    "import logging\nlogging.error('%s', 'x', stack_info=True)",
)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Site, str]:
    """Return a site that shows all that it can of its machine, and its log."""
    folder = tmp_path_factory.mktemp("shown")
    prose = "At {eval}`here`, {live}`here` and {eval}`markup`."
    text = page(*FAILS, prose=prose, head="mystnb: {execution_mode: inline}")
    built = Site.at(folder, {"page": text}, OTHERS)
    done = built.right("-W", "--keep-going")
    return built, done.stderr


def test_no_path_of_this_machine_reaches_the_record_or_the_site(shown: tuple[Site, str]) -> None:
    built, _ = shown
    ours = [str(built.folder), sys.prefix, sys.base_prefix, "/page-", "/witness-", os.environ["PATH"]]
    ours = [*map(re.escape, ours), r"ipykernel_\d"]
    files = [*built.folder.rglob(".witness/*/*.json"), *(built.folder / "html").rglob("*.html")]
    assert files
    for path in files:
        text = path.read_text("utf-8")
        for there in (text, text.replace("\\/", "/"), re.sub(r"\\u001b\[\d+m|\x1b\[\d+m|</?span[^>]*>", "", text)):
            found = [
                there[match.start() - 60 : match.end() + 20] for word in ours for match in re.finditer(word, there)
            ]
            assert not found, path.name


def test_what_a_library_is_called_does_not_depend_on_the_machine(shown: tuple[Site, str]) -> None:
    built, _ = shown
    (path,) = built.folder.rglob(".witness/*/page.json")
    cells = json.loads(path.read_text("utf-8"))["cells"]
    outputs = {cell["number"]: json.dumps(cell["outputs"]) for cell in cells}
    assert 'File \\"jax/_src/' in outputs[3]
    assert "\\u001b[32mjax/_src/" in outputs[4]
    assert "\\u001b[32mpython/json/decoder.py:" in outputs[5]
    assert "(line 1)" in outputs[6]
    assert "<cell 7>:1: UserWarning: captured" in outputs[8]
    assert "<cell 9>" in outputs[9]
    assert "<cell 10>" in outputs[10]
    assert "<b>&lt;cell 1&gt;</b>" in (built.html("page") or "")
    assert re.search(r"\d+ pid N <Popen pid=N> /proc/N/status", outputs[2])
