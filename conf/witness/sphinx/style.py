"""The stylesheet of what witness adds to a page; a site's own comes after it."""

from __future__ import annotations

from pathlib import Path

from sphinx.application import Sphinx

STATIC = Path(__file__).parent / "static"


def on_builder_inited(app: Sphinx) -> None:
    """Have the stylesheet copied; after the settings' digest was taken, for it is none of them."""
    app.config.html_static_path.append(str(STATIC))


def add(app: Sphinx) -> None:
    """Put the stylesheet on each page."""
    app.connect("builder-inited", on_builder_inited)
    app.add_css_file("witness.css", priority=400)
