"""What the present builder has written of each page: those that it wrote from an older reading it writes again.

Builders share the doctrees of a site, and whoever comes first reads what has changed. For the others Sphinx looks at
the dates of sources alone: what a page shows that does not stand in its source would stay in their output as it was.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.environment import BuildEnvironment

from witness.records.store import write_whole


class Written:
    """The readings that the pages of one output were written from, by the time at which Sphinx read each."""

    def __init__(self) -> None:
        self._pages: set[str] = set()

    def on_env_updated(self, app: Sphinx, env: BuildEnvironment) -> set[str]:
        """Return the pages whose output is of another reading than their doctree."""
        if type(app.builder).write_documents is not Builder.write_documents:  # it writes no page by itself, but all
            return set()
        known = _known(app)
        return {page for page in env.found_docs if known.get(page) != env.all_docs.get(page)}

    def on_doctree_resolved(self, app: Sphinx, doctree: nodes.document, page: str) -> None:
        """Note that a page is about to be written."""
        self._pages.add(page)

    def on_build_finished(self, app: Sphinx, exception: Exception | None) -> None:
        """Keep what was written, once all of it is; where there is no room, the next build writes it again."""
        env, known = app.env, _known(app)
        found = known | {page: env.all_docs[page] for page in self._pages & env.all_docs.keys()}
        found = {page: found[page] for page in sorted(found.keys() & env.found_docs)}
        if exception is None and found != known:
            with suppress(OSError):
                write_whole(_path(app), json.dumps(found, indent=1).encode())


def _path(app: Sphinx) -> Path:
    """Return the file beside Sphinx's environment that is of this builder's output."""
    output = f"{app.builder.name} {os.path.relpath(app.outdir, app.doctreedir)}"
    return Path(app.doctreedir, f"witness-written-{hashlib.sha256(output.encode()).hexdigest()[:16]}.json")


def _known(app: Sphinx) -> dict[str, int]:
    """Return when each page had been read from which the output was written."""
    try:
        known = json.loads(_path(app).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}
