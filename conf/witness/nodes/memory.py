"""What a cell left in the memory of devices, under it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from docutils import nodes

from witness.nodes.fold import fold
from witness.records.memory import DeviceMemory, amounts, line

MEANING = (
    "As the device itself counts: what arrays and programs held, when the cell ended, of the memory that JAX has taken "
    "for this process. What a cell needs only while it runs is in the most that they held so far."
)


def strip(memories: Sequence[DeviceMemory], classes: Sequence[str]) -> nodes.Element:
    """Return a line of all devices, that opens to each of several, and to what the words mean."""
    return fold("", *_each(memories), summary=line(memories), classes=[*classes])


def details(memories: Sequence[DeviceMemory]) -> list[nodes.Element]:
    """Return the same among other details."""
    return [nodes.paragraph("", f"{line(memories)}."), *_each(memories)]


def _each(memories: Sequence[DeviceMemory]) -> Iterator[nodes.Element]:
    if len(memories) > 1:
        named = ((nodes.literal("", it.device), nodes.Text(f": {amounts([it])}.")) for it in memories)
        yield nodes.bullet_list("", *(nodes.list_item("", nodes.paragraph("", "", *parts)) for parts in named))
    yield nodes.paragraph("", MEANING)
