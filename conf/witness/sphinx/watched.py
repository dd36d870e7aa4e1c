"""What a cell had watched while it ran, below its outputs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from docutils import nodes

from witness.lens import gutter, stepper
from witness.lens.document import STEPS as SCRIPT
from witness.nodes.calls import calls
from witness.records.kinds import CALLS, LINES, STEPS
from witness.records.lines import LineWork, summed
from witness.records.steps import Steps
from witness.sphinx.lens import lens

Names = Callable[[str], str]


def watched(captured: Mapping[str, Any], shown: Names) -> list[nodes.Element]:
    """Return what a cell asked for; nothing where there was nothing to see."""
    with suppress(ValueError):
        if traces := STEPS.of(captured):
            return list(_steps(traces, shown))
        if seen := CALLS.of(captured):
            return calls(seen)
    return []


def work_by_line(captured: Iterable[Mapping[str, Any]]) -> dict[tuple[str, int], LineWork]:
    """Return what JAX made of each line in the cells that ask for it."""
    with suppress(ValueError):
        return summed(work for it in captured for work in LINES.of(it))
    return {}


def by_line(source: str, file: str, works: Mapping[tuple[str, int], LineWork]) -> list[nodes.Element]:
    """Return the source of a cell with a column beside it; nothing where none of its lines led to anything."""
    own = {line: work for (name, line), work in works.items() if name == file}
    if not own:
        return []
    text = gutter.text(source, own)
    return [lens("", nodes.literal_block(text, text), html=gutter.section(source, own), script="")]


def below(cell: nodes.Element, found: list[nodes.Element]) -> None:
    """Put nodes below the outputs of a cell, or where these would be."""
    if not found:
        return
    output = next((it for it in cell.findall(nodes.container) if it.get("nb_element") == "cell_code_output"), None)
    if output is None:
        output = nodes.container("", nb_element="cell_code_output", classes=["cell_output"])
        cell += output
    output += found


def _steps(traces: list[Steps], shown: Names) -> Iterator[nodes.Element]:
    for trace in traces:
        said = [*stepper.lines(trace, shown)]
        items = [nodes.list_item("", nodes.paragraph(line, line)) for line in said]
        notes = [nodes.paragraph(note, note) for note in stepper.notes(trace, shown)]
        title = stepper.TITLE.format(trace.name)
        parts = [nodes.paragraph(title, title), nodes.enumerated_list("", *items), *notes]
        yield lens("", *parts, html=stepper.section(trace, shown), script=SCRIPT)
