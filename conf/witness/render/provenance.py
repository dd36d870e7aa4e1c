"""The foot of each page: where and when its code ran."""

from __future__ import annotations

from html import escape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from witness.records.page import PageRecord
from witness.render.evidence import record_of


def on_html_page_context(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Add the foot to a page that was executed."""
    record = record_of(app.env, pagename) if doctree else None
    if record and context.get("body"):
        context["body"] += f'<p class="witness-provenance">{escape(sentence(record))}</p>\n'


def sentence(record: PageRecord) -> str:
    """Return where and when a page was executed, as one sentence."""
    environment = record.environment
    parts = [f"Python {environment['python']}"]
    if environment["jax"]:
        count = f"{environment['devices']} × " if environment["devices"] > 1 else ""
        parts = [
            f"JAX {environment['jax']}",
            f"jaxlib {environment['jaxlib']}",
            *parts,
            f"{count}{environment['device']}",
        ]
    return f"Executed on {record.executed[:10]} in {record.seconds:.1f} s with {', '.join(parts)}."
