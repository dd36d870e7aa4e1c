"""Which pages are worth another round: those with a figure that may yet be found to have changed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from witness.check.drift_command import compared, rounds
from witness.lint.pages import plans
from witness.records.ratio import FEWEST
from witness.runner.freshness import measures

ROUNDS = 5
"""How often each version has its turn, unless more is asked for; see `Ratio` for what that finds."""


def worth(folders: Mapping[str, Path], number: int, of: int) -> dict[str, list[str]]:
    """Return the pages that each version is to run in a round, by the version's name.

    A page none of whose figures can still be found to have changed is done: see `Ratio.may_change`.
    """
    book = plans(["docs"])
    if number <= FEWEST:
        return {label: sorted(plan.page for plan in book.plans if measures(plan)) for label in folders}
    found = compared(book, [rounds(folder) for folder in folders.values()])
    wanted: dict[str, set[str]] = {label: set() for label in folders}
    labels = list(folders)
    for before, after in found.steps:
        for figure, ratio in found.ratios(before, after):
            if ratio.may_change(of):
                wanted[labels[before]].add(figure.page)
                wanted[labels[after]].add(figure.page)
    return {label: sorted(pages) for label, pages in wanted.items()}
