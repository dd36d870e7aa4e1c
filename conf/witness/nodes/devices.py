"""What several devices did, one shown at a time: radio buttons that look like tabs, and need no script.

Formats without them, and a printed page, show all, each below the name of its device.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator


class devices(nodes.container):  # noqa: N801 (docutils' nodes are written so)
    """What the devices did, each in a `device`."""


class device(nodes.container):  # noqa: N801
    """What one did, below its name."""


def side_by_side(parts: Sequence[tuple[str, Sequence[nodes.Element]]], name: str) -> devices:
    """Return the nodes of several devices, each with what it is called; ``name`` is no other group's on the page."""
    found = devices("", classes=["witness-devices"], name=name)
    for label, content in parts:
        head = nodes.paragraph(label, label, classes=["witness-device-name"])
        found += device("", head, *content, classes=["witness-device"], label=label)
    return found


def visit_devices(self: HTML5Translator, node: devices) -> None:
    """Begin a group."""
    self.body.append(self.starttag(node, "fieldset") + "<legend>Device</legend>\n")


def depart_devices(self: HTML5Translator, node: devices) -> None:
    """End it."""
    self.body.append("</fieldset>\n")


def visit_device(self: HTML5Translator, node: device) -> None:
    """Begin what one did, with its button; a book of pages has none."""
    group = node.parent
    name, number = group["name"], group.index(node)
    if self.builder.name != "epub":
        checked = "" if number else " checked"
        self.body.append(f'<input type="radio" name="{name}" id="{name}-{number}"{checked}>')
        self.body.append(f'<label for="{name}-{number}">{escape(node["label"])}</label>\n')
    self.body.append(self.starttag(node, "div"))


def depart_device(self: HTML5Translator, node: device) -> None:
    """End it."""
    self.body.append("</div>\n")


def add(app: Sphinx) -> None:
    """Teach the HTML builders the nodes."""
    app.add_node(devices, html=(visit_devices, depart_devices))
    app.add_node(device, html=(visit_device, depart_device))
