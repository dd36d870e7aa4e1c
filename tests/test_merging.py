"""Streams that a site wants merged: as MyST-NB does it, but a timing stays under its label."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from myst_nb.core.config import NbParserConfig
from nbformat.v4 import new_code_cell, new_notebook, new_output

from witness.reading.settings import Settings
from witness.reading.site import Site
from witness.records.kinds import TIMING
from witness.sphinx.reader import merge


def cell(shown: str, **metadata: Any) -> Any:
    """Return a cell that shows texts (small letters), timings (T) and figures (F)."""
    outputs = [
        new_output("stream", name="stdout", text=f"{it}\n")
        if it.islower()
        else new_output(
            "display_data", data={TIMING.mime: {}, "text/plain": "1 s"} if it == "T" else {"text/plain": "F"}
        )
        for it in shown
    ]
    return new_code_cell("pass", outputs=outputs, metadata=metadata)


def shown(cell: Any) -> str:
    kinds = {True: "T", False: "F"}
    return " ".join(
        it["text"].replace("\n", "") if it.output_type == "stream" else kinds[TIMING.is_in(it.data)]
        for it in cell.outputs
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [("aTbT", "a T b T"), ("abTcFdT", "ab T cd F T"), ("TT", "T T"), ("Tabc", "T abc"), ("aFb", "a F b")],
)
def test_streams_are_merged_between_timings(before: str, after: str) -> None:
    site = Site(Path(), Settings(), notebooks=NbParserConfig(merge_streams=True))
    notebook = new_notebook(cells=[cell(before)])
    merge(notebook, site)
    assert shown(notebook.cells[0]) == after
    left_to_it = "mystnb" not in notebook.cells[0].metadata
    assert left_to_it == ("T" not in before)  # without a timing, MyST-NB merges


@pytest.mark.parametrize(
    ("everywhere", "page", "own", "merged"),
    [
        (False, None, None, False),
        (True, False, None, False),
        (True, None, False, False),
        (False, True, None, True),
        (False, None, True, True),
        (True, False, True, True),
    ],
)
def test_the_nearest_setting_holds(everywhere: bool, page: bool | None, own: bool | None, merged: bool) -> None:
    def said(value: bool | None) -> dict[str, Any]:
        return {} if value is None else {"mystnb": {"merge_streams": value}}

    site = Site(Path(), Settings(), notebooks=NbParserConfig(merge_streams=everywhere))
    notebook = new_notebook(cells=[cell("abT", **said(own))], metadata=said(page))
    merge(notebook, site)
    assert shown(notebook.cells[0]) == ("ab T" if merged else "a b T")
