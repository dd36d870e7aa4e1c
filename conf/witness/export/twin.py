"""A page as Markdown with its outputs: what a reader sees as text, for those who read text, programs among them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from nbformat import NotebookNode

from witness.export.escape import code_block
from witness.export.notebook import INSTALL
from witness.records.colour import letters

ATTACHED = re.compile(r"!\[(.*?)\]\(<attachment:.*?>\)")
"""A picture that only a notebook carries with it."""

HIDDEN = {"remove-cell"}
BEST = ("text/markdown", "text/plain", "text/latex")
"""Kinds of output that are text, best first."""


def twin(notebook: NotebookNode) -> str:
    """Return a page's prose, code and outputs as plain Markdown."""
    blocks: list[str] = []
    for cell in notebook.cells:
        tags = {*cell.metadata.get("tags", [])}
        if cell.cell_type == "markdown":
            blocks.append(ATTACHED.sub(r"*(Figure: \1)*", cell.source))
        elif not tags & HIDDEN and not cell.source.startswith(INSTALL):
            if "remove-input" not in tags:
                blocks.append(code_block(cell.source, "python"))
            blocks += filter(None, _outputs(cell.outputs))
    return "\n\n".join(blocks) + "\n"


def _outputs(outputs: Sequence[NotebookNode]) -> Iterator[str]:
    for output in outputs:
        if output.output_type == "stream":
            yield _text(output.text)
        elif output.output_type == "error":
            yield _text(f"{output.ename}: {output.evalue}" if output.evalue else output.ename)
        else:
            yield _shown(output)


def _shown(output: NotebookNode) -> str:
    """Return what is displayed, in the best of its kinds; of a picture, only that there is one."""
    if any(kind.startswith("image/") for kind in output.data):
        alternative = output.metadata.get("alt") or "the page shows it"
        return f"*(Figure: {alternative})*"
    kind = next((kind for kind in BEST if kind in output.data), "")
    if kind == "text/markdown":
        return str(output.data[kind]).strip()
    return _text(str(output.data[kind])) if kind else ""  # a page may publish anything under a name


def _text(text: str) -> str:
    text = letters(text).rstrip()
    return code_block(text, "output") if text.strip() else ""
