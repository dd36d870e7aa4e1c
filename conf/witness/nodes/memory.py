"""What a cell left in the memory of devices, under it."""

from __future__ import annotations

from collections.abc import Sequence

from docutils import nodes

from witness.nodes.fold import fold
from witness.records.memory import DeviceMemory, line

MEANING = (
    "As the device itself counts: what arrays and programs held, when the cell ended, of the memory that JAX has taken "
    "for this process. What a cell needs only while it runs is in the most that they held so far."
)


def strip(memories: Sequence[DeviceMemory], classes: Sequence[str]) -> nodes.Element:
    """Return a line of all devices, that opens to each of them."""
    return fold("", *details(memories), summary=line(memories), classes=[*classes])


def details(memories: Sequence[DeviceMemory]) -> list[nodes.Element]:
    """Return each device, and what the words mean."""
    items = [
        nodes.list_item("", nodes.paragraph("", "", nodes.literal("", it.device), nodes.Text(f": {line([it])}.")))
        for it in memories
    ]
    return [nodes.bullet_list("", *items), nodes.paragraph("", MEANING)]
