"""The foot of each page: where and when its code ran."""

from __future__ import annotations

from html import escape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from witness.nodes.provenance import sentence, variation
from witness.sphinx.bundles import told
from witness.sphinx.env_state import record_of


def on_html_page_context(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Add the foot to a page that was executed."""
    record = record_of(app.env, pagename) if doctree else None
    if record and context.get("body"):
        context["body"] += (
            f'<p class="witness-provenance">{escape(sentence(record) + told(app.env, record))}</p>\n{variation(record)}'
        )
