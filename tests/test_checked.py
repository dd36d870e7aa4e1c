"""Asserts that end a cell, strips where the page speaks of compiling, and the names of folds."""

from __future__ import annotations

import re

import pytest
from docutils import nodes

from tests.building import HEAD, Site
from witness.nodes.checked import split
from witness.nodes.spoken import COMPILING, speaks_of

PAGE = (
    HEAD
    + """# Page

Here is a square.

```{code-cell} python
import jax
square = jax.jit(lambda x: x * x)
print("nine", square(3.0))
assert square(2.0) == 4
```

Now it is traced once more.

```{code-cell} python
square(3)
```

## Made elsewhere

A number.

```{code-cell} python
import jax.numpy as jnp
assert jnp.arange(17.0).sum() > 0
```

```{code-cell} python
:tags: [hide-input]
:load: square.py
```

```{code-cell} python
:raises: AssertionError
assert square(2.0) == 5
```
"""
)


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    site = Site.at(tmp_path_factory.mktemp("checked"), {"page": PAGE})
    (site.folder / "docs" / "square.py").write_text("y = 1\nprint(y)\n", "utf-8")
    site.right("-W")
    return re.split(r'<div class="cell (?:tag_[\w-]+ )*docutils container"', site.html("page") or "")[1:]


@pytest.mark.parametrize(
    ("code", "claims"),
    [
        ("x = 1\nassert x", "assert x"),
        ("x = 1\n\n# why\nassert x\nassert (\n    x == 1\n)  # so", "# why\nassert x\nassert (\n    x == 1\n)  # so"),
        ("assert True", "assert True"),
        ("r = %timeit -o f()\nassert r", "assert r"),
        ("assert x\ny = 1", ""),
        ("if x:\n    assert x", ""),
        ("x = 1; assert x", ""),
        ("%%time\nassert x", ""),
        ("x = (", ""),
        ('x = """\n# no comment"""\nassert x', "assert x"),
    ],
)
def test_what_ends_a_cell(code: str, claims: str) -> None:
    first, second = split(code)
    assert second == claims
    assert "\n".join(part for part in (first, second) if part) == code


def test_asserts_that_end_a_cell_are_folded_and_nothing_else_is(cells: list[str]) -> None:
    assert [cell.count("<summary>Checked</summary>") for cell in cells] == [1, 0, 1, 0, 0]
    shown, folded = cells[0].split("<summary>Checked</summary>")
    assert "assert" not in shown
    assert "assert" in folded


def test_a_strip_is_quiet_where_the_page_speaks_of_something_else(cells: list[str]) -> None:
    assert ["witness-strip" in cell for cell in cells[:3]] == [True, True, False]
    assert ["witness-quiet" in cell for cell in cells[:2]] == [False, False]


def test_a_fold_is_named_by_what_it_holds(cells: list[str]) -> None:
    assert "<summary>square.py, 2 lines</summary>" in cells[3]


@pytest.mark.parametrize(
    ("before", "after", "spoken"),
    [
        ("It is traced again.", "", True),
        ("", "Two programs were compiled.", True),
        ("This retraces.", "", True),
        ("A hidden grace.", "Lowercase.", False),
        ("", "", False),
    ],
)
def test_prose_right_before_or_after_a_cell_counts(before: str, after: str, spoken: bool) -> None:
    cell = nodes.container("", nb_element="cell_code")
    section = nodes.section("", nodes.paragraph("", before), cell, nodes.paragraph("", after))
    other = nodes.container("", nb_element="cell_code")
    section += [other, nodes.paragraph("", "It compiles.")]
    assert speaks_of(COMPILING, cell) is spoken
