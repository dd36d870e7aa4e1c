"""Downloads: a page as a notebook and a script, run in a kernel that has no witness, with the same results; as text."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from tests.building import CONF, Site, page
from tests.stock import executed, printed
from witness.records.kinds import TIMINGS

CELLS = (
    "import jax\nimport jax.numpy as jnp\nx = jnp.arange(3.0)\nprint(jax.make_jaxpr(jnp.sin)(x))",
    ":tags: [remove-cell]\nhidden = 7",
    'kept = "before"\n',
    ':raises: jax.errors.TracerBoolConversionError\ntext = """two\n  lines"""\n'
    "kept = text\njax.jit(lambda x: 1 if x > 0 else 2)(1.0)",
    ":raises: SyntaxError\nx = = 1",
    ":raises: GeneratorExit\nraise GeneratorExit(3)",
    ":tags: [hide-input]\nprint(repr(kept), hidden)",
    "timed = %timeit -o -q -n 1 -r 2 x.block_until_ready()\nlen(timed.timings)",
    ":tags: [remove-output]\nprint('not ' + 'shown')",
    ":load: ../examples/listing.py\n",
    "def f():\n    # %% this is no cell of its own\n    return 'a `code` ``span``'\nprint(f())",
    "display({'text/plain': 'plain', 'application/vnd.witness.ir+json': {'secret': 1}}, raw=True)",
)
LISTING = '"""A listing."""\n\nWOMBAT = 41 + 1\nprint("loaded", WOMBAT)\n'
PROSE = r"""
(target)=
## A heading with `code` and a {live}`1 + 1`

Value {live}`hidden * 2`, again {live}`hidden * 2`, role in code `{live}`, see {doc}`other`, {ref}`target`, {ref}`try`
and [over there](other.md), [here](#target), [outside](https://docs.jax.dev/en/latest/).
Stars \* and \_ a_b_c, 2 < 3 &amp; `a|b`, {sub}`low` {abbr}`HLO (high level)` text[^foot].
\# no heading

% a comment that nobody reads

$$ a + b \\ c $$ (sum)

Formula {eq}`sum` and $x_1$.

1. one
2. two
   - nested

     ```python
     in_list = "```"
     ```

| a | b |
|---|---|
| `1` | two *words* |

```{note}
A note with {live}`hidden`.
```

:::{admonition} My own title
:class: tip
Inside **bold**.
:::

> quoted

term
: definition

```{figure} eye.png
:alt: An eye

The caption.
```

[^foot]: At the foot.

```{exercise-start} Try it
:label: try
```
What is {live}`hidden`?
```{exercise-end}
```

```{solution-start} try
:class: dropdown
```
```{code-cell} python
print("the answer is", hidden)
```
After it.
```{solution-end}
```

**Next:** {doc}`other`
"""
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
SUFFIXES = (".ipynb", ".py", ".md", ".csv")
PUBLISHED = f"""{CONF}
html_baseurl = "https://example.org/book"
numfig = True
suppress_warnings = ["mystnb.unknown_mime_type"]
myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist", "dollarmath"]
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("downloads")
    pages = {"part/page": page(*CELLS, prose=PROSE), "part/other": page("'other'", title="The *other* page")}
    site = Site.at(folder, pages, PUBLISHED)
    (folder / "docs" / "part" / "eye.png").write_bytes(PNG)
    (folder / "docs" / "examples").mkdir()
    (folder / "docs" / "examples" / "listing.py").write_text(LISTING, "utf-8")
    site.right("-W", "--keep-going", "-j", "4")
    return site


@pytest.fixture(scope="module")
def notebook(site: Site) -> NotebookNode:
    found: NotebookNode = nbformat.read(site.folder / "html" / "part" / "page.ipynb", as_version=4)
    return found


@pytest.fixture(scope="module")
def prose(notebook: NotebookNode) -> str:
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


@pytest.fixture(scope="module")
def script(site: Site) -> Path:
    return site.folder / "html" / "part" / "page.py"


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found.append(dict(attrs))


@pytest.mark.parametrize(("builder", "name"), [("html", "part/page"), ("dirhtml", "part/page/index")])
def test_each_page_offers_all_and_the_links_lead_there(site: Site, builder: str, name: str) -> None:
    site.right("-W", "-b", builder, output=builder)
    links = _Links()
    links.feed(site.html(name, builder) or "")
    hrefs = [str(link["href"]) for link in links.found if "download" in link]
    files = [((site.folder / builder / name).parent / href).resolve() for href in hrefs]
    assert [file.name for file in files] == ["page.ipynb", "page.py", "page.md", "page.csv"]
    assert all(file.is_file() for file in files)


def test_a_page_that_runs_nothing_offers_nothing(site: Site) -> None:
    assert "download" not in (site.html("index") or "")
    assert not (site.folder / "html" / "index.ipynb").exists()
    assert not (site.folder / "html" / "index.md").exists()
    assert not (site.folder / "html" / "part" / "other.csv").exists()  # it measures nothing


def test_a_notebook_is_valid_and_keeps_what_the_page_shows(notebook: NotebookNode) -> None:
    nbformat.validate(notebook)
    by_source = {cell.source: cell for cell in notebook.cells}
    assert LISTING.strip() in by_source
    assert by_source["x = = 1"].metadata.tags == ["raises-exception"]
    assert by_source["print(repr(kept), hidden)"].metadata.jupyter == {"source_hidden": True}
    assert by_source["print('not ' + 'shown')"].outputs == []
    assert by_source['print("the answer is", hidden)'].outputs[0].text == "the answer is 7\n"
    assert notebook.metadata.kernelspec.name == "python3"
    assert notebook.metadata.language_info.name == "python"


def test_the_first_cell_pins_the_jax_of_the_record(site: Site, notebook: NotebookNode) -> None:
    version = site.record("part/page").environment["jax"]
    assert notebook.cells[0].source.splitlines()[-1] == f"# %pip install jax=={version}"
    assert f"JAX {version}" in notebook.cells[-1].source


def test_what_only_the_site_can_show_is_left_out(notebook: NotebookNode, site: Site) -> None:
    text = nbformat.writes(notebook)
    assert '"application/vnd.witness' not in text
    assert '"secret"' not in text
    assert str(site.folder) not in text
    assert "ipykernel" not in text


def test_no_myst_is_left_in_the_prose(prose: str) -> None:
    without_code = re.sub(r"`[^`\n]+`|\\(begin|end|tag){.*?}", "", prose)
    assert re.findall(r"\{[a-z:-]+\}|:::|^\(\w+\)=|^%.*", without_code, re.MULTILINE) == []


def test_the_prose_says_what_the_page_says(prose: str) -> None:
    for part in (
        "# Page\n",
        "## A heading with `code` and a 2\n",
        "Value 14, again 14, role in code `{live}`, see [The other page](https://example.org/book/part/other.html)",
        "[A heading with code and a 2](https://example.org/book/part/page.html#target)",
        "[Exercise 1](https://example.org/book/part/page.html#try)",
        "[here](https://example.org/book/part/page.html#target)",
        "[outside](https://docs.jax.dev/en/latest/)",
        "Stars \\* and \\_ a_b_c, 2 < 3 & `a|b`, <sub>low</sub> HLO text",
        "\\# no heading",
        "$$\n\\begin{aligned}\na + b \\\\ c\n\\end{aligned} \\tag{1}\n$$",
        "$x_1$",
        "| `1` | two *words* |",
        "> **Note**\n>\n> A note with 7.",
        "> **My own title**\n>\n> Inside **bold**.",
        "> quoted",
        "- **term**\n\n  definition",
        "![An eye](<attachment:eye.png>)",
        "**Fig. 1 The caption.**",
        "\\[1\\] At the foot.",
        "**Exercise 1 (Try it)**\n\nWhat is 7?",
        "**Solution to [Exercise 1 (Try it)](https://example.org/book/part/page.html#try)**"
        if "**Solution to [" in prose
        else "**Solution to Exercise 1 (Try it)**",
        "After it.",
        '   - nested\n\n     ````python\n     in_list = "```"\n     ````',
    ):
        assert part in prose


def test_a_picture_travels_with_its_cell(notebook: NotebookNode) -> None:
    (cell,) = (cell for cell in notebook.cells if "attachment:eye.png" in cell.source)
    assert list(cell.attachments["eye.png"]) == ["image/png"]


def test_a_notebook_gives_the_same_results_in_a_stock_kernel(notebook: NotebookNode, tmp_path: Path) -> None:
    again = executed(notebook, tmp_path)
    assert [printed(cell) for cell in again.cells] == [
        printed(cell) if cell.source != "print('not ' + 'shown')" else "not shown\n" for cell in notebook.cells
    ]


def test_a_script_runs_cell_by_cell_in_a_stock_kernel(script: Path, tmp_path: Path) -> None:
    cells = re.split(r"^# %%(?: |$)", script.read_text("utf-8"), flags=re.MULTILINE)
    code = [nbformat.v4.new_code_cell(cell) for cell in cells if not cell.startswith("[markdown]")]
    again = executed(nbformat.v4.new_notebook(cells=code), tmp_path)
    text = "".join(printed(cell) for cell in again.cells)
    assert "TracerBoolConversionError: Attempted boolean conversion" in text
    assert "'two\\n  lines' 7\n2" in text


def test_a_script_runs_as_a_whole(script: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "IPython", "--colors=NoColor", str(script)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for part in ("SyntaxError: ", "GeneratorExit: 3", "'two\\n  lines' 7", "loaded 42", "the answer is 7"):
        assert part in done.stdout


def test_the_markdown_says_what_the_page_shows_and_nothing_that_only_a_notebook_can(site: Site) -> None:
    text = (site.folder / "html" / "part" / "page.md").read_text("utf-8")
    for shown in (
        "# Page\n",
        "```python\nprint(repr(kept), hidden)\n```\n\n```output\n'two\\n  lines' 7\n```",
        "```output\nTracerBoolConversionError: Attempted boolean conversion",
        "```output\n{ lambda ; a:f32[3]",
        '```python\nprint("the answer is", hidden)\n```\n\n```output\nthe answer is 7\n```',
        "```output\na `code` ``span``\n```",
        "*(Figure: An eye)*",
        "Executed on ",
    ):
        assert shown in text
    for unseen in ("hidden = 7", "not shown", "attachment:", "%pip install", "\x1b"):
        assert unseen not in text


def test_every_sample_of_a_timing_is_in_the_table(site: Site) -> None:
    taken = [timing for cell in site.record("part/page").cells for timing in TIMINGS.of(cell.captured)]
    with (site.folder / "html" / "part" / "page.csv").open(encoding="utf-8", newline="") as file:
        rows = [*csv.DictReader(file)]
    assert [float(row["seconds"]) for row in rows if row["phase"] == "sample"] == pytest.approx(
        [seconds for timing in taken for seconds in timing.samples], rel=1e-8
    )
    assert {row["statement"] for row in rows} == {"x.block_until_ready()"}
    assert {row["cell"] for row in rows} == {"8"}
    assert len(rows) == 2


def test_a_second_build_writes_the_same_bytes(site: Site) -> None:
    files = [path for path in (site.folder / "html").rglob("*") if path.suffix in SUFFIXES]
    before = {path: path.read_bytes() for path in files}
    assert len(before) == 7
    site.right("-W", "-E", "-a")
    assert {path: path.read_bytes() for path in files} == before


def test_a_page_that_fails_or_vanishes_takes_its_downloads_away(tmp_path: Path) -> None:
    site = Site.at(tmp_path, {name: page(f"'{name}'") for name in ("stays", "fails", "stops", "vanishes")})
    site.right("-W")

    def there() -> set[str]:
        html = site.folder / "html"
        return {path.name for path in html.iterdir() if path.suffix in SUFFIXES} | {
            name for name in ("stays", "fails", "stops", "vanishes") if site.html(name)
        }

    everything = {
        name + suffix for name in ("stays", "fails", "stops", "vanishes") for suffix in ("", ".ipynb", ".py", ".md")
    }
    assert there() == everything
    site.page("fails", page("1 / 0"))
    site.page("stops", "# No code any more\n")
    (site.folder / "docs" / "vanishes.md").unlink()
    site.page("index", "# Index\n\n```{toctree}\nstays\nfails\nstops\n```\n")
    assert site.build().returncode == 1
    assert there() == {"stays", "stays.ipynb", "stays.py", "stays.md", "stops"}
    site.page("fails", page("'mended'"))
    site.right("-W")
    assert {"fails", "fails.ipynb", "fails.py"} <= there()


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return settings by which sites of one page share what it did."""
    return CONF.replace('"../records"', repr(str(tmp_path_factory.mktemp("records"))))


@pytest.mark.parametrize(
    ("strict", "said", "made"),
    [(False, "", False), (False, "witness_downloads = True\n", True), (True, "witness_downloads = False\n", False)],
)
def test_another_site_offers_them_when_it_says_so(
    tmp_path: Path, records: str, strict: bool, said: str, made: bool
) -> None:
    conf = records.replace("witness_strict = True", f"witness_strict = {strict}") + said
    site = Site.at(tmp_path, {"a": page("'a'")}, conf)
    site.right("-W")
    assert ((site.folder / "html" / "a.ipynb").exists(), "download>" in (site.html("a") or "")) == (made, made)


@pytest.mark.parametrize("builder", ["singlehtml", "text", "latex"])
def test_other_builders_make_none(tmp_path: Path, records: str, builder: str) -> None:
    site = Site.at(tmp_path, {"a": page("'a'")}, records)
    site.right("-W", "-b", builder)
    assert [path for path in (site.folder / "html").rglob("*") if path.suffix in SUFFIXES] == []
