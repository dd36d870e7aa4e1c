"""Which cell is which: two lists of cells matched by content and order, so that one new cell is one difference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

ALIKE = 0.5
"""The least likeness of two cells that are taken for one."""


@dataclass(frozen=True)
class CellKey:
    """What a cell is known by."""

    digest: str
    """Of its source."""
    title: str
    text: str
    """Its evidence."""


Pair = tuple[int | None, int | None]
"""Indices of one cell before and after; None where there is none."""


def matched(before: Sequence[CellKey], after: Sequence[CellKey]) -> list[Pair]:
    """Return pairs in the order of the page: equal sources first, then, between those, the likest in order.

    >>> cells = [CellKey(name, name, "") for name in "abcd"]
    >>> matched(cells, [*cells[:2], CellKey("new", "new", ""), *cells[2:]])
    [(0, 0), (1, 1), (None, 2), (2, 3), (3, 4)]
    """
    pairs: list[Pair] = []
    same = SequenceMatcher(None, [it.digest for it in before], [it.digest for it in after], autojunk=False)
    for kind, low, high, first, last in same.get_opcodes():
        if kind == "equal":
            pairs += zip(range(low, high), range(first, last), strict=True)
        else:
            pairs += _likest(before, after, range(low, high), range(first, last))
    return pairs


def _likest(before: Sequence[CellKey], after: Sequence[CellKey], left: range, right: range) -> Iterator[Pair]:
    """Yield the pairs of two stretches without a common source: the greatest likeness that keeps the order."""
    best: dict[tuple[int, int], tuple[float, list[Pair]]] = {}

    def solved(i: int, j: int) -> tuple[float, list[Pair]]:
        return best.get((i, j), (0.0, []))

    for i in reversed(left):
        for j in reversed(right):
            likeness = _likeness(before[i], after[j])
            choices = [solved(i + 1, j), solved(i, j + 1)]
            if likeness >= ALIKE:
                score, rest = solved(i + 1, j + 1)
                choices.append((likeness + score, [(i, j), *rest]))
            best[i, j] = max(choices, key=lambda choice: choice[0])
    i, j = left.start, right.start
    for old, new in [*(solved(i, j)[1]), (left.stop, right.stop)]:
        assert old is not None
        assert new is not None
        yield from ((gone, None) for gone in range(i, old))
        yield from ((None, come) for come in range(j, new))
        if old < left.stop:
            yield old, new
        i, j = old + 1, new + 1


def _likeness(before: CellKey, after: CellKey) -> float:
    """Return 1 for cells that begin alike and do the same, 0 for such as have nothing in common."""
    text = SequenceMatcher(None, before.text[:2000], after.text[:2000], autojunk=False).ratio() if before.text else 0.0
    title = SequenceMatcher(None, before.title, after.title, autojunk=False).ratio()
    return max(title, text) if before.text and after.text else title * 0.9
