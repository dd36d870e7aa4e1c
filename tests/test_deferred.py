"""What executes in MyST-NB is not imported by a build, and is all there for whoever calls it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.building import CONF, Site, page

NOTE = """
import sys

def note(app, error):
    with open(app.confdir / "imported", "w") as file:
        file.write(str("sqlalchemy" in sys.modules))

def setup(app):
    app.connect("build-finished", note)
"""


@pytest.mark.parametrize("first", ["witness", "myst_nb"])
def test_a_build_imports_no_database(first: str, tmp_path: Path) -> None:
    order = ["witness", "myst_nb"] if first == "witness" else ["myst_nb", "witness"]
    conf = CONF.replace('["myst_nb", "sphinx_exercise", "witness"]', str(order)) + NOTE
    site = Site.at(tmp_path, {"one": page("6 * 7")}, conf)
    done = subprocess.run(site.command("-W"), capture_output=True, text=True, check=False)  # with nothing imported
    assert done.returncode == 0, done.stderr
    assert "42" in (site.html("one") or "")
    assert (tmp_path / "conf" / "imported").read_text() == str(first == "myst_nb")


def execute(program: str) -> str:
    """Run a program after the deferral, and return what it printed."""
    start = "from witness.sphinx.deferred import defer; defer()\n"
    done = subprocess.run([sys.executable, "-c", start + program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_mystnb_executes_for_whoever_asks_it_to(tmp_path: Path) -> None:
    program = f"""
import sys, nbformat.v4 as v4
from pathlib import Path
from myst_nb.core.config import NbParserConfig
from myst_nb.core.execute import create_client
from myst_nb.core.loggers import DocutilsDocLogger
from docutils.utils import new_document
import myst_nb.core.execute as execute
assert "jupyter_cache" not in sys.modules
notebook = v4.new_notebook(cells=[v4.new_code_cell("print(6 * 7)")])
notebook.metadata["kernelspec"] = {{"name": "python3"}}
source = Path({str(tmp_path)!r}, "page.ipynb")
source.touch()
config = NbParserConfig(execution_mode="force")
with create_client(notebook, str(source), config, DocutilsDocLogger(new_document("x"))) as client:
    print(type(client).__module__, notebook.cells[0].outputs[0].text.strip())
"""
    assert execute(program) == "myst_nb.core.execute.direct 42\n"


def test_whatever_else_is_asked_of_a_module_is_real() -> None:
    program = "from myst_nb.core.execute.cache import get_cache; print(get_cache.__module__)"
    assert execute(program) == "jupyter_cache\n"


def test_once_mystnb_is_imported_nothing_is_replaced() -> None:
    program = "import sys, myst_nb.core.execute\ndefer()\nprint(sys.modules['myst_nb.core.execute.cache'].__file__)"
    done = subprocess.run(
        [sys.executable, "-c", "from witness.sphinx.deferred import defer\n" + program],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.endswith("cache.py\n")
