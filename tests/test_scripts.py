"""The script of every page is plain Python; each is run, with `python` and `ipython`, by `nox -s scripts`."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tests.scripts import WAYS, run, scripts
from tests.stock import executed, printed
from witness.export.script import script
from witness.reading.notebook import read_notebook
from witness.reading.site import Site

DOCS = Path(__file__).parents[1] / "docs"
PAGES = sorted(path for path in DOCS.rglob("*.md") if "{code-cell}" in path.read_text("utf-8"))
TIMED = "import time\nr = %timeit -o -n 1 -r 3 time.sleep(0.001)\nassert len(r.timings) == 3\nprint('timed', r.loops)"
GUARDED = """\
def main():
    raise SystemExit("started")

if __name__ == "__main__" and "__file__" in globals():
    main()"""
LATER = "%%timeit -n 1 -r 1\ndisplayed = 1"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_the_script_of_a_page_is_python_and_says_what_it_asks_of_ipython(path: Path) -> None:
    notebook = read_notebook(path.read_text("utf-8"), path, Site(DOCS))
    assert notebook
    for cell in notebook.cells:
        cell.setdefault("outputs", [])
        if cell.metadata.get("raises"):
            cell.metadata["tags"] = [*cell.metadata.get("tags", []), "raises-exception"]
    text = script(notebook)
    tree = ast.parse(text)
    compile(text, "page.py", "exec")  # to parse it is not enough: a cell may await, a module may not
    used = {it.id for it in ast.walk(tree) if isinstance(it, ast.Name) and isinstance(it.ctx, ast.Load)}
    assert ("InteractiveShell" in text) == bool({"get_ipython", "display"} & used)
    assert "__file__" not in text or 'globals().pop("__file__", None)' in text


@pytest.mark.parametrize("way", WAYS)
def test_magics_and_the_guard_of_a_listing_do_in_a_script_what_they_do_in_a_notebook(way: str, tmp_path: Path) -> None:
    cells = [TIMED, GUARDED, LATER, "display('shown')", "print('done')"]
    path = tmp_path / "page.py"
    path.write_text(script(new_notebook(cells=[new_code_cell(cell) for cell in cells])), "utf-8")
    done = run(path, way)
    assert not done.fails, done.text
    for part in ("timed 1", "shown", "done"):
        assert part in done.text
    assert "started" not in done.text


AWAITING = (
    "import asyncio\n\nasync def get(value, error=None):\n    if error:\n        raise error\n    return value",
    "going_on = asyncio.create_task(get('later'))",
    'x, *rest = await get(20), 1\ntext = """a\n  b"""\n[late := it async for it in numbers()]',
    "await get(1, ValueError('refused'))",
    "def plain():\n    return x\n\nprint(plain(), rest, repr(text), late, await going_on)",
)
NUMBERS = "async def numbers():\n    for n in range(3):\n        yield n"


@pytest.mark.parametrize("way", [*WAYS, "kernel"])
def test_a_cell_that_awaits_does_in_a_script_what_it_does_in_a_notebook(way: str, tmp_path: Path) -> None:
    cells = [new_code_cell(cell) for cell in (NUMBERS, *AWAITING)]
    cells[4].metadata["tags"] = ["raises-exception"]
    path = tmp_path / "page.py"
    path.write_text(script(new_notebook(cells=cells)), "utf-8")
    if way == "kernel":
        parts = [new_code_cell(part) for part in path.read_text("utf-8").split("# %%\n") if part.strip()]
        text = "".join(printed(cell) for cell in executed(new_notebook(cells=parts), tmp_path).cells)
    else:
        done = run(path, way)
        assert not done.fails, done.text
        text = done.text
    assert "ValueError: refused" in text
    assert "20 [1] 'a\\n  b' 2 later" in text


def test_a_cell_that_only_names_a_task_is_as_it_was() -> None:
    cell = "print('create_task(later)')"
    assert script(new_notebook(cells=[new_code_cell(cell)])) == f"# %%\n{cell}\n"


def test_what_no_function_may_have_stays_at_the_top() -> None:
    cell = "from math import *\ncreate_task(sqrt)"
    assert cell in script(new_notebook(cells=[new_code_cell(cell)]))


@pytest.mark.parametrize("way", WAYS)
def test_a_script_that_fails_is_said_to(way: str, tmp_path: Path) -> None:
    path = tmp_path / "page.py"
    path.write_text("1 / 0\n", "utf-8")
    assert run(path, way).fails
    path.write_text("print('Traceback (most recent call last)')\n", "utf-8")
    assert not run(path, way).fails


def test_scripts_are_those_beside_a_page(tmp_path: Path) -> None:
    for name in ("a.html", "a.py", "_static/tool.py", "part/b.html", "part/b.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert scripts(tmp_path) == [tmp_path / "a.py", tmp_path / "part" / "b.py"]


def test_what_a_script_leaves_among_temporary_files_goes_with_it(tmp_path: Path) -> None:
    path = tmp_path / "page.py"
    path.write_text("import tempfile\nprint(tempfile.mkdtemp())\n", "utf-8")
    assert not Path(run(path, "python").text.strip()).exists()
