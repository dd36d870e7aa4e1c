"""MyST-NB's settings for one page: the site's, and what the page's front matter changes of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from myst_nb.core.config import NbParserConfig
from nbformat import NotebookNode

from witness.reading.live import Evaluated
from witness.reading.site import Site


def settings_of(notebook: NotebookNode, site: Site) -> NbParserConfig:
    """Return MyST-NB's settings for a page: the site's, changed by its front matter.

    ``execution`` counts for a page that is executed as a whole, as jupyter-cache reads it. Settings that MyST-NB does
    not know are an error on a reproducible page; elsewhere it warns of them, and none of the page's is obeyed.
    """
    overrides = notebook.metadata.get(site.notebooks.metadata_key) or {}
    obeyed = site.settings.reproducible or known(overrides, site)
    settings = changed(overrides, site) if obeyed else site.notebooks
    said = notebook.metadata.get("execution")
    if settings.execution_mode == "inline" or not isinstance(said, dict):
        return settings
    own = {"execution_timeout": settings.execution_timeout, "execution_allow_errors": settings.execution_allow_errors}
    if "timeout" in said:
        own["execution_timeout"] = -1 if said["timeout"] is None else said["timeout"]
    if "allow_errors" in said:
        own["execution_allow_errors"] = bool(said["allow_errors"])
    return settings.copy(**own)


def evaluated(notebook: NotebookNode, path: Path, site: Site) -> Evaluated | None:
    """Return what of a page MyST-NB's own ``eval`` shows: nothing but in its inline mode."""
    settings = settings_of(notebook, site)
    if settings.execution_mode != "inline":
        return None
    own = (notebook.metadata.get("myst") or {}).get("substitutions") or {}
    return Evaluated(settings.eval_name_regex, path.parent, site.root, {**site.markdown.substitutions, **own})


def changed(overrides: Mapping[str, Any], site: Site) -> NbParserConfig:
    """Return a site's settings of MyST-NB, changed. Raises what Python does of one that MyST-NB does not know."""
    return site.notebooks.copy(**{name: value for name, value in overrides.items() if name != "output_folder"})


def known(overrides: Mapping[str, Any], site: Site) -> bool:
    """Return whether MyST-NB knows all settings of a page: otherwise it warns, and obeys none of them."""
    try:
        changed(overrides, site)
    except (AttributeError, TypeError, ValueError):
        return False
    return True
