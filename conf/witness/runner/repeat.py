"""What another run of a page that measures repeats: all up to the last cell that a clock reaches, and no more."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from witness.python.nondeterminism import Nondeterminism
from witness.python.open_clocks import quiet
from witness.reading.plan import Plan
from witness.records.page_record import PageRecord, Problem
from witness.records.replicate import disagreeing


def repeated(plan: Plan, clocks: Collection[str]) -> Plan:
    """Return the plan of another run; ``clocks`` are names that were found to read a clock when the page ran.

    What comes before such a cell may decide what it measures, by what it leaves in JAX's caches and in memory if by
    nothing else, so that all of it is run again. What comes after the last one, and after the last that is made of what
    a clock said, decides nothing. Where the page itself says that it measures, the code does not tell where.
    """
    if plan.lane_stated:
        return plan
    found = _measured(plan, clocks)
    alone, _ = quiet([cell.source for cell in plan.cells], clocks)
    reached = [
        cell.number for cell, known in zip(plan.cells, alone, strict=True) if known or found.touches(cell.source)
    ]
    last = max([0, *reached, *(live.after for live in plan.live if found.depends(live.expression))])
    live = [live for live in plan.live if live.after <= last]
    return replace(plan, cells=[cell for cell in plan.cells if cell.number <= last], live=live)


def contradictions(plan: Plan, record: PageRecord, clocks: Collection[str]) -> Iterator[Problem]:
    """Yield the values in prose that no clock is in, and that were not the same in all runs."""
    measured_names = _measured(plan, clocks)
    for value, found in disagreeing(record):
        if measured_names.depends(value.expression):
            continue
        runs = ", ".join(f"`{text}` in run {number}" for number, text in enumerate(found, 1))
        wanted = f"one value of {{live}}`{value.expression}` in all runs, for no clock is in it"
        yield Problem("unsteady-value", value.line, None, wanted, runs)


def _measured(plan: Plan, clocks: Collection[str]) -> Nondeterminism:
    found = Nondeterminism()
    found.names |= {name.rpartition(".")[2] for name in clocks}
    return found.learn(cell.source for cell in plan.cells)
