"""Sites that are not ours, which only added ``witness`` to their extensions, keep their settings."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
import pytest
from ipykernel.ipkernel import IPythonKernel

from tests.building import HEAD, Site, page, text_of

Foreign = tuple[Site, subprocess.CompletedProcess[str]]

FOREIGN = """
import sys
sys.path.insert(0, {conf!r})
project = "Another's"
extensions = ["myst_nb", "witness"]
html_theme = "basic"
source_suffix = {{".rst": "restructuredtext", ".md": "myst-nb", ".ipynb": "myst-nb"}}
nb_execution_timeout = {timeout}
nb_execution_excludepatterns = ["excluded*"]
nb_kernel_rgx_aliases = {{"their-.*": "python3"}}
nb_custom_formats = {{".cells": ["reads_cells.read", {{"greeting": "hello"}}, True]}}
nb_execution_mode = "{mode}"
myst_enable_extensions = ["dollarmath"]
"""
READER = """
import nbformat

def read(text, greeting):
    code, _, prose = text.partition("====")
    cells = [nbformat.v4.new_code_cell(f"print({greeting!r})\\n{code}"), nbformat.v4.new_markdown_cell(prose)]
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python"}}
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)
"""
ECHO = """
import sys
from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel

class Echo(Kernel):
    implementation, implementation_version, banner = "echo", "1", "echo"
    language_info = {"name": "bash", "mimetype": "text/x-sh", "file_extension": ".sh", "pygments_lexer": "bash"}

    def do_execute(self, code, silent, store_history=True, user_expressions=None, allow_stdin=False, **_):
        if not silent:
            self.send_response(self.iopub_socket, "stream", {"name": "stdout", "text": "echo: " + code})
        return {"status": "ok", "execution_count": self.execution_count, "payload": [], "user_expressions": {}}

IPKernelApp.launch_instance(kernel_class=Echo)
"""
GLUED = "from myst_nb import glue\nglue('glued', 6 * 7)"
HELPER = "# A helper of the pages\nVALUE = 'from the ' + 'helper'\n"


OFF = page("'never ' + 'run'", head="mystnb: {execution_mode: 'off'}")
EVALUATED = (
    page("n = 1", head="mystnb: {execution_mode: inline}")
    + "First {eval}`n`.[^note]\n\n[^note]: Last {eval}`n`.\n\n"
    + "```{code-cell}\nn += 1\nfrom IPython.display import HTML\nbold = HTML('<b>so ' + 'bold</b>')\n```\n\n"
    + "Second {eval}`n`.\n\n```{eval} bold\n```\n"
)


def notebook(*cells: str | tuple[str, str | None, Sequence[str]]) -> str:
    """Return a notebook: each cell is prose, or code with the text that it printed before and its tags."""
    return json.dumps(
        {
            "cells": [written(number, cell) for number, cell in enumerate(("# A notebook", *cells))],
            "metadata": {"kernelspec": {"name": "python3", "display_name": "Python"}},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )


def written(number: int, cell: str | tuple[str, str | None, Sequence[str]]) -> dict[str, Any]:
    if isinstance(cell, str):
        return {"cell_type": "markdown", "id": f"cell{number}", "metadata": {}, "source": cell}
    source, text, tags = cell
    return {
        "cell_type": "code",
        "id": f"cell{number}",
        "metadata": {"tags": list(tags)},
        "execution_count": None,
        "source": source,
        "outputs": [{"output_type": "stream", "name": "stdout", "text": text}] if text else [],
    }


def tagged(source: str, tag: str) -> str:
    return page(source, options=f":tags: [{tag}]\n")


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Foreign:
    folder = tmp_path_factory.mktemp("foreign")
    conf = FOREIGN.format(conf=str(folder / "conf"), mode="auto", timeout=300)
    pages = {
        "raises": tagged("print('before')\nraise ValueError('as it may')", "raises-exception"),
        "raises-not": tagged("'did not raise'", "raises-exception"),
        "allows": page("1 / 0", head="mystnb: {execution_allow_errors: true}"),
        "off": OFF,
        "excluded": page("'never ' + 'run'"),
        "skips": page("x = 1") + "```{code-cell}\n:tags: [skip-execution]\nundefined_name\n```\n",
        "glues": page(GLUED, prose="Glued: {glue}`glued`."),
        "glues-from-afar": "# Afar\n\nAfar: {glue:any}`glues.md::glued`.\n",
        "alias": page("'by an ' + 'alias'").replace("name: python3", "name: their-own"),
        "folder/here": page("import helper\nhelper.VALUE", "import os\nos.path.exists('here.md')"),
        "evaluated": EVALUATED,
        "table": "# Table\n\n```{nb-exec-table}\n```\n",
        "echoes": page("ls --all").replace("name: python3", "name: echo"),
        "hints": page("1 + 1", prose="```{hint}\n:class: dropdown\n\nA first paragraph.\n```\n"),
        "syntax": tagged("def f(:", "raises-exception"),
        "figures": page(
            "import matplotlib\nmatplotlib.rcParams['axes.spines.top'], matplotlib.rcParams['svg.hashsalt']"
        ),
        "formulas": page("1 + 1", prose="By its own MathJax: $\\color{red}{x^2}$.\n"),
        "leads": page("1 + 1", prose="As `/home/user/.bashrc` or `/root/.bashrc` say.\n"),
    }
    site = Site.at(folder, pages, conf)
    (folder / "conf" / "reads_cells.py").write_text(READER)
    docs = folder / "docs"
    (docs / "folder" / "helper.py").write_text(HELPER)
    (docs / "stored.ipynb").write_text(notebook(("'not this'", "stored text", ())))
    missing = notebook(
        ("n = 'one'\nprint('as it ' + 'ran')", None, ()),
        "A line.\n\nFirst {live}`n`,[^a]\n\n[^a]: noted {live}`n`",
        ("n = 'two'", "old text", ()),
        "A line.\n\nthen {live}`n`.",
        ("1 / 0", "kept text", ["skip-execution"]),
    )
    (docs / "missing.ipynb").write_text(missing)
    (docs / "own.cells").write_text("print('my own ' + 'format')\n====\n# Own\n\n```{note}\nAs it stands.\n```\n")
    (docs / "structured.rst").write_text("Structured\n==========\n\nText {live}`1`.\n")
    index = docs / "index.md"
    more = "stored\nmissing\nown\nstructured\n```\n"
    index.write_text(index.read_text("utf-8").rstrip().removesuffix("```") + more)
    kernel = folder / "jupyter" / "kernels" / "echo"
    kernel.mkdir(parents=True)
    (kernel / "echo.py").write_text(ECHO)
    argv = [sys.executable, str(kernel / "echo.py"), "-f", "{connection_file}"]
    (kernel / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "Echo", "language": "bash"}))
    return site, site.build(env={**os.environ, "JUPYTER_PATH": str(folder / "jupyter")})


def test_another_s_site_is_built(foreign: Foreign) -> None:
    site, done = foreign
    assert done.returncode == 0, done.stderr
    assert not (site.folder / "docs" / "folder" / "jupyter_execute").exists()
    assert not list(site.folder.rglob(".jupyter_cache"))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("raises", "before"),
        ("raises", "ValueError"),
        ("raises-not", "'did not raise'\n"),
        ("allows", "ZeroDivisionError"),
        ("glues", "Glued: 42."),
        ("glues-from-afar", "Afar: 42."),
        ("alias", "by an alias"),
        ("folder/here", "from the helper"),
        ("folder/here", "True"),
        ("stored", "stored text"),
        ("missing", "as it ran"),
        ("missing", "kept text"),
        ("missing", "First one,"),
        ("missing", "then two."),
        ("missing", "noted one"),
        ("own", "hello my own format"),
        ("own", "As it stands."),
        ("echoes", "echo: ls --all"),
        ("evaluated", "First 1."),
        ("evaluated", "Second 2."),
        ("evaluated", "Last 1."),
        ("evaluated", "so bold"),
        ("leads", "/home/user/.bashrc"),
        ("hints", "Hint A first paragraph."),
        ("syntax", "this cell, line 1"),
        ("figures", "(True, None)"),
        ("formulas", "\\(\\color{red}{x^2}\\)"),
    ],
)
def test_another_s_page_shows(foreign: Foreign, name: str, shown: str) -> None:
    assert shown.strip() in text_of(foreign[0].html(name)), foreign[1].stderr


def test_a_format_without_extensions_to_markdown_has_none(foreign: Foreign) -> None:
    assert "admonition" not in (foreign[0].html("own") or "")


@pytest.mark.parametrize("name", ["off", "excluded"])
def test_what_its_settings_exclude_is_not_run(foreign: Foreign, name: str) -> None:
    site, done = foreign
    assert name not in site.ran(done)
    assert "never run" not in text_of(site.html(name))


def test_a_notebook_with_outputs_is_not_run_in_auto_mode(foreign: Foreign) -> None:
    assert "docs/stored.ipynb: right" not in foreign[1].stderr
    assert "docs/missing.ipynb: right" in foreign[1].stderr


def test_the_table_of_executions_is_filled(foreign: Foreign) -> None:
    text = text_of(foreign[0].html("table"))
    for name in ("raises", "glues", "folder/here"):
        assert re.search(rf" {name} \d{{4}}-\d\d-\d\d \d\d:\d\d auto \d+\.\d+ ", text), text


def test_an_executed_notebook_says_of_its_language_what_its_kernel_says(foreign: Foreign) -> None:
    (left,) = foreign[0].folder.rglob("jupyter_execute")
    said = {name: nbformat.read(left / f"{name}.ipynb", 4).metadata.language_info for name in ("raises", "echoes")}
    assert said["raises"] == IPythonKernel.language_info
    assert said["echoes"]["pygments_lexer"] == "bash"


def test_another_language_is_highlighted_as_such(foreign: Foreign) -> None:
    assert "highlight-bash" in (foreign[0].html("echoes") or "")


def test_translators_get_what_an_author_wrote_and_nothing_that_ran(tmp_path: Path) -> None:
    long = (
        "import sys\nfor stream in (sys.stdout, sys.stderr):\n    print('\\n'.join(map(str, range(60))), file=stream)"
    )
    jitted = "import jax\nf = jax.jit(lambda x: x + 1)\nf(1.0)"
    cells = [jitted, "%timeit f(1.0).block_until_ready()", ":lens: steps\nf(2)", ":tags: [raises-exception]\n1 / 0"]
    more = "".join(f"\n```{{code-cell}}\n{cell}\n```\n" for cell in cells)
    text = page(long, prose="Written by somebody.\n") + more
    site = Site.at(tmp_path, {"a": text}, FOREIGN.format(conf=str(tmp_path), mode="force", timeout=30))
    site.right("-b", "gettext", output="pot")
    messages = re.findall(r'^msgid "(.+)"$', (tmp_path / "pot" / "a.pot").read_text("utf-8"), re.MULTILINE)
    assert messages == ["Page", "Written by somebody."]


# Faults of another's pages


def test_another_s_faults_are_named(tmp_path: Path) -> None:
    fails = {
        "fails": (page("1 / 0"), "9: ERROR: cell 1: unexpected-error"),
        "slow": (page("import time\ntime.sleep(30)"), "10: ERROR: cell 1: cell-budget"),
        "kernel": (page("1").replace("name: python3", "name: no-such"), "1: ERROR: unknown-kernel"),
        "spec": (page("1").replace("{name: python3}", "python3"), "1: ERROR: unreadable"),
        "lane": (page("1", head="witness: {lane: fast}"), "4: ERROR: unreadable"),
        "budget": (page("1", head="witness: {cell_budget: long}"), "4: ERROR: unreadable"),
        "witness": (page("1", head="witness: 3"), "4: ERROR: unreadable"),
        "load": (HEAD + "# Load\n\n```{code-cell}\n:load: gone.py\n```\n", "[0-9]+: ERROR: unreadable"),
        "options": (
            HEAD + "# Options\n\n```{code-cell}\n---\nname: x\ntags: [a\n---\n1\n```\n",
            "11: ERROR: unreadable: the cell's options cannot be read: expected ',' or ']'",
        ),
        "marked": (
            HEAD + "# Options\n\n```{code-cell}\n:tags: [hide-input]\n:name: 'x\n1\n```\n",
            "10: ERROR: unreadable: the cell's options cannot be read: found unexpected end of stream",
        ),
        "no-options": (
            HEAD + "# Options\n\n```{code-cell}\n:tags [hide-input]\n1\n```\n",
            r"8: ERROR: unreadable: the cell's options cannot be read: Invalid options format \(not a dict\)",
        ),
        "yaml": (
            HEAD.replace("python3}", "python3") + "# Head\n\n```{code-cell}\n1\n```\n",
            "3: ERROR: unreadable: the front matter cannot be read: expected ',' or '}'",
        ),
        "unclosed": (
            HEAD.replace("\n---", "") + "# Head\n\n```{code-cell}\n1\n```\n",
            "1: ERROR: unreadable: the front matter cannot be read: no line of three dashes",
        ),
        "value": ("# No code\n\nText.\n\nIt is {live}`1`.\n", "5: ERROR: unreadable"),
        "off": (OFF + "\nIt is {live}`1`.\n", "14: ERROR: unreadable"),
        "split": (page("1", prose="It is {live}`1 +\n1`.\n"), "[0-9]+: ERROR: .*no place"),
        "eval": (EVALUATED + "\nLast {eval}`undefined`.\n", "[0-9]+: ERROR: live-value"),
    }
    slow, ours, theirs = "import time\ntime.sleep(3.5)\n'in the ' + 'end'", "execution_timeout: 300", "timeout: 300"
    patient = {"patient": page(slow, head=f"mystnb: {{{ours}}}"), "cached": page(slow, head=f"execution: {{{theirs}}}")}
    good = {"good": page("'good'"), **patient}
    conf = FOREIGN.format(conf=str(tmp_path), mode="cache", timeout=3)
    site = Site.at(tmp_path, {**{name: text for name, (text, _) in fails.items()}, **good}, conf)
    done = site.build(env={**os.environ, "GITHUB_ACTIONS": "true"})
    assert done.returncode == 1
    for name, (_, fault) in fails.items():
        assert re.search(rf"docs/{name}\.md:{fault}", done.stderr), done.stderr
        assert site.html(name) is None
        assert re.search(rf"^::error file=\S*docs/{name}\.md,line=", done.stdout, re.MULTILINE)
    assert "good" in (site.html("good") or "")
    assert all("in the end" in (site.html(name) or "") for name in patient)
    assert "Sphinx" not in done.stderr
    assert done.stderr.count("no place in the record") == 1
