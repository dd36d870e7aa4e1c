"""A lens as part of a page, and as a file of its own that asks no other host for anything."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path

from witness.lens.costs import costs
from witness.lens.panes import Names, panes
from witness.lens.span_links import Links
from witness.records.lens import Lens

STATIC = Path(__file__).parent / "static"
SCRIPT, STEPS, STYLE = "lens.js", "steps.js", "lens.css"

LEGEND = (
    "The numbers before the lines of each stage are lines of the source: ↳ marks the line of the call that an "
    "operation is part of, … more lines than one, – that it comes from no line."
)


def section(lens: Lens, shown: Names = str, *, alone: bool = False) -> str:
    """Return a lens as part of a page; one that is ``alone`` brings its own colours."""
    links = Links(lens)
    body = "".join(panes(lens, links, shown))
    data = json.dumps([len(links.places), links.operations], separators=(",", ":"))
    missing = "".join(f"<p>Not shown: {escape(it)}.</p>" for it in lens.missing)
    return (
        f'<div class="witness-lens{" lens-alone" if alone else ""}" role="group"'
        f' aria-label="{escape(f"Lens on {lens.name}")}">'
        f'<div class="lens-panes">{body}</div>'
        f'<p class="lens-status" role="status"></p><p class="lens-legend">{LEGEND}</p>'
        f"{missing}{''.join(costs(lens, links, shown))}"
        f'<script type="application/json">{data}</script></div>'
    )


def contained(lens: Lens, shown: Names = str) -> str:
    """Return a lens that contains its script and style: for a notebook's output."""
    return with_own(section(lens, shown, alone=True), SCRIPT)


def with_own(html: str, script: str = "") -> str:
    """Return part of a page with the style and the script that it needs."""
    style = (STATIC / STYLE).read_text("utf-8")
    code = f"<script>{(STATIC / script).read_text('utf-8')}</script>" if script else ""
    return f"<style>{style}</style>{html}{code}"


def document(lens: Lens, about: str, shown: Names = str) -> str:
    """Return a lens as a file of HTML; ``about`` says what it is of and with what it was made."""
    title = escape(f"Lens on {lens.name}")
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>'
        f'{title}</title><meta name="viewport" content="width=device-width, initial-scale=1"></head>'
        f'<body class="lens-file"><main><h1>{title}</h1><p>{escape(about)}</p>'
        f"{contained(lens, shown)}</main></body></html>\n"
    )
