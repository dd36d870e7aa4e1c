"""The pages that a command line names, and their plans."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from witness.reading.order import Read, closed
from witness.reading.plan import Plan, Unreadable
from witness.reading.project import Project
from witness.records.diagnostic import Diagnostic
from witness.records.normalise import NormalisationRule, own_rules

if TYPE_CHECKING:
    from witness.reading.site import Site  # this needs MyST-NB; plans do not

    ReadFile = Callable[[Path, str, Site], Plan | None]
    """Returns what to run for the page in a file of a site; raises Unreadable."""

NOT_PAGES = ("_build", "node_modules")
"""Folders below a named one that hold what was made or installed; hidden ones do, too."""

BUILT = ".buildinfo"
"""What Sphinx leaves in a folder that it has written a site to."""


class NoPages(Exception):
    """There is nothing of that name; the message is one line."""


@dataclass(frozen=True)
class Pages:
    """The pages that were asked for."""

    plans: list[Plan]
    """Of those that run code."""
    root: Path | None = None
    """The folder of the book; None where plans themselves were named."""
    unreadable: list[Diagnostic] = field(default_factory=list)
    """Why pages are no plans."""
    whole: bool = False
    """Whether these are all pages of the book."""
    rules: Sequence[NormalisationRule] = ()
    """What the site has replaced before texts are compared."""
    warnings: Sequence[str] = ()
    """What the settings of the site say in vain."""

    @property
    def reproducible(self) -> bool:
        """Whether any of them is to be, and so all see only what such pages may see."""
        return any(plan.reproducible for plan in self.plans)


def plans(names: Sequence[str], read_file: ReadFile) -> Pages:
    """Return the plans of the named pages, of the pages in a named folder, or in a named plan or folder of plans.

    With a page come those that it declares to run after. Raises NoPages.
    """
    given: list[Plan] = []
    found: dict[Path, None] = {}
    for name in names:
        path = Path(name)
        if path.suffix == ".json" and path.is_file():
            given.append(_plan(path))
            continue
        markdown = files([name], ".md", required=False)
        kept = list(_plans_below(path)) if path.is_dir() and not any(map(_is_notebook, markdown)) else []
        given += kept
        found |= dict.fromkeys([] if kept else markdown)
    if not found and not given:
        raise NoPages(f"no page in {', '.join(names)}")
    if not found:
        return _closed(Pages(given), _no_plan)
    pages = _pages(list(found), read_file)
    return replace(pages, plans=[*pages.plans, *given])


def _pages(found: list[Path], read_file: ReadFile) -> Pages:
    from witness.reading.site import Site

    root = _root(found)
    try:
        site = Site.at(root)
        names = {path.relative_to(root).as_posix().removesuffix(".md"): path for path in found}
    except ValueError as error:
        raise NoPages(str(error)) from error
    read: list[Plan] = []
    unreadable: list[Diagnostic] = []
    for page, path in names.items():
        try:
            plan = read_file(path, page, site)
        except Unreadable as error:
            unreadable += error.diagnostics()
        else:
            read.extend([plan] if plan else [])

    def earlier(page: str) -> Plan | None:
        path = next(path for suffix in site.suffixes if (path := root / f"{page}{suffix}").is_file())
        return read_file(path, page, site)

    whole = set(found) >= set(files([str(root)], ".md", required=False))
    rules = own_rules(site.settings.normalise)
    return _closed(Pages(read, root, unreadable, whole=whole, rules=rules, warnings=site.warnings), earlier)


def _no_plan(page: str) -> None:
    raise Unreadable(page, [(1, "there is no plan of it; name it, too")])


def _closed(pages: Pages, read: Read) -> Pages:
    """Return pages with those that are to run before them, but for those that cannot have their order."""
    ordered, faults = closed(pages.plans, read)
    wrong = [Diagnostic(plan.path, line, "order", why) for plan, line, why in faults]
    return replace(pages, plans=ordered, unreadable=[*pages.unreadable, *wrong])


def _plan(path: Path) -> Plan:
    try:
        return Plan.from_json(path.read_text("utf-8"))
    except ValueError as error:
        raise NoPages(f"{path}: {error}") from error


def _plans_below(folder: Path) -> Iterator[Plan]:
    """Yield the plans below a folder; what says nothing of a kernel was never meant to be one."""
    for path in _below(folder, ".json"):
        if b'"kernel":' in path.read_bytes():
            yield _plan(path)


def _is_notebook(path: Path) -> bool:
    """Return whether code of a page may run."""
    from witness.reading.front_matter import read_head

    return read_head(path.read_text("utf-8", "replace").splitlines()).is_notebook


def files(names: Sequence[str], suffix: str, *, required: bool = True) -> list[Path]:
    """Return the files that are named, and those in the folders that are named; a page may be named by its name alone.

    Raises NoPages for a name that is none, and, if files are required, where there are none.
    """
    found: dict[Path, None] = {}
    for name in names:
        path = _named(name, suffix)
        for file in _below(path, suffix) if path.is_dir() else [path]:
            if file.suffix == suffix:
                found[file.resolve()] = None
    if required and not found:
        raise NoPages(f"no page in {', '.join(names)}")
    return list(found)


def _below(folder: Path, suffix: str) -> Iterator[Path]:
    """Yield the files below a folder with this suffix, sorted: neither hidden ones nor those that were made."""
    for above, folders, names in os.walk(folder):
        if BUILT in names:
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in NOT_PAGES)
        for name in sorted(names):
            path = Path(above, name)
            if path.suffix == suffix and not name.startswith(".") and path.is_file():
                yield path


def _named(name: str, suffix: str) -> Path:
    """Return what a name means: a path, or the end of one below the project's pages. Raises NoPages."""
    try:
        folder = Path(Project.here().pages)
    except ValueError as error:
        raise NoPages(str(error)) from error
    page = Path(f"{name.removesuffix(suffix)}{suffix}")
    if found := next((path for path in (Path(name), folder / page, page) if path.exists()), None):
        return found
    ends = [] if page.is_absolute() else [path for path in _below(folder, suffix) if path.match(str(page))]
    if len(ends) > 1:
        raise NoPages(f"{name}: that is {' or '.join(map(str, ends))}; name one")
    if not ends:
        raise NoPages(f"{name}: no such page or folder")
    return ends[0]


def check_settings(pages: Sequence[Path]) -> None:
    """Make sure that the settings of the sites of pages have values that they can have. Raises NoPages.

    A ``conf.py`` that cannot be executed here says nothing of its pages' text.
    """
    from witness.reading.settings import WrongSetting
    from witness.reading.site import Site

    for root in dict.fromkeys(_book(folder) for folder in dict.fromkeys(page.parent for page in pages)):
        try:
            if root:
                Site.at(root)
        except WrongSetting as error:
            raise NoPages(str(error)) from error
        except ValueError:
            continue


def _root(pages: Sequence[Path]) -> Path:
    """Return the folder of the book that pages are of; of pages that are of none, the one that holds them all."""
    roots = {page: root for page in pages if (root := _book(page.parent))}
    first = next(iter(roots), None)
    for page, root in roots.items():
        if first and root != roots[first]:
            raise NoPages(f"{page}: it is of another site than {first}; name pages of one")
    return roots[first] if first else Path(os.path.commonpath([page.parent for page in pages]))


def _book(folder: Path) -> Path | None:
    """Return the folder of the book that one is in: that of its ``conf.py``, or the topmost one with an index."""
    above = [folder, *folder.parents]
    settings = [parent for parent in above if (parent / "conf.py").is_file()]
    index = [parent for parent in above if (parent / "index.md").exists()]
    return settings[0] if settings else index[-1] if index else None
