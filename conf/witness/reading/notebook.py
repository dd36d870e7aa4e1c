"""A page's notebook, as MyST-NB sees it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path, PurePosixPath

import yaml
from myst_nb.core.read import MystMetadataParsingError, create_nb_reader
from nbformat import NotebookNode

from witness.reading.cell_options import wrong_options
from witness.reading.front_matter import UNREADABLE, fault
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
        told = [] if isinstance(error, MystMetadataParsingError) else wrong_options(text, path, site.markdown)
        raise Unreadable(site.shown(path), told or [_unread(error, text)]) from error


def _unread(error: Exception, text: str) -> tuple[int, str]:
    """Return the line and the text of what a reader could not read."""
    if isinstance(error, MystMetadataParsingError) and (found := re.search(r"line (\d+)", str(error))):
        fence, said = int(found[1]), re.search(r"msg='(.+?)'", str(error))
        line, problem = unreadable_options(text.split("\n")[fence:], fence) or (fence, said[1] if said else str(error))
        return line, f"the cell's options cannot be read: {problem}"
    mark = getattr(error, "problem_mark", None)
    found = re.search(r"line (\d+)", str(error))
    return mark.line + 2 if mark else int(found[1]) if found else 1, " ".join(str(error).split())


def unreadable_options(below: Sequence[str], fence: int) -> tuple[int, str] | None:
    """Return the line and the text of what YAML cannot read of a cell's options, from the lines below its fence."""
    if below and below[0].startswith("---"):
        first, block = fence + 2, list(takewhile(lambda line: not line.startswith("---"), below[1:]))
    else:
        marked = takewhile(lambda line: line.lstrip().startswith(":"), below)
        first, block = fence + 1, [line.lstrip()[1:] for line in marked]
    try:
        yaml.safe_load("\n".join(block))
    except UNREADABLE as error:
        return fault(error, first)
    return None


def is_notebook(path: Path, site: Site) -> bool:
    """Return whether MyST-NB takes a file for a notebook."""
    text = path.read_text(site.encoding, "replace")
    return create_nb_reader(str(path), site.markdown, site.notebooks, text) is not None


def example(cell: NotebookNode) -> str:
    """Return the file that a code cell shows, as readers know it: ``../examples/flow.py`` is ``examples/flow.py``."""
    path = PurePosixPath(posixpath.normpath(str(cell.metadata.get("load") or ".")))
    return path.name if path.is_absolute() else "/".join(part for part in path.parts if part != "..")
