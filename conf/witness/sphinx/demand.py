"""Whether a build was asked for that begins from nothing."""

from __future__ import annotations

from pathlib import Path

from sphinx.application import ENV_PICKLE_FILENAME, Sphinx

MARK = "witness-began"
"""A file beside Sphinx's environment, as old as the build that last began from nothing."""


def demanded(app: Sphinx) -> float:
    """Return when a build from nothing was asked for, in seconds since the epoch, or 0 where Sphinx knows the pages.

    With ``-E``, and where the built site was removed, stock MyST-NB executes every page that it reads. A build that was
    cut off before Sphinx had kept its environment goes on from the pages that it had executed.
    """
    if not app.fresh_env_used:
        return 0.0
    mark, kept = Path(app.doctreedir) / MARK, Path(app.doctreedir) / ENV_PICKLE_FILENAME
    if kept.exists() or not mark.exists():
        mark.touch()
    return mark.stat().st_mtime
