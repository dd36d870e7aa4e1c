"""What other extensions make of a page's text before Sphinx parses it: what runs is the code that is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from sphinx.application import Sphinx

Handler = Callable[[Sphinx, str, list[str]], object]


def handlers(app: Sphinx) -> Sequence[Handler]:
    """Return what listens to ``source-read``, in its order; Sphinx's own extensions do so and change no text."""
    found = sorted(app.events.listeners.get("source-read", ()), key=lambda listener: listener.priority)
    return [it.handler for it in found if _package(it.handler) != "sphinx"]


def _package(handler: Handler) -> str:
    return (getattr(handler, "__module__", None) or "").partition(".")[0]  # what is defined in conf.py has none


def changes(app: Sphinx, page: str) -> Callable[[str], str] | None:
    """Return what a page's text becomes when it is read, or None where nobody changes it."""
    return partial(_changed, app, page, found) if (found := handlers(app)) else None


def _changed(app: Sphinx, page: str, found: Sequence[Handler], text: str) -> str:
    source = [text]
    app.env.prepare_settings(page)  # as it is while the page is read
    try:
        for handler in found:
            handler(app, page, source)
    finally:
        app.env.temp_data.clear()
    return source[0]
