"""The cover of the book: its title, what it asks, and the evidence of its first page."""

from __future__ import annotations

from pathlib import Path
from textwrap import wrap

from sphinx.application import Sphinx

from theme import sentences
from theme.cards import INK, MUTED, VIOLET, all_evidence, panel, sheet
from witness.sphinx.env_state import record_of

KINDS = {"jaxpr": 0.155, "time": 0.16, "error": 0.165}
"""What is shown of the first page, from above, and how high it is."""


def cover(app: Sphinx, path: Path) -> None:
    """Draw it, of a page's shape: the same bytes from the same record."""
    record, root = record_of(app.env, app.config.root_doc), app.config.root_doc
    found = {it.kind: it for it in reversed([*all_evidence(record)])} if record else {}
    shown, below = [found[kind] for kind in KINDS if kind in found], 0.64
    with sheet(path, 12, 16) as figure:
        figure.text(0.08, 0.93, app.config.html_title, size=62, color=VIOLET, weight="bold", va="top")
        told = "\n".join(wrap(sentences.of(app.env).get(root, ""), 62)[:5])
        figure.text(0.08, 0.85, told, size=21, color=INK, va="top", linespacing=1.5)
        for it in shown:
            below -= KINDS[it.kind] + 0.02
            panel(figure, (0.08, below, 0.84, KINDS[it.kind]), it, 15)
        version = record.environment["jax"] if record else ""
        made = [app.config.author, *([f"JAX {version}", record.executed[:10]] if record and version else [])]
        figure.text(0.08, 0.05, " · ".join(made), size=18, color=MUTED)
