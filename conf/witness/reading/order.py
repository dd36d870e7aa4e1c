"""The order that pages declare: which run before which."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from witness.reading.plan import Plan, Unreadable

Read = Callable[[str], Plan | None]
"""Returns the plan of a page by its name, None where no code of it is run. Raises Unreadable."""


def closed(plans: Sequence[Plan], read: Read) -> tuple[list[Plan], list[tuple[Plan, int, str]]]:
    """Return the plans with those of all earlier pages, and those that cannot have their order: line and why."""
    known = {plan.page: plan for plan in plans}
    wrong: dict[str, tuple[int, str]] = {}
    waiting = list(plans)
    while waiting:
        plan = waiting.pop()
        for page, line in plan.after.items():
            if page in known:
                continue
            try:
                found = read(page)
            except Unreadable as error:
                wrong[plan.page] = line, f"`after: {page}`: that page cannot be read: {error.faults[0][1]}"
            else:
                if found is None:
                    wrong[plan.page] = line, f"`after: {page}`: no code of that page is run"
                else:
                    known[page] = found
                    waiting.append(found)
    while found_more := {**_circle(known, wrong), **_following(known, wrong)}:
        wrong |= found_more
    faults = [(known[page], line, why) for page, (line, why) in wrong.items()]
    return [plan for page, plan in known.items() if page not in wrong], faults


def _circle(known: dict[str, Plan], wrong: dict[str, tuple[int, str]]) -> dict[str, tuple[int, str]]:
    """Return the pages of one circle."""
    graph = {page: plan.after.keys() - wrong.keys() for page, plan in known.items() if page not in wrong}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pages = error.args[1][::-1]  # each after the next
        why = f"`after` goes round in a circle: {' after '.join(pages)}"
        return {page: (known[page].after[later], why) for page, later in pairwise(pages)}
    return {}


def _following(known: dict[str, Plan], wrong: dict[str, tuple[int, str]]) -> dict[str, tuple[int, str]]:
    """Return the pages that are to run after one that cannot."""
    return {
        page: (line, f"`after: {before}`: that page cannot have its own order")
        for page, plan in known.items()
        if page not in wrong
        for before, line in plan.after.items()
        if before in wrong
    }


def ordered(plans: Iterable[Plan]) -> list[Plan]:
    """Return plans so that each follows those that run before it."""
    known = {plan.page: plan for plan in plans}
    graph = {page: plan.after.keys() & known.keys() for page, plan in known.items()}
    return [known[page] for page in TopologicalSorter(graph).static_order()]


def named(page: str, at: str) -> str:
    """Return how a page is named on another one."""
    beside = posixpath.dirname(page) == posixpath.dirname(at)
    return posixpath.basename(page) if beside else f"/{page}"
