"""The reader MyST-NB calls: a page's notebook, with the outputs of its record in place. Nothing is executed here."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import nbformat
from myst_nb.core.utils import coalesce_streams
from nbformat import NotebookNode
from sphinx.errors import SphinxError

from witness.nodes import table
from witness.reading.live import live_values
from witness.reading.notebook import read_notebook
from witness.reading.notebook_settings import evaluated, known, settings_of
from witness.reading.plan import Unreadable
from witness.reading.site import Site
from witness.records.kinds import DISPLAYS, TIMING
from witness.records.page_record import PYTHON, PageRecord
from witness.records.replicate import with_lines
from witness.records.store import Store
from witness.runner.streams import merged
from witness.sphinx.env_state import reading


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
    if (number := other_code(notebook, record)) is not None:
        why = "what changes the page while it is read (`source-read`) is to do the same each time"
        raise NoRecord(f"{path}: expected code cell {number} as it ran; got other code: {why}")
    fill(notebook, record)
    if settings_of(notebook, site).render_plugin != "witness":
        forget(notebook)
    elif site.settings.safe_html:
        tables(notebook)
    merge(notebook, site)
    shown = evaluated(notebook, Path(path), site)
    reading[page] = [live.line for live in live_values(notebook, text, path, shown)]
    unsettle(notebook, site)
    return notebook


def read_failed(text: str, *, site: Site, path: str) -> NotebookNode:
    """Return the notebook of a page that was not executed and is not published: others may refer to its sections."""
    try:
        notebook = read_notebook(text, Path(path), site)
    except Unreadable:
        notebook = None
    if notebook is None:
        title = next((line for line in text.splitlines() if line.startswith("# ")), "# ?")
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(title)])
    notebook.metadata.setdefault("language_info", nbformat.from_dict(PYTHON))
    unsettle(notebook, site)
    return notebook


def unsettle(notebook: NotebookNode, site: Site) -> None:
    """Take out of a page what it asks of MyST-NB's own execution: the runner obeyed it.

    Settings that MyST-NB does not know stay, and none is obeyed: it warns of them.
    """
    settings = notebook.metadata.get(site.notebooks.metadata_key)
    if isinstance(settings, dict) and known(settings, site):
        for setting in [name for name in settings if name.startswith("execution_")]:
            del settings[setting]


def forget(notebook: NotebookNode) -> None:
    """Take out of a page what only our renderer knows, where site or page chose another: its plain text is beside it.

    A timing is what stock's magic prints.
    """
    for cell in notebook.cells:
        if any(map(is_timing, cell.get("outputs", []))):
            outputs = (printed(output) if is_timing(output) else output for output in cell.outputs)
            cell.outputs = [nbformat.from_dict(output) for output in merged(outputs)]
        for output in cell.get("outputs", []):
            for kind in DISPLAYS:
                output.get("data", {}).pop(kind.mime, None)


def printed(output: NotebookNode) -> NotebookNode:
    """Return the result of a ``%timeit`` as the stream that it is to others."""
    found: NotebookNode = nbformat.v4.new_output("stream", name="stdout", text=f"{output.data['text/plain']}\n")
    return found


def merge(notebook: NotebookNode, site: Site) -> None:
    """Merge the streams of each cell with timings between these, where they are to be merged.

    To stock a timing is a line of the stream that is merged; to MyST-NB ours is none, and all lines would be above it.
    """
    settings = settings_of(notebook, site)
    for cell in notebook.cells:
        said = cell.metadata.get(settings.cell_metadata_key)
        own = said if isinstance(said, dict) else {}
        if not own.get("merge_streams", settings.merge_streams) or not any(map(is_timing, cell.get("outputs", []))):
            continue
        parts = [list(part) for _, part in groupby(cell.outputs, is_timing)]
        cell.outputs = [output for part in parts for output in (part if is_timing(part[0]) else coalesce_streams(part))]
        cell.metadata[settings.cell_metadata_key] = {**own, "merge_streams": False}


def is_timing(output: NotebookNode) -> bool:
    """Return whether an output is the result of a ``%timeit``."""
    return TIMING.is_in(output.get("data", {}))


def tables(notebook: NotebookNode) -> None:
    """Name the HTML that holds a table as what it is: a page shows the table, and no HTML."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            html = (output.get("data") or {}).get("text/html")
            if isinstance(html, str) and table.read(html):
                output.data[table.TABLE] = output.data.pop("text/html")


def other_code(notebook: NotebookNode, record: PageRecord) -> int | None:
    """Return the number of a code cell that is not the one that the record has, or None."""
    code = [cell.source.rstrip("\n") for cell in notebook.cells if cell.cell_type == "code"]
    numbers = (it.number for it in record.cells if code[it.number - 1 : it.number] != [it.source.rstrip("\n")])
    return next(numbers, None)


def fill(notebook: NotebookNode, record: PageRecord) -> None:
    """Put a record's outputs into a notebook's code cells; one that is only shown keeps what is stored with it."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in code:
        if "skip-execution" not in cell.metadata.get("tags", []):
            cell.outputs = []
            cell.execution_count = None
    for kept in record.cells:
        cell = code[kept.number - 1]
        outputs = with_lines(kept.outputs, kept.number, record.replicates) if record.replicates else kept.outputs
        cell.outputs = [nbformat.from_dict(output) for output in outputs]
        cell.execution_count = kept.execution_count
        if kept.raised and "raises" in cell.metadata:
            cell.metadata["tags"] = [*cell.metadata.get("tags", []), "raises-exception"]
    notebook.metadata["language_info"] = nbformat.from_dict(record.language)
    if record.widgets:
        notebook.metadata["widgets"] = nbformat.from_dict(record.widgets)
