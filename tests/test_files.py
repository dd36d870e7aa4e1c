"""Each cell's code has a file of its own, whatever code stands on the page, and all else is as stock."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

import pytest

from tests.building import CONF, Site, page
from tests.kernels import Page, Pages
from witness.records.kinds import FILES, IR
from witness.runner.execution import PREAMBLE

NAME = "print((lambda: 0).__code__.co_filename)"
WARNS = "import warnings\nwarnings.warn('twice')"


@pytest.fixture
def kernel(forking: Pages) -> Iterator[Page]:
    with forking.watched() as found:
        yield found


@pytest.fixture
def stock(forking: Pages) -> Iterator[Page]:
    with forking.start() as found:
        yield found


def files(kernel: Page, code: str) -> tuple[list[str], list[str]]:
    """Return the files that a cell prints, and those that it is told to have."""
    reply = kernel.run(code)
    return reply.stdout.split(), FILES.of(reply.captured)


def test_the_first_cell_with_a_code_has_stock_s_file_and_tells_nothing(kernel: Page, stock: Page) -> None:
    (name,), told = files(kernel, NAME)
    assert PurePath(name).name == PurePath(stock.run(NAME).stdout.strip()).name
    assert told == []


def test_each_later_cell_with_the_same_code_has_a_file_of_its_own_and_tells_it(kernel: Page) -> None:
    found = [files(kernel, NAME) for _ in range(4)]
    names = [name for (name,), _ in found]
    assert len({*names}) == 4
    assert [told for _, told in found] == [[], *([name] for name in names[1:])]
    assert {PurePath(name).parent.name for name in names} == {f"ipykernel_{kernel.kernel.pid}"}
    assert all(PurePath(name).stem.isdecimal() for name in names)


def test_code_that_a_cell_runs_is_of_that_cell(kernel: Page) -> None:
    again = f"for _ in range(3):\n    get_ipython().run_cell({NAME!r})"
    (first, *others), told = files(kernel, again)
    assert others == [first, first]
    assert told == [first]
    (own,), told = files(kernel, NAME)
    assert own != first
    assert told == [own]
    (second, *_), told = files(kernel, again)
    assert second not in (first, own)
    assert len(told) == 2
    assert second in told


def test_a_count_that_starts_again_changes_nothing(kernel: Page) -> None:
    names = []
    for _ in range(2):
        names += files(kernel, NAME)[0]
        kernel.run("%reset -f")
    assert len({*names}) == 2


def test_source_and_debugger_find_each_cell(kernel: Page) -> None:
    kernel.run("def f(x):\n    return 1 / x  # the first")
    for code in ("def g(x):\n    return 2 / x", "import inspect\nprint(inspect.getsource(f), end='')"):
        kernel.run(code)
    assert kernel.run("import inspect\nprint(inspect.getsource(f), end='')").stdout.endswith("# the first\n")
    traceback = kernel.run("f(0)").traceback
    again = kernel.run("f(0)").traceback
    assert "# the first" in traceback
    assert "# the first" in again
    debugger = "pdb.Pdb(stdin=io.StringIO('list\\\\nq\\\\n'), stdout=out)"
    kernel.run(f"import io, pdb, sys\nout = io.StringIO()\n{debugger}.interaction(None, sys.last_traceback)")
    assert "# the first" in kernel.run("print(out.getvalue())").stdout


def test_warnings_are_shown_as_often_as_in_a_stock_kernel(kernel: Page, stock: Page) -> None:
    loop = f"for _ in range(3):\n    get_ipython().run_cell({WARNS!r})"
    function = "def f():\n    warnings.warn('in f')\nf(); f()"
    once = "warnings.simplefilter('once')\nwarnings.warn('once')"
    cells = [WARNS, WARNS, "x = 1", WARNS, loop, function, function, "f()", once, once, "import re; re.compile('a{1')"]
    for code in cells:
        mine, theirs = kernel.run(code), stock.run(code)
        assert mine.stderr.count("Warning") == theirs.stderr.count("Warning"), code
        assert mine.stdout == theirs.stdout


def test_a_site_may_name_the_file_of_cells(forking: Pages) -> None:
    with forking.start() as found:
        found.run("import os\nos.environ['IPYKERNEL_CELL_NAME'] = 'cell.py'")
        assert found.run(PREAMBLE).status == "ok"
        assert files(found, NAME) == (["cell.py"], [])
        assert files(found, NAME) == (["cell.py"], [])


# ---------------------------------------------------------------------------------------------------------------------
# On a page

RAISES = ":raises: ValueError\n"
CHECK = "def check(x):\n    raise ValueError(x)"
CELLS = (
    CHECK,
    f"{RAISES}check(-1)",
    "check",
    f"{RAISES}check(-1)",
    CHECK,
    f"{RAISES}check(-1)",
    "%%capture out\nimport warnings\nwarnings.warn('kept')",
    "out.show()",
    "%%capture out\nimport warnings\nwarnings.warn('kept')",
    "out.show()",
    ":load: ../examples/fails.py\n",
    f"{RAISES}fails()",
    ":load: ../examples/fails.py\n",
    f"{RAISES}fails()",
    "import jax\njax.make_jaxpr(lambda x: jax.numpy.sin(x))(1.0)",
    "import jax\njax.make_jaxpr(lambda x: jax.numpy.sin(x))(1.0)",
    "import traceback\ntry:\n    check(1)\nexcept ValueError:\n    traceback.print_exc()",
    "import traceback\ntry:\n    check(1)\nexcept ValueError:\n    traceback.print_exc()",
    f"{RAISES}import jax\njax.jit(lambda x: check(x))(1)",
    f"{RAISES}import jax\njax.jit(lambda x: check(x))(1)",
    ":raises: SyntaxError\ndef f(:",
    ":raises: SyntaxError\ndef f(:",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("twice")
    (folder / "examples").mkdir()
    (folder / "examples" / "fails.py").write_text("def fails():\n    raise ValueError\n")
    built = Site.at(folder, {"page": page(*CELLS)}, CONF.replace("witness_strict = True\n", ""))
    built.right("-W", "--keep-going")
    return built


@pytest.fixture(scope="module")
def cells(site: Site) -> list[dict[str, Any]]:
    return [vars(cell) for cell in site.record("page").cells]


def test_frames_name_the_cell_that_ran(cells: list[dict[str, Any]]) -> None:
    def named(number: int) -> list[str]:
        return [frame["file"] for frame in cells[number - 1]["captured"]["errors"][-1]["frames"]]

    assert named(2) == ["<cell 2>", "<cell 1>"]
    assert named(4) == ["<cell 4>", "<cell 1>"]
    assert named(6) == ["<cell 6>", "<cell 5>"]
    assert named(19) == ["<cell 19>", "<cell 19>", "<cell 5>"]
    assert named(20) == ["<cell 20>", "<cell 20>", "<cell 5>"]
    assert (named(21), named(22)) == (["<cell 21>"], ["<cell 22>"])


def test_texts_name_the_cell_that_ran(cells: list[dict[str, Any]]) -> None:
    def printed(number: int) -> str:
        (output,) = cells[number - 1]["outputs"]
        return str(output["text"])

    assert printed(8).startswith("<cell 7>:2: UserWarning")
    assert printed(10).startswith("<cell 9>:2: UserWarning")
    for number in (17, 18):
        assert f'File "<cell {number}>", line 3' in printed(number)
        assert 'File "<cell 5>", line 2' in printed(number)


def test_an_operation_is_of_the_cell_that_was_traced(cells: list[dict[str, Any]]) -> None:
    for number in (15, 16):
        (output,) = cells[number - 1]["outputs"]
        assert {place["file"] for place in output["data"][IR.mime]["places"]} == {f"<cell {number}>"}


def test_no_record_keeps_what_told_the_files(cells: list[dict[str, Any]]) -> None:
    assert not [cell["number"] for cell in cells if FILES.name in cell["captured"]]


def test_a_frame_links_to_the_cell_that_was_shown_last(site: Site) -> None:
    html = site.html("page") or ""
    for number, example in ((12, 11), (14, 13)):
        cell = html.partition(f'id="witness-cell-{number}"')[2].partition('id="witness-cell-')[0]
        assert re.findall(r'href="#(witness-cell-\d+)"', cell) == [f"witness-cell-{example}"]
    for number in (4, 6):
        cell = html.partition(f'id="witness-cell-{number}"')[2].partition('id="witness-cell-')[0]
        assert re.findall(r'href="#(witness-cell-\d+)"', cell) == [f"witness-cell-{ {4: 1, 6: 5}[number] }"]
