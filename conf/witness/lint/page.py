"""A page as the lint sees it: head, fences, cells, prose, live values and sections, each with its line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from witness.lint.block import Fence, Heading, blocks
from witness.lint.cell import LintedCell, read_cell
from witness.lint.code import Code, Remark
from witness.lint.passage import InlineSpan, Passage, Table
from witness.reading.front_matter import Head, read_head


@dataclass(frozen=True)
class Section:
    """What stands between one heading and the next, of whatever level."""

    first: int
    """Its first line, from 1: that of its heading, or of the page."""
    last: int
    cells: tuple[LintedCell, ...]
    passages: tuple[Passage, ...]
    lives: tuple[InlineSpan, ...]

    def asserts(self, page: Path) -> list[str]:
        """Return the source of each ``assert`` in its cells, and in the files they show."""
        found: list[str] = []
        for cell in self.cells:
            file = cell.loads(page)
            found += cell.code.asserts()
            if file and file.is_file():
                found += Code(file.read_text("utf-8", errors="replace"), 1).asserts()
        return found


@dataclass(frozen=True)
class Page:
    """One page."""

    path: Path
    lines: tuple[str, ...]
    head: Head
    fences: tuple[Fence, ...]
    """Plain fences and directives, nested ones too."""
    passages: tuple[Passage, ...]
    """Prose, that in directives and tables too."""
    headings: tuple[Heading, ...]

    @cached_property
    def cells(self) -> tuple[LintedCell, ...]:
        """The cells that MyST-NB executes."""
        return tuple(read_cell(fence) for fence in self.fences if fence.is_cell)

    @cached_property
    def lives(self) -> tuple[InlineSpan, ...]:
        """The live roles."""
        return tuple(span for passage in self.passages for span in passage.spans() if span.role == "live")

    @property
    def tables(self) -> tuple[Table, ...]:
        """The tables written by hand."""
        return tuple(passage for passage in self.passages if isinstance(passage, Table))

    def remarks(self) -> Iterator[Remark]:
        """Yield the comments and strings of all cells."""
        for cell in self.cells:
            yield from cell.code.remarks

    def section(self, line: int) -> Section:
        """Return the section that a line is in."""
        return next(section for section in self.sections() if section.first <= line <= section.last)

    def sections(self) -> Iterator[Section]:
        """Yield the sections in order, what stands above the first heading included."""
        starts = [1, *(heading.line for heading in self.headings)]
        for first, after in zip(starts, [*starts[1:], len(self.lines) + 1], strict=True):
            yield Section(
                first,
                after - 1,
                tuple(cell for cell in self.cells if first <= cell.line < after),
                tuple(passage for passage in self.passages if first <= passage.line < after),
                tuple(span for span in self.lives if first <= span.line < after),
            )


def read_page(text: str, path: Path) -> Page:
    """Return a page; what is wrong with it is left to the rules."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    head = read_head(lines)
    # A head that cannot be read is no Markdown either: blank lines keep the numbers of what follows.
    body = ["" if number <= head.end else line for number, line in enumerate(lines, start=1)]
    found = list(blocks(body))
    return Page(
        path=path,
        lines=tuple(lines),
        head=head,
        fences=tuple(block for block in found if isinstance(block, Fence)),
        passages=tuple(block for block in found if isinstance(block, Passage)),
        headings=tuple(block for block in found if isinstance(block, Heading)),
    )
