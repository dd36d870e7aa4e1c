"""What two builds of a site differ in: cell by cell, by kind of difference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.beside_stock.outputs import Cell


@dataclass(frozen=True)
class Difference:
    """One cell that shows something else."""

    page: str
    cell: int
    line: int | None
    """Line of the cell's code on the page, where the page is text."""
    what: str
    """``number``, ``kind``, ``order`` or ``text`` of its outputs, or ``code`` where no such cell is there."""
    stock: str
    ours: str

    def __str__(self) -> str:
        place = f"{self.page}:{self.line}" if self.line else self.page
        shown = (f"    {name}: {line}" for name in ("stock", "ours") for line in getattr(self, name).splitlines())
        return "\n".join([f"{place}: cell {self.cell}: {self.what}", *shown])


def differences(
    page: str, source: str, stock: Sequence[Cell], ours: Sequence[Cell], again: Sequence[Cell] = ()
) -> list[Difference]:
    """Return the cells of a page that differ; ``again`` are those of another stock build.

    Where the text of a cell differs between two stock builds, it says nothing of ours.
    """
    found = []
    lines = _lines(source, stock)
    for cell, other in zip(stock, ours, strict=False):
        same = next((it.outputs == cell.outputs for it in again if it.number == cell.number), True)
        if difference := _difference(cell, other, texts=same):
            found.append(Difference(page, cell.number, lines[cell.number - 1], *difference))
    for cell in [*stock[len(ours) :], *ours[len(stock) :]]:
        sides = ("there", "not there") if cell in stock else ("not there", "there")
        found.append(Difference(page, cell.number, None, "code", *sides))
    return found


def _difference(stock: Cell, ours: Cell, *, texts: bool) -> tuple[str, str, str] | None:
    if stock.source != ours.source:
        return "code", *_apart(stock.source, ours.source)
    if stock.kinds != ours.kinds:
        what = "number" if len(stock.kinds) != len(ours.kinds) else "kind"
        what = "order" if stock.content == ours.content else what
        return what, ", ".join(stock.kinds) or "nothing", ", ".join(ours.kinds) or "nothing"
    if not texts or stock.outputs == ours.outputs:
        return None
    if stock.content == ours.content:
        return "order", *_apart(repr(stock.outputs), repr(ours.outputs))
    for before, after in zip(stock.outputs, ours.outputs, strict=True):
        for kind, text in before.texts.items():
            if text != after.texts[kind]:
                return f"text of {kind}", *_apart(text, after.texts[kind])
    raise AssertionError("outputs that differ in nothing")


def _apart(stock: str, ours: str) -> tuple[str, str]:
    """Return where two texts begin to differ: the rest of that line, and two lines more."""
    same = next((at for at, (a, b) in enumerate(zip(stock, ours, strict=False)) if a != b), min(len(stock), len(ours)))
    start = max(stock.rfind("\n", 0, same) + 1, same - 60)
    one, other = ("\n".join(text[start : start + 400].splitlines()[:3]) for text in (stock, ours))
    return one or "(its end)", other or "(its end)"


def _lines(source: str, cells: Sequence[Cell]) -> list[int | None]:
    """Return the line of each cell's code in a page's text."""
    return list(_found(source, cells))


def _found(source: str, cells: Sequence[Cell]) -> Iterator[int | None]:
    place = 0
    for cell in cells:
        at = source.find(cell.source, place) if cell.source else -1
        yield None if at < 0 else source.count("\n", 0, at) + 1
        place = place if at < 0 else at + len(cell.source)
