"""What the kernel extension publishes beside a cell's own outputs: the kinds, and how a page's record finds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CELL = "application/vnd.witness.cell+json"
"""One a cell, at its end: an object with a member for each part of the extension that saw something."""

TIMING = "application/vnd.witness.timing+json"
"""The result of one ``%timeit``."""

IR = "application/vnd.witness.ir+json"
"""A displayed jaxpr, StableHLO or HLO, with where each operation comes from."""

LENS = "application/vnd.witness.lens+json"
"""A displayed traced, lowered or compiled function: every stage it has been through, its source and its costs."""

CONDITIONS = "conditions"
"""The part that tells what falsifies a time which a cell takes by itself, each in a few words."""

FILES = "files"
"""The part that tells the files in which the kernel believes the code of a cell to be, where they are not as stock."""

CLOCKS = "clocks"
"""The part that tells which names of the page have turned out to read a clock."""

STEPS = "steps"
"""The part that watches traces step by step, in a cell that asks for it."""

CALLS = "calls"
"""The part that sees each call of a jitted function, in a cell that asks for it."""

LINES = "lines"
"""The part that tells by which lines JAX traced and compiled, in a cell that asks for it."""

SIMULATED = "simulated"
"""The part that tells for how many devices one CPU stands."""

SHOWN = (TIMING, IR, LENS)
"""Kinds of output that only our own renderer knows."""


def seen(output: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what the extension saw of a whole cell, if this is the output that says so."""
    found = (output.get("data") or {}).get(CELL)
    return None if found is None else dict(found)
