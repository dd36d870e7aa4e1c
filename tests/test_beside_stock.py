"""A site built by stock and by ours, output by output: what differs is found, whatever it is, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.beside_stock.__main__ import main, report
from tests.beside_stock.site import build, settings
from tests.building import page

pytestmark = pytest.mark.slow

CONF = 'project = "Small"\nextensions = ["myst_nb"]\nhtml_theme = "basic"\nsuppress_warnings = ["toc"]\n'
PAGE = page("import _helper as helper", *(f"helper.cell{number}()" for number in range(1, 10)))
HEAD = "import random, sys\nfrom IPython.display import HTML, SVG, display\n\ndef stable(value): return value\n"
SVG = 'SVG(\'<svg xmlns="http://www.w3.org/2000/svg" width="{}"/>\')'
STOCK = {
    1: "print('one')",
    2: "print('a'); display(1); print('b'); display(2)",
    3: "display(HTML('<b>x</b>'))",
    4: "print('one'); display(1); display(2)",
    5: "print('first'); print('second')",
    6: f"display({SVG.format(1)})",
    7: "1 / 0",
    8: "print('x', file=sys.stderr)",
    9: "print(object(), random.random())",
}
"""What the cells of a page do."""
OTHER = {
    1: "print('two')",
    2: "print('a'); print('b'); display(1); display(2)",
    3: "display('<b>x</b>')",
    4: "print('one'); display(1)",
    5: "print('second'); print('first')",
    6: f"display({SVG.format(2)})",
    7: "[][0]",
    8: "print('x')",
}
"""The same page, differently executed."""
FOUND = {
    1: "text of stdout",
    2: "order",
    3: "kind",
    4: "number",
    5: "order",
    6: "text of image/svg+xml",
    7: "text of error",
    8: "kind",
}


def site(folder: Path, cells: dict[int, str]) -> Path:
    """Write a site of two pages whose cells ask a helper module for what they do."""
    folder.mkdir()
    (folder / "conf.py").write_text(CONF + "nb_execution_allow_errors = True\n")
    (folder / "index.md").write_text("# Index\n\n```{toctree}\npage\nother\n```\n")
    (folder / "page.md").write_text(PAGE)
    (folder / "other.md").write_text(page("print(1)"))
    (folder / "_helper.py").write_text(
        HEAD + "".join(f"\ndef cell{number}():\n    {body}\n" for number, body in cells.items())
    )
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("beside")


def test_each_kind_of_difference_is_found_with_its_place_and_what_differs_by_itself_is_not(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sites = [site(folder / name, cells) for name, cells in (("stock", STOCK), ("other", {**STOCK, **OTHER}))]
    added = settings(ours=False)
    places = ((sites[0], "one"), (sites[0], "two"), (sites[1], "three"))
    one, two, other = (build(it, folder / "built" / name, added) for it, name in places)
    assert {it.status for it in (one, two, other)} == {0}, one.log
    assert report(sites[0], [one, two], [other]) == 1
    said = capsys.readouterr().out
    for number, what in FOUND.items():
        line = PAGE.splitlines().index(f"helper.cell{number}()") + 1
        assert f"page:{line}: cell {number + 1}: {what}\n" in said
    assert "    stock: ZeroDivisionError: division by zero\n    ours: IndexError" in said
    assert "3 of 11 cells equal" in said
    assert "1 of them differ between two stock builds" in said
    assert report(sites[0], [one, two], [one]) == 0
    assert "11 of 11 cells equal\n" in capsys.readouterr().out


def test_ours_beside_stock(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cells = {**STOCK, 2: "import os; print(os.getcwd()); print(os.__file__, display)"}
    place = site(folder / "small", cells)
    status = main([str(place), "--pages", "page.md", "other.md", "--without", "other.md", "--", "-W", "--keep-going"])
    said = capsys.readouterr()
    assert "10 of 10 cells equal\n" in said.out
    assert said.out.count("medians of 2") == 1
    assert said.err.count(", exit 0") == 4
    assert status == 0


def test_a_page_that_fails_under_one_is_named_with_what_was_said(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = site(folder / "failing", STOCK)
    (place / "conf.py").write_text(CONF)
    assert main([str(place), "--repeats", "1"]) == 0
    said = capsys.readouterr().out
    assert "page: failed under stock\n" in said
    assert "page: failed under ours\n" in said
    assert "ZeroDivisionError" in said.split("failed under ours")[1]
    assert "10 cells are on pages that failed under both" in said


def one_page(folder: Path, cell: str, more: str = "") -> Path:
    """Write a site of one page with one cell."""
    folder.mkdir()
    (folder / "conf.py").write_text(CONF + more)
    (folder / "index.md").write_text(page(cell))
    return folder


def test_a_build_that_breaks_off_is_named_and_no_cell_is_compared(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = one_page(folder / "breaks-off", "print(1)", "extensions += ['no_such_extension']\n")
    assert main([str(place), "--repeats", "1"]) == 2
    said = capsys.readouterr().out
    assert said.startswith("stock broke off, exit 2: nothing was compared.")
    assert "no_such_extension" in said


def test_a_site_of_which_nothing_could_be_compared_is_not_alike(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(one_page(folder / "fails", "1 / 0")), "--repeats", "1"]) == 1
    assert "0 of 0 cells equal" in capsys.readouterr().out


def test_a_folder_that_is_no_site_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([str(tmp_path)])
    assert f"{tmp_path} has no conf.py" in capsys.readouterr().err
