"""The pages that a command line names, and their plans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from witness.reading.plan import Plan

BOOK = Path("docs")
"""Where a page is looked for that is named without its folder."""


class NoPages(Exception):
    """There is nothing of that name; the message is one line."""


@dataclass(frozen=True)
class Pages:
    """The pages that were asked for."""

    plans: list[Plan]
    """Of those that run code."""
    root: Path | None = None
    """The folder of the book; None where plans themselves were named."""
    unreadable: list[str] = field(default_factory=list)
    """A line for each page that is no plan."""
    whole: bool = False
    """Whether these are all pages of the book."""


def plans(names: Sequence[str]) -> Pages:
    """Return the plans of the named pages, of the pages in a named folder, or in a named plan.

    Raises NoPages.
    """
    if json := files(names, ".json", required=False):
        try:
            return Pages([Plan.from_json(path.read_text("utf-8")) for path in json])
        except ValueError as error:
            raise NoPages(f"{', '.join(names)}: {error}") from error
    from witness.reading.notebook import Unreadable  # these need MyST-NB; plans do not
    from witness.reading.page import read_file
    from witness.reading.site import Site

    found = files(names, ".md")
    root = _root(found)
    pages = Pages([], root, whole=set(found) >= set(root.rglob("*.md")))
    for path in found:
        try:
            plan = read_file(path, path.relative_to(root).as_posix().removesuffix(".md"), Site(root))
        except Unreadable as error:
            pages.unreadable.append(str(error))
        else:
            pages.plans.extend([plan] if plan else [])
    return pages


def files(names: Sequence[str], suffix: str, *, required: bool = True) -> list[Path]:
    """Return the files that are named, and those in the folders that are named; a page may be named by its name alone.

    Raises NoPages for a name that is none, and, if files are required, where there are none.
    """
    found: dict[Path, None] = {}
    for name in names:
        path = next((path for path in _meant(name, suffix) if path.exists()), None)
        if path is None and required:
            raise NoPages(f"{name}: no such page or folder")
        if path is None:
            continue
        for file in sorted(path.rglob(f"*{suffix}")) if path.is_dir() else [path]:
            if file.suffix == suffix:
                found[file.resolve()] = None
    if required and not found:
        raise NoPages(f"no page in {', '.join(names)}")
    return list(found)


def _meant(name: str, suffix: str) -> list[Path]:
    """Return what a name may mean, the likest first."""
    path = Path(name)
    if suffix != ".md":
        return [path]
    return [path, *(folder / f"{name.removesuffix('.md')}.md" for folder in (BOOK, Path()))]


def _root(pages: Sequence[Path]) -> Path:
    """Return the folder of the book: the topmost one above the first page that holds an index, or the page's own."""
    folder = pages[0].parent
    above = [parent for parent in (folder, *folder.parents) if (parent / "index.md").exists()]
    return above[-1] if above else folder
