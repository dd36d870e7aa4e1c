"""What another run of a page that measures repeats: all up to the last cell that a clock reaches, and no more."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from witness.python.nondeterminism import SOURCES, Nondeterminism, by_cell
from witness.python.open_clocks import quiet
from witness.reading.plan import Plan
from witness.records.page_record import PageRecord, Problem
from witness.records.replicate import disagreeing


def repeated(plan: Plan, clocks: Collection[str]) -> Plan:
    """Return the plan of another run; ``clocks`` are names that were found to read a clock when the page ran.

    What comes before such a cell may decide what it measures, by what it leaves in JAX's caches and in memory if by
    nothing else, so that all of it is run again. What comes after the last one, and after the last that is made of what
    a clock said, decides nothing; what belongs to the device is the same in each run.
    Where the page itself says that it measures, the code does not tell where.
    """
    if plan.lane_stated:
        return plan
    sources = [cell.source for cell in plan.cells]
    alone, _ = quiet(sources, clocks)
    last = 0
    for cell, reads, (differs, found) in zip(plan.cells, alone, by_cell(sources, _names(clocks)), strict=True):
        shown = (live.expression for live in plan.live if live.after == cell.number)
        if reads or differs or any(map(found.depends, shown)):
            last = cell.number
    live = [live for live in plan.live if live.after <= last]
    return replace(plan, cells=[cell for cell in plan.cells if cell.number <= last], live=live)


def timed(record: PageRecord) -> list[bool]:
    """Return of each live value of a page whether a clock is in it where it stands, so that another run has another."""
    found = [False] * len(record.live)
    cells = by_cell([cell.source for cell in record.cells], _names(record.clocks))
    for cell, (_, names) in zip(record.cells, cells, strict=True):
        for place, value in enumerate(record.live):
            if value.after == cell.number:
                found[place] = names.depends(value.expression)
    return found


def contradictions(plan: Plan, record: PageRecord, clocks: Collection[str]) -> Iterator[Problem]:
    """Yield the values in prose that no clock is in, and that were not the same in all runs."""
    measured_names = Nondeterminism(SOURCES | _names(clocks)).learn(cell.source for cell in plan.cells)
    for value, found in disagreeing(record):
        if measured_names.depends(value.expression):
            continue
        runs = ", ".join(f"`{text}` in run {number}" for number, text in enumerate(found, 1))
        wanted = f"one value of {{live}}`{value.expression}` in all runs, for no clock is in it"
        yield Problem("unsteady-value", value.line, None, wanted, runs)


def _names(clocks: Collection[str]) -> set[str]:
    return {name.rpartition(".")[2] for name in clocks}
