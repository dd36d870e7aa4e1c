"""What pages link to, in place before they are written."""

from __future__ import annotations

from pathlib import Path
from pkgutil import resolve_name

from sphinx.application import Sphinx
from sphinx.builders import Builder

LATE = {
    "myst_nb": "myst_nb.sphinx_ext:add_global_html_resources",
    "sphinx_exercise": "sphinx_exercise:copy_asset_files",
}
"""Extensions that copy their stylesheet only when a build ends, and what they do it with."""


def on_write_started(app: Sphinx, builder: Builder) -> None:
    """Copy the stylesheets of extensions that copy theirs when a build ends, as they do it themselves.

    Sphinx writes its checksum into each link to one, and would know none at a first build: pages would differ from
    those of a second one.
    """
    if builder.format == "html":
        Path(app.outdir, "_static").mkdir(parents=True, exist_ok=True)
        for extension in LATE.keys() & app.extensions.keys():
            resolve_name(LATE[extension])(app, None)
