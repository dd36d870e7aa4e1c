"""The whole book to take along: what ``nox -s book`` has made is part of the site, and the first page leads there."""

from __future__ import annotations

from pathlib import Path

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

KINDS = {".pdf": "PDF", ".epub": "EPUB"}


def files(app: Sphinx) -> list[Path]:
    """Return the files there are: they lie beside the site's folder, in ``book``."""
    folder = Path(app.outdir).parent / "book"
    return [path for kind in KINDS for path in sorted(folder.glob(f"*{kind}"))]


def links(app: Sphinx) -> list[tuple[str, str]]:
    """Return their names and what they are called."""
    return [(path.name, f"{KINDS[path.suffix]}, {path.stat().st_size / 1e6:.1f} MB") for path in files(app)]


def on_builder_inited(app: Sphinx) -> None:
    """Have them copied."""
    if app.builder.name == "html":
        app.config.html_extra_path.extend(map(str, files(app)))


def on_env_updated(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Return the first page where there are others than last time."""
    if app.builder.name != "html":
        return []
    before, env.__dict__["book_taken"] = env.__dict__.get("book_taken"), links(app)
    return [] if before == links(app) else [app.config.root_doc]


def add(app: Sphinx) -> None:
    """Publish them."""
    app.connect("builder-inited", on_builder_inited)
    app.connect("env-updated", on_env_updated)
