"""The calls of jitted functions in a cell: a row for each, a mark in each layer, and what differed where one missed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from docutils import nodes

from witness.nodes.fold import fold, scroll
from witness.nodes.text import amount
from witness.records.calls import ENTRIES, Call, Calls
from witness.records.values import UNITS

HEAD = ("", "Call, and what differed", "Call cache", "Trace", "Executable")
WIDTHS = (4, 42, 16, 18, 20)
"""Shares of the columns, in hundredths."""

FOUND, DONE, IDLE = "○", "●", "–"
"""Marks: it was there; it was made; nobody asked."""

LEGEND = (
    "● made, ○ found, – not asked for, as the layer before it knew the call. What differed is told against the earlier "
    "call of this cell that is most like it. The time that JAX took to explain itself is left out."
)


def calls(found: Calls) -> list[nodes.Element]:
    """Return the table, and what the marks mean."""
    rows = [_row(number, call) for number, call in enumerate(found.calls, 1)]
    group = nodes.tgroup("", *(nodes.colspec(colwidth=it) for it in WIDTHS), cols=len(HEAD))
    head = nodes.row("", *(nodes.entry("", nodes.paragraph(text, text)) for text in HEAD))
    group += [nodes.thead("", head), nodes.tbody("", *rows)]
    table = nodes.table("", group, classes=["witness-calls", "colwidths-given"])
    more = [f"{amount(found.more, 'more call')} came after these. "] if found.more else []
    text = "".join([*more, LEGEND])
    legend = nodes.paragraph(text, text, classes=["witness-size"])
    label = f"Calls of jitted functions, {amount(len(rows), 'row')}"
    return [nodes.container("", scroll("", table, label=label), legend, classes=["witness-timeline"])]


def _row(number: int, call: Call) -> nodes.row:
    code = nodes.paragraph("", "", nodes.literal(call.text, call.text))
    each = f", {call.times} times, each" if call.times > 1 else ","
    about = f"line {call.place.line}{each} {UNITS['time'](call.seconds / call.times)}"
    about += f", raised {call.error}" if call.error else ""
    marks = ((FOUND if call.entry == "found" else DONE, ENTRIES[call.entry]), _trace(call), _executable(call))
    cells: list[Sequence[nodes.Element]] = [
        [nodes.paragraph("", str(number))],
        [code, nodes.paragraph(about, about, classes=["witness-where"]), *_differs(call)],
        *(_mark(*it) for it in marks),
    ]
    return nodes.row("", *(nodes.entry("", *cell) for cell in cells))


def _trace(call: Call) -> tuple[str, ...]:
    if call.entry == "found":
        return (IDLE,)
    return _done([("traced", call.traced), ("raised after", call.failed)])


def _executable(call: Call) -> tuple[str, ...]:
    if call.entry == "found" or (call.error and not call.lowered):
        return (IDLE,)
    return _done([("lowered", call.lowered), ("compiled", call.compiled), ("loaded from disk", call.loaded)])


def _done(steps: list[tuple[str, list[float]]]) -> tuple[str, ...]:
    done = [f"{word} {UNITS['time'](sum(seconds))}" for word, seconds in steps if seconds]
    return (DONE, *done) if done else (FOUND, "found")


def _mark(sign: str, *words: str) -> list[nodes.Element]:
    first, *rest = words or ("",)
    return [nodes.paragraph(text, text) for text in (f"{sign} {first}".strip(), *rest)]


def _differs(call: Call) -> Iterator[nodes.Element]:
    """Yield what was unlike an earlier call, and what JAX says."""
    lines = list(call.differs)
    if not lines and call.entry != "found":
        lines = ["nothing that can be seen from outside"]
    for line in lines:
        text = f"{line} (call {call.like})" if call.like else line
        yield nodes.paragraph(text, text)
    if call.said:
        said = "\n".join(call.said)
        yield fold("", nodes.literal_block(said, said, language="text"), summary="JAX says")
