"""What else than its own text a page depends on, each by its name, and a digest of each as it is now."""

from __future__ import annotations

import glob
import hashlib
import os
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path

from witness.reading.plan import Plan

VARIABLE = "$"
"""Begins the name of an environment variable."""


def digests(names: Iterable[str], folder: Path) -> dict[str, str]:
    """Return the digests of files, folders, patterns and variables; of what is not there it is empty.

    Files are named from a folder. A folder stands for all files below it, a pattern for all that it matches.
    """
    return {name: _digest(name, folder) for name in names}


def _digest(name: str, folder: Path) -> str:
    if name.startswith(VARIABLE):
        value = os.environ.get(name.removeprefix(VARIABLE))
        return "" if value is None else hashlib.sha256(value.encode("utf-8", "surrogateescape")).hexdigest()
    try:
        return content(folder / name)
    except OSError:
        pass
    found = {file: content(folder / file) for file in matched(name, folder)}
    return hashlib.sha256(repr(found).encode()).hexdigest() if found else ""


def renewed(plan: Plan, root: Path) -> Plan:
    """Return a plan with its inputs as they are now: pages that ran before it may have made them."""
    inputs = digests(plan.inputs, (root / plan.page).parent)
    return replace(plan, inputs=inputs, sources={**plan.sources, **inputs})


def matched(name: str, folder: Path) -> list[str]:
    """Return the files that a name stands for, sorted."""
    if (folder / name).is_file():
        return [name]
    pattern = f"{glob.escape(name.rstrip('/'))}/**" if (folder / name).is_dir() else name
    found = glob.iglob(pattern, root_dir=folder, recursive=True)  # noqa: PTH207 (a pattern may be absolute)
    return sorted(file for file in found if (folder / file).is_file())


def content(file: Path) -> str:
    """Return the digest of a file's content. Raises OSError."""
    status = file.stat()
    return _content(str(file), status.st_mtime_ns, status.st_size)


@cache
def _content(file: str, _changed: int, _size: int) -> str:
    """Read a file once, however many pages depend on it, for as long as it does not change."""
    with Path(file).open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
