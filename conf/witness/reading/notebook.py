"""A page's notebook, as MyST-NB sees it."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path, PurePosixPath

from myst_nb.core.read import create_nb_reader
from nbformat import NotebookNode

from witness.reading.plan import Unreadable
from witness.reading.site import Site


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
    """Return whether MyST-NB takes a file for a notebook."""
    text = path.read_text("utf-8-sig", "replace")
    return create_nb_reader(str(path), site.markdown, site.notebooks, text) is not None


def example(cell: NotebookNode) -> str:
    """Return the file that a code cell shows, as readers know it: ``../examples/flow.py`` is ``examples/flow.py``."""
    path = PurePosixPath(posixpath.normpath(str(cell.metadata.get("load") or ".")))
    return path.name if path.is_absolute() else "/".join(part for part in path.parts if part != "..")
