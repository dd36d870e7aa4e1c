"""The code cells of a page that is rendered: where each stands, what it did, and what is shown under it."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

from docutils import nodes
from myst_nb.core.config import NbParserConfig
from nbformat import NotebookNode

from witness.nodes.checked import fold_asserts
from witness.nodes.compilation import strips
from witness.nodes.error import CellPlace
from witness.nodes.spoken import COMPILING, MEMORY, speaks_of
from witness.nodes.text import amount, lines
from witness.reading.notebook import example
from witness.records.kinds import COMPILATION
from witness.records.page_record import CellRecord, PageRecord
from witness.sphinx.env_state import record_of
from witness.sphinx.watched import below, by_line, watched, work_by_line

LONGEST = 60
"""Characters of a line of code that a description quotes."""

SHOWING = re.compile(r"\b(display|show)\w*\(")
"""A call that displays."""

HIDDEN = {"remove-output", "remove_output", "hide-output", "hide-cell"}
"""Tags of cells whose outputs are out of sight: what JAX did under them is, too."""


class CodeCells:
    """The code cells of one page, in its notebook and in its record; each is known by its number, from 1."""

    def __init__(self, renderer: Any) -> None:
        """Take MyST-NB's renderer of the page, which holds the notebook once its outputs are asked for."""
        self._renderer = renderer

    @property
    def all(self) -> list[NotebookNode]:
        """Return them as the notebook has them."""
        return [cell for cell in self._renderer.nb_client.notebook.cells if cell.cell_type == "code"]

    @property
    def places(self) -> list[CellPlace]:
        """Return where errors find them."""
        return [CellPlace(number, example(cell)) for number, cell in enumerate(self.all, 1)]

    @cached_property
    def record(self) -> PageRecord | None:
        """Return the record of the page, or None where it has none."""
        env = self._renderer.sphinx_env
        return record_of(env, env.docname)

    @cached_property
    def kept(self) -> dict[int, CellRecord]:
        """Return their records, by number."""
        return {cell.number: cell for cell in self.record.cells} if self.record else {}

    def number(self, cell_index: int) -> int:
        """Return the number of a cell, by its index among all cells of the notebook."""
        return sum(cell.cell_type == "code" for cell in self._renderer.nb_client.notebook.cells[: cell_index + 1])

    def file_name(self, file: str) -> str:
        """Return the name that readers have for a file: a cell's own, or as it is."""
        names = {f"<cell {place.number}>": place.file or f"Cell {place.number} of this page" for place in self.places}
        return names.get(file, file)

    def undescribed(self, cell_index: int | None, output_index: int | None) -> str:
        """Return what is known of a picture that nothing was said of: which line displayed it, or at least which cell.

        The last line of a cell displays its result; of other lines, the only one that calls what displays.
        """
        if cell_index is None or output_index is None:
            return "Picture without a description"
        cell = self._renderer.nb_client.notebook.cells[cell_index]
        code = [line.strip() for line in str(cell.source).splitlines() if line.strip()]
        if cell.outputs[output_index].output_type != "execute_result":
            code = [line for line in code if SHOWING.search(line)]
            code = code if len(code) == 1 else []
        line = code[-1] if code and len(code[-1]) <= LONGEST else f"{code[-1][: LONGEST - 1]}…" if code else ""
        return f"Picture that {f'`{line}`' if line else 'this cell'} displays, without a description"

    def finish(self, document: nodes.document, *, tidy: bool) -> None:
        """Give each its identifier, for the frames of errors link to it, and below it what JAX did.

        In a tidy site, what is folded is named by what it holds, the asserts that end a cell are folded, and JAX's work
        is told where the page speaks of it.
        """
        works = work_by_line(cell.captured for cell in self.kept.values())
        explained = False
        for node in list(document.findall(nodes.container)):
            if node.get("nb_element") != "cell_code":
                continue
            number = self.number(node["cell_index"])
            node["ids"].append(CellPlace(number).id)
            node["number"] = number
            checked = tidy and self._tidy(node)
            record = self.kept.get(number)
            if record is None or HIDDEN & {*node["cell_metadata"].get("tags", [])}:
                continue
            below(node, watched(record.captured, self.file_name))
            below(node, by_line(record.source, f"<cell {number}>", works))
            told = strips(
                record,
                self.record.replicates if self.record else [],
                explained=explained,
                spoken=not tidy or speaks_of(COMPILING, node),
                checked=checked,
                memory=not tidy or speaks_of(MEMORY, node),
            )
            node += told
            explained = explained or (bool(told) and COMPILATION.of(record.captured) is not None)

    def _tidy(self, node: nodes.Element) -> bool:
        """Name what is folded by what it holds, and fold the asserts that end a cell; return whether there are any."""
        cell = self._renderer.nb_client.notebook.cells[node["cell_index"]]
        source = next((it for it in node.findall(nodes.container) if it.get("nb_element") == "cell_code_source"), None)
        if source is None:
            return False
        if node.get("hide_mode") in ("input", "all") and node["prompt_show"] == NbParserConfig().code_prompt_show:
            name = example(cell).rpartition("/")[2].removeprefix(".") or "Code"
            node["prompt_show"] = node["prompt_hide"] = f"{name}, {amount(lines(cell.source), 'line')}"
        raised = "raises-exception" in cell.metadata.get("tags", [])
        return not raised and fold_asserts(source)
