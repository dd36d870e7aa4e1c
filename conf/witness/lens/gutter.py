"""A cell's own source with a column beside it: equations, traces and the time to compile, line by line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

from pygments.lexers.python import PythonLexer

from witness.lens.panes import coloured
from witness.records.lines import LineWork
from witness.records.values import UNITS

HEAD = ("Equations", "Traces", "Compiling", "Line", "Code")

LEGEND = (
    "Equations stand at the line that wrote them, in whichever cell it was traced; traces and compiling, lowering "
    "included, at the line that set them off. A line without numbers led to none."
)


def section(source: str, works: Mapping[int, LineWork]) -> str:
    """Return the table, which opens on demand."""
    head = "".join(f'<th scope="col">{text}</th>' for text in HEAD)
    rows = "".join(
        f"<tr>{''.join(f'<td class=lens-number>{text}</td>' for text in cells)}<td><code>{code}</code></td></tr>"
        for cells, code in zip(
            _rows(source, works), coloured(source, PythonLexer(stripnl=False, ensurenl=False)), strict=True
        )
    )
    title = escape(summary(works))
    return (
        f'<div class="witness-lens lens-gutter"><details><summary>{title}</summary>'
        f'<div class="lens-table" role="group" tabindex="0" aria-label="{title}"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div><p>{LEGEND}</p></details></div>"
    )


def summary(works: Mapping[int, LineWork]) -> str:
    """Return the sums of a cell's lines."""
    equations, traces = (sum(getattr(it, name) for it in works.values()) for name in ("equations", "traces"))
    seconds = sum(it.compile_seconds for it in works.values())
    parts = [
        f"{count} {noun}{'s' * (count > 1)}" for count, noun in ((equations, "equation"), (traces, "trace")) if count
    ]
    return f"Line by line: {', '.join([*parts, *([UNITS['time'](seconds) + ' compiling'] if seconds else [])])}"


def text(source: str, works: Mapping[int, LineWork]) -> str:
    """Return it as text, where there is no HTML."""
    lines = source.split("\n")
    rows = [tuple(HEAD[:-1]), *_rows(source, works)]
    widths = [max(len(row[n]) for row in rows) for n in range(len(HEAD) - 1)]
    margins = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    return "\n".join(f"{margin}  {line}".rstrip() for margin, line in zip(margins, [HEAD[-1], *lines], strict=True))


def _rows(source: str, works: Mapping[int, LineWork]) -> Iterator[tuple[str, ...]]:
    for number in range(1, source.count("\n") + 2):
        it = works.get(number)
        counts = [str(it.equations or ""), str(it.traces or "")] if it else ["", ""]
        seconds = UNITS["time"](it.compile_seconds) if it and it.compile_seconds else ""
        yield (*counts, seconds, str(number))
