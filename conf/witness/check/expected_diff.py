"""The comparison of a page's evidence with its expected text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from typing import Any

from witness.check.evidence import Evidence, agree
from witness.check.expected import Entry, Expected, Overlay
from witness.check.matching import CellKey, matched
from witness.check.transcript import Part
from witness.records.diagnostic import Diagnostic

MAX_DIFF_LINES = 100
"""Lines of a difference that a report shows."""


@dataclass(frozen=True)
class Sheet:
    """A page and its file of expected text, as messages name them, and the environment of its record."""

    page: str
    file: str
    environment: Mapping[str, Any]
    accept: str
    """The command that accepts what the page did."""

    @property
    def where(self) -> str:
        """The environment in a few words."""
        it = self.environment
        jax = f"JAX {it['jax']}, " if it.get("jax") else ""
        return f"{jax}Python {it.get('python')}, {it.get('platform')}"

    @property
    def advice(self) -> str:
        """What to do about a difference."""
        return f"mend the page, or accept what it did: {self.accept}"


def pairs(entries: Sequence[Entry], cells: Sequence[Evidence]) -> list[tuple[Entry | None, Evidence | None]]:
    """Return which entry is which cell's."""
    known = [CellKey(it.digest, it.title, _text(it.parts) or _text(_first(it.overlays))) for it in entries]
    found = matched(known, [cell.known for cell in cells])
    return [(None if i is None else entries[i], None if j is None else cells[j]) for i, j in found]


def diff(sheet: Sheet, expected: Expected, cells: Sequence[Evidence]) -> Iterator[Diagnostic]:
    """Yield what differs, in the order of the page."""
    for it in cells:
        if it.unstable:
            message = f"prints optimised HLO, which no two compilers print alike: {it.unstable[:80]}"
            advice = "let the cell say `:check: runs`, and why with `:reason:`"
            yield Diagnostic(sheet.page, it.line, "unstable", message, next=advice, cell=it.number)
    for entry, cell in pairs(expected.entries, cells):
        if cell and not entry and cell.parts and not cell.unstable:
            message = f"prints, and has no expected text ({sheet.where})"
            yield Diagnostic(sheet.page, cell.line, "missing", message, _printed(cell.parts), sheet.advice, cell.number)
        elif entry and not cell:
            message = f"{sheet.page} has no such cell any more: {entry.title}"
            yield Diagnostic(sheet.file, entry.line, "orphaned", message, next=f"accept that: {sheet.accept}")
        elif entry and cell and not cell.unstable:
            yield from _cell(sheet, entry, cell)


def _cell(sheet: Sheet, entry: Entry, cell: Evidence) -> Iterator[Diagnostic]:
    holding = entry.holding(sheet.environment)
    if len(holding) > 1:
        both = " and ".join(f"`@ {overlay.condition.text}`" for overlay in holding)
        message = f"two overlays hold with {sheet.where}: {both}"
        yield Diagnostic(sheet.file, holding[1].line, "ambiguous-overlay", message, next="narrow one of the conditions")
        return
    overlay = holding[0] if holding else None
    wanted, line = (overlay.parts, overlay.line) if overlay else (entry.parts, entry.line)
    if not agree(wanted, cell.parts, cell.rtol):
        message = f"not what is expected: {_kinds(wanted, cell)} ({sheet.where})"
        detail = difference(f"{sheet.file}:{line}", f"what it did with {sheet.where}", wanted, cell.parts)
        yield Diagnostic(sheet.page, cell.line, "differs", message, detail, sheet.advice, cell.number)
    if overlay and agree(entry.parts, cell.parts, cell.rtol):
        message = f"the overlay `@ {overlay.condition.text}` is unused: the base text is what {cell.name} prints"
        advice = f"remove the overlay, or: {sheet.accept}"
        yield Diagnostic(sheet.file, overlay.line, "unused-overlay", f"{message} ({sheet.where})", next=advice)


def _kinds(wanted: Sequence[Part], cell: Evidence) -> str:
    """Return which kinds of evidence differ, in a few words."""
    ours, theirs = {it.kind: it for it in wanted}, {it.kind: it for it in cell.parts}
    kinds = dict.fromkeys([*ours, *theirs])
    differ = [
        kind
        for kind in kinds
        if kind not in ours or kind not in theirs or not ours[kind].allows(theirs[kind], cell.rtol)
    ]
    return ", ".join(differ) or "the order"


def difference(before: str, after: str, wanted: Sequence[Part], got: Sequence[Part]) -> str:
    """Return a unified diff of two lists of parts, cut where it is long."""
    return _cut(list(unified_diff(_lines(wanted), _lines(got), before, after, lineterm="")))


def _printed(parts: Sequence[Part]) -> str:
    return _cut([f"+{line}" for line in _lines(parts)])


def _cut(lines: list[str]) -> str:
    more = [f"… and {len(lines) - MAX_DIFF_LINES} lines more"] if len(lines) > MAX_DIFF_LINES else []
    return "\n".join(lines[:MAX_DIFF_LINES] + more)


def _lines(parts: Sequence[Part]) -> list[str]:
    lines: list[str] = []
    for part in parts:
        lines += [f"--- {part.kind}", *(f"    {line}" for line in (part.text.split("\n") if part.text else []))]
    return lines


def _text(parts: Sequence[Part]) -> str:
    return "\n".join(f"{part.kind}\n{part.text}" for part in parts)


def _first(overlays: Sequence[Overlay]) -> tuple[Part, ...]:
    return overlays[0].parts if overlays else ()
