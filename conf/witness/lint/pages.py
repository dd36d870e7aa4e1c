"""Pages that passed the lint, and their plans."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from witness.reading import pages
from witness.reading.plan import Plan, Unreadable

if TYPE_CHECKING:
    from witness.reading.site import Site


def read_file(path: Path, page: str, site: Site, change: Callable[[str], str] | None = None) -> Plan | None:
    """Return what to run for the page in a file, or None when nothing is; ``change`` is what others make of its text.

    Raises Unreadable, in a site with page rules also for each diagnostic that the structure of the page gives.
    """
    from witness.lint.linter import lint_bytes
    from witness.reading.page_plan import read_file  # both need MyST-NB; plans do not

    if site.settings.page_rules and (found := lint_bytes(path.read_bytes(), path, strict=False)):
        raise Unreadable(site.shown(path), [(it.line, f"{it.rule}: {it.message}") for it in found])
    return read_file(path, page, site, change)


def plans(names: Sequence[str]) -> pages.Pages:
    """Return the plans of pages, plans and folders of either, with those that they declare to run after.

    What a build warns of in their site's settings is told. Raises NoPages, also where what reads pages is not
    installed: plans need none of it.
    """
    try:
        found = pages.plans(names, read_file)
    except ModuleNotFoundError as error:
        why = f"reading pages takes MyST-NB, and there is no {error.name} here"
        mend = "where it is, `witness plan docs -o plans` writes what to run; name that folder here"
        raise pages.NoPages(f"{why}: {mend}") from error
    for text in found.warnings:
        print(f"witness: warning: {text}", file=sys.stderr)
    return found
