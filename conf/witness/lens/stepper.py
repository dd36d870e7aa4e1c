"""A trace step by step: the source, the jaxpr that grows beside it, and a list of what happened, which drives both."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from html import escape

from witness.lens.panes import Names, source_pane, stage_pane
from witness.records.ir import Place
from witness.records.steps import Step, Steps

VERBS = {
    "line": "wrote nothing",
    "equation": "wrote",
    "text": "printed",
    "change": "had an effect outside:",
    "error": "raised",
}

TITLE = "Tracing {}, step by step"


def section(found: Steps, shown: Names = str, *, alone: bool = False) -> str:
    """Return the steps as part of a page; they read without scripts."""
    places = _numbered(found.places)
    body = source_pane(found.sources, places, shown, found.never)
    if found.jaxpr:
        body += stage_pane(found.jaxpr, "")
    items = "".join(
        f"<li{f' style=--d:{it.depth}' if it.depth else ''}>{escape(who)} {verb}{_code(text)}</li>"
        for it, (who, verb, text) in zip(found.steps, _told(found, shown), strict=True)
    )
    data = [[-1 if n is None else n for n in (it.place, it.operation)] for it in found.steps]
    title = escape(TITLE.format(found.name))
    return (
        f'<div class="witness-lens witness-steps{" lens-alone" if alone else ""}" role="group" aria-label="{title}">'
        f'<p class="steps-bar"><b>{title}</b></p><div class="lens-panes">{body}</div>'
        f'<ol class="steps-list" tabindex="0" aria-label="Steps">{items}</ol>'
        + "".join(f"<p>{escape(it)}</p>" for it in notes(found, shown))
        + f'<script type="application/json">{json.dumps(data, separators=(",", ":"))}</script></div>'
    )


def lines(found: Steps, shown: Names = str) -> Iterator[str]:
    """Yield each step in a line of text."""
    for who, verb, text in _told(found, shown):
        yield f"{who} {verb} {text}".strip()


def notes(found: Steps, shown: Names) -> Iterator[str]:
    """Yield what is to be said of the whole trace: what it never reached, and what is not shown."""
    if found.never:
        where = _spots([found.places[number] for number in found.never], shown)
        yield f"Never reached in this trace (✕, struck through): {where}."
    if found.more:
        yield f"{found.more} more steps came after these."
    for it in found.missing:
        yield f"Not known: {it}."


def _told(found: Steps, shown: Names) -> Iterator[tuple[str, str, str]]:
    """Yield who did what in each step, and the text of it."""
    files = {source.file for source in found.sources}
    for it in found.steps:
        place = None if it.place is None else found.places[it.place]
        where = "JAX" if place is None else f"Line {place.line}"
        if place and len(files) > 1:
            where += f" of {shown(place.file)}"
        if _transposed(it, found):
            where = f"The derivative of l{where[1:]}" if place else "The derivative"
        yield where, VERBS[it.kind], it.text


def _transposed(it: Step, found: Steps) -> bool:
    """Return whether an equation belongs to the way back through a function that is differentiated."""
    if it.operation is None or found.jaxpr is None:
        return False
    return any(name.startswith("transpose(") for name in found.jaxpr.operations[it.operation].names)


def _spots(places: list[Place], shown: Names) -> str:
    files: dict[str, list[str]] = {}
    for it in places:
        if it.end_line > it.line:
            spot = f"lines {it.line}–{it.end_line}"
        else:
            spot = f"line {it.line}, columns {it.column + 1}–{it.end_column}"
        files.setdefault(shown(it.file), []).append(spot)
    if len(files) == 1:
        return "; ".join(*files.values())
    return "; ".join(f"{file}, {spot}" for file, spots in files.items() for spot in spots)


def _numbered(places: Sequence[Place]) -> dict[Place, int]:
    return {place: number for number, place in enumerate(places)}


def _code(text: str) -> str:
    return f" <code>{escape(text, quote=False)}</code>" if text else ""
