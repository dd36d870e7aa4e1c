"""The reader MyST-NB calls: a page's notebook, with the outputs of its record in place. Nothing is executed here."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbformat import NotebookNode
from sphinx.errors import SphinxError

from witness.reading.notebook import read_notebook
from witness.reading.site import Site
from witness.records.page import PageRecord
from witness.records.store import Store


class NoRecord(SphinxError):
    """A page that should have a record has none."""

    category = "No evidence"


def read(text: str, *, site: Site, path: str, page: str, store: str) -> NotebookNode:
    """Return the notebook of a page with its record's outputs.

    MyST-NB finds this function as the reader of one whole path (its ``custom_formats`` match the end of a path). Raises
    NoRecord.
    """
    notebook = read_notebook(text, Path(path), site)
    record = Store(Path(store)).read(page)
    if notebook is None or record is None:
        raise NoRecord(f"{path}: no record below {store}; build once more")
    fill(notebook, record)
    settings = notebook.metadata.get(site.notebooks.metadata_key)
    if settings:
        for setting in [name for name in settings if name.startswith("execution_")]:
            del settings[setting]  # MyST-NB never executes; the runner obeyed these
    return notebook


def fill(notebook: NotebookNode, record: PageRecord) -> None:
    """Put a record's outputs into a notebook's code cells."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in code:
        cell.outputs = []
        cell.execution_count = None
    for kept in record.cells:
        cell = code[kept.number - 1]
        cell.outputs = [nbformat.from_dict(output) for output in kept.outputs]
        cell.execution_count = kept.execution_count
        if kept.raised:
            cell.metadata["tags"] = [*cell.metadata.get("tags", []), "raises-exception"]
    notebook.metadata["language_info"] = nbformat.from_dict(
        record.language_info or {"name": "python", "pygments_lexer": "ipython3"}
    )
    if record.widgets:
        notebook.metadata["widgets"] = nbformat.from_dict(record.widgets)
