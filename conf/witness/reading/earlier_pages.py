"""The names by which a page knows others."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from witness.reading.known_names import instead
from witness.reading.site import Site


def earlier(names: Iterable[str], page: str, site: Site) -> list[str]:
    """Return the pages that names mean on a page: from its own folder, or from that of the site.

    Raises ValueError where there is no such page.
    """
    return [_meant(name, page, site) for name in names]


def _meant(name: str, page: str, site: Site) -> str:
    suffixes = site.suffixes
    beside = posixpath.join("" if name.startswith("/") else posixpath.dirname(page), name.lstrip("/"))
    for path in (posixpath.normpath(beside), posixpath.normpath(name.lstrip("/"))):
        for suffix in suffixes:
            bare = path.removesuffix(suffix)
            if (site.root / f"{bare}{suffix}").is_file():
                return bare
    folder = site.root / posixpath.dirname(page)
    there = {file.name.removesuffix(suffix) for suffix in suffixes for file in folder.glob(f"*{suffix}")}
    raise ValueError(f"`after: {name}`: there is no such page; {instead(name, there)}")
