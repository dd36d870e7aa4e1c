"""Acceptance: what a page did becomes its expected text, and the text for other environments stays as it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from witness.check.condition import Condition, condition_for
from witness.check.evidence import Evidence, agree
from witness.check.expected import Entry, Expected, Overlay, base_of
from witness.check.expected_diff import pairs
from witness.check.transcript import Part


def accepted(
    expected: Expected, cells: Sequence[Evidence], environment: Mapping[str, Any], overlay: Condition | None = None
) -> Expected:
    """Return the expected text that the cells agree with in this environment.

    Where a cell differs from a base that belongs to a newer JAX or to another kind of device, it gets an overlay for
    this environment, or the given one. A new cell is written as the base: what other environments make of it, a check
    there says.
    """
    owns = condition_for(environment, expected.base or base_of(environment), []) is None and overlay is None
    entries = []
    for entry, cell in pairs(expected.entries, cells):
        if cell is None:
            continue
        base = expected.base or base_of(environment)
        found = _entry(entry or Entry(cell.title, cell.digest, 0, cell.parts), cell, environment, base, overlay)
        if found.parts or found.overlays:
            entries.append(replace(found, title=cell.title, digest=cell.digest))
    return Expected(base_of(environment) if owns else expected.base or base_of(environment), tuple(entries))


def _entry(
    entry: Entry, cell: Evidence, environment: Mapping[str, Any], base: Mapping[str, str], wanted: Condition | None
) -> Entry:
    holding = entry.holding(environment)
    others = tuple(it for it in entry.overlays if it not in holding)
    if agree(entry.parts, cell.parts, cell.rtol):
        return replace(entry, overlays=others)
    if holding:
        first = holding[0]
        parts = first.parts if agree(first.parts, cell.parts, cell.rtol) else cell.parts
        kept = tuple(replace(it, parts=parts) if it is first else it for it in entry.overlays if it not in holding[1:])
        return replace(entry, overlays=kept)
    condition = wanted or condition_for(environment, base, [it.condition for it in entry.overlays])
    if condition is None:
        return replace(entry, parts=cell.parts)
    return replace(entry, overlays=(*entry.overlays, Overlay(condition, 0, cell.parts)))


def steady(runs: Sequence[Sequence[Evidence]]) -> list[Evidence]:
    """Return the evidence of the first run, with each live value that differs in another as one that is only shown."""
    first, *others = runs
    return [
        replace(
            cell,
            parts=tuple(
                _loosened(part, [it.parts[place] for other in others for it in [other[index]] if place < len(it.parts)])
                for place, part in enumerate(cell.parts)
            ),
        )
        for index, cell in enumerate(first)
    ]


def _loosened(part: Part, others: Sequence[Part]) -> Part:
    varies = part.loose is not None and any(it.kind == part.kind and it.text != part.text for it in others)
    return replace(part, text=part.loose) if varies and part.loose else part


def unsteady(runs: Sequence[Sequence[Evidence]]) -> Iterator[tuple[Evidence, Evidence]]:
    """Yield the cells that did one thing in the first run and something else in another."""
    first, *others = runs
    for index, cell in enumerate(first):
        for other in others:
            if index >= len(other) or not agree(cell.parts, other[index].parts, cell.rtol):
                yield cell, other[index] if index < len(other) else replace(cell, parts=())
                break
