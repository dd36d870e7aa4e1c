"""A page as a notebook: its prose in plain Markdown, its code with what the page's record holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import nbformat
from nbformat import NotebookNode

from witness.export.markdown import Piece
from witness.nodes.provenance import sentence
from witness.records.page_record import PageRecord

PYTHON = {"name": "python", "file_extension": ".py", "mimetype": "text/x-python", "pygments_lexer": "ipython3"}
HIDDEN = {
    "hide-input": ["source_hidden"],
    "hide-output": ["outputs_hidden"],
    "hide-cell": ["source_hidden", "outputs_hidden"],
}
"""What MyST-NB's tags are in Jupyter's own words."""

INSTALL = '# This page ran with what stands below; take away the "# " before the percent sign to install it.'
REMOVED = {"remove-stdout": "stdout", "remove-stderr": "stderr"}
OURS = "application/vnd.witness."


def assembled(notebook: NotebookNode, pieces: Sequence[Piece], record: PageRecord) -> NotebookNode:
    """Return a notebook of a page's pieces, whose code cells are those of ``notebook`` with their outputs."""
    cells = [*_install(notebook, record), *_cells(notebook, pieces), nbformat.v4.new_markdown_cell(sentence(record))]
    for number, cell in enumerate(cells, 1):
        cell["id"] = f"{cell.cell_type}-{number}"
    metadata: dict[str, Any] = {
        "kernelspec": {"display_name": "Python 3", "language": "python", **notebook.metadata.get("kernelspec", {})},
        "language_info": record.language_info or {**PYTHON, "version": record.environment["python"]},
    }
    if "widgets" in notebook.metadata:
        metadata["widgets"] = notebook.metadata["widgets"]
    made: NotebookNode = nbformat.v4.new_notebook(cells=cells, metadata=nbformat.from_dict(metadata))
    return made


def _install(notebook: NotebookNode, record: PageRecord) -> Iterator[NotebookNode]:
    """Yield a cell that installs the JAX of the record, and what the page needs besides, once it is asked to."""
    needs = (notebook.metadata.get("witness") or {}).get("needs") or []
    jax = record.environment.get("jax")
    wanted = [*([f"jax=={jax}"] if jax else []), *(str(need) for need in needs)]
    if wanted and not record.language_info:
        yield nbformat.v4.new_code_cell(f"{INSTALL}\n# %pip install {' '.join(wanted)}")


def _cells(notebook: NotebookNode, pieces: Sequence[Piece]) -> Iterator[NotebookNode]:
    """Yield the cells of a page; code that the page does not show runs in its place all the same."""
    waiting = [index for index, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    for piece in (*pieces, len(notebook.cells)):
        if isinstance(piece, int):
            while waiting and waiting[0] <= piece:
                yield _code(notebook.cells[waiting.pop(0)])
        else:
            cell = nbformat.v4.new_markdown_cell(piece.text)
            if piece.attachments:
                cell["attachments"] = nbformat.from_dict(piece.attachments)
            yield cell


def _code(cell: NotebookNode) -> Any:
    tags = list(dict.fromkeys(cell.metadata.get("tags", [])))
    metadata: dict[str, Any] = {"tags": tags} if tags else {}
    if hidden := {name: True for tag in tags for name in HIDDEN.get(tag, [])}:
        metadata["jupyter"] = hidden
    outputs = [kept for output in cell.outputs if (kept := _output(output, tags))]
    return nbformat.v4.new_code_cell(
        cell.source.rstrip("\n"),
        execution_count=cell.execution_count,
        outputs=outputs,
        metadata=nbformat.from_dict(metadata),
    )


def _output(output: NotebookNode, tags: Sequence[str]) -> NotebookNode | None:
    """Return what the page shows of an output, without what only the site can show."""
    if {"remove-cell", "remove-output"} & {*tags} or any(
        REMOVED.get(tag) == output.get("name") for tag in tags if tag in REMOVED
    ):
        return None
    if "data" not in output:
        return output
    data = {kind: value for kind, value in output.data.items() if not kind.startswith(OURS)}
    return nbformat.from_dict({**output, "data": data}) if data else None
