"""A page's notebook, as MyST-NB sees it."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from myst_nb.core.read import create_nb_reader
from nbformat import NotebookNode

from witness.reading.site import Site


class Unreadable(Exception):
    """A page that is no plan: ``faults`` says why, each with its line."""

    def __init__(self, path: str, faults: Sequence[tuple[int, str]]) -> None:
        super().__init__("\n".join(f"{path}:{line}: {why}" for line, why in faults))
        self.faults = list(faults)


def read_notebook(text: str, path: Path, site: Site) -> NotebookNode | None:
    """Return the notebook in a page's text, or None when the page is plain Markdown.

    Raises Unreadable.
    """
    try:
        reader = create_nb_reader(str(path), site.markdown, site.notebooks, text)
        return None if reader is None else reader.read(text)
    except Exception as error:  # readers are other people's code: whatever they raise, the page is at fault
        mark = getattr(error, "problem_mark", None)
        found = re.search(r"line (\d+)", str(error))
        line = mark.line + 2 if mark else int(found[1]) if found else 1
        raise Unreadable(site.shown(path), [(line, " ".join(str(error).split()))]) from error


def is_notebook(path: Path, site: Site) -> bool:
    """Say whether MyST-NB takes a file for a notebook."""
    text = path.read_text("utf-8-sig", "replace")
    return create_nb_reader(str(path), site.markdown, site.notebooks, text) is not None


def digests(names: Iterable[str], path: Path) -> dict[str, str]:
    """Return the digests of files named from a page's folder; a missing one has an empty digest."""
    found = {}
    for name in names:
        file = path.parent / name
        found[name] = hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""
    return found


def example(cell: NotebookNode) -> str:
    """Return the file that a code cell shows, as readers know it: ``../examples/flow.py`` is ``examples/flow.py``."""
    path = PurePosixPath(posixpath.normpath(str(cell.metadata.get("load") or ".")))
    return path.name if path.is_absolute() else "/".join(part for part in path.parts if part != "..")
