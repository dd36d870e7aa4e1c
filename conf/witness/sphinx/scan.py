"""The scan of the finished site for what identifies this machine."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path

from witness.records.colour import letters
from witness.records.page_record import CellRecord
from witness.records.place import tells
from witness.records.scrub import Machine, Scrubber, leaks

PUBLISHED = (".html", ".js", ".json", ".txt", ".ipynb", ".py", ".md", ".csv", ".svg", ".xml")
"""Files that are read."""


@dataclass(frozen=True)
class Leak:
    """Something of this machine in a file of the site."""

    file: str
    line: int
    text: str


def scan(output: Path, known: Machine) -> Iterator[Leak]:
    """Yield each leak, once a file; what tells no machine from another is none.

    Read are the files that changed after the last scan that found nothing: a leak is found until it is mended.
    """
    clean, begun = output.parent / f".{output.name}.clean", output.parent / f".{output.name}.scan"
    since = clean.stat().st_mtime_ns if clean.exists() else 0
    begun.touch()  # by the clock of the file system, as are the times it is compared with
    scrubber = Scrubber(replace(known, places=[place for place in known.places if tells(place[0])]))
    found = False
    for path in sorted(output.rglob("*")):
        if path.suffix in PUBLISHED and "_static" not in path.parts and path.is_file():
            if path.stat().st_ctime_ns < since:
                continue
            lines: dict[str, int] = {}
            for line, text in leaks(path.read_text("utf-8", "replace"), scrubber):
                lines.setdefault(text, line)
            for text, line in lines.items():
                found = True
                yield Leak(path.relative_to(output).as_posix(), line, text)
    if not found:
        begun.replace(clean)


def by_page(found: Iterable[Leak], pages: Mapping[str, str]) -> Iterator[tuple[str | None, Leak]]:
    """Yield the leaks of each page, once each, and those in other files that no page has.

    Args:
        found: Leaks.
        pages: The page that each file shows.
    """
    every = sorted(found, key=lambda leak: leak.file.startswith("_sources/"))  # what is shown goes before its source
    of_pages = {(pages[leak.file], leak.text): leak for leak in reversed(every) if leak.file in pages}
    for (page, _), leak in sorted(of_pages.items()):
        yield page, leak
    told = {text for _, text in of_pages}
    yield from ((None, leak) for leak in every if leak.file not in pages and leak.text not in told)


def answer(leak: Leak, source: str, cells: Iterable[CellRecord]) -> tuple[int, str]:
    """Return the line of a page where a leak comes from, and what to do about it.

    ``source`` is the page's own text, a notebook's with what is stored in it.
    """
    for number, line in enumerate(source.splitlines(), 1):
        if leak.text in line:
            return number, "write something else there; an output that is stored there can be cleared, or run here"
    for cell in cells:
        if leak.text in letters(unescape(json.dumps(cell.outputs, ensure_ascii=False))):
            return cell.line, f"let cell {cell.number} show something else"
    return 1, f"let what makes line {leak.line} of {leak.file} show something else"
