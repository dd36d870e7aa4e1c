"""An error among a cell's outputs: its message first, then the reader's own frames, the rest folded."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from docutils import nodes

from witness.render.block import SCREEN, folded
from witness.render.fold import scroll
from witness.render.text import amount, lines, plain
from witness.render.traceback import Frame, Traceback

LINK = re.compile(r"https?://[^\s<>\"']*[^\s<>\"'.,;:)\]]|<cell (\d+)>(?::\d+)*")
"""What becomes a link in a message: an address, and a place in a cell."""


@dataclass(frozen=True)
class Place:
    """A code cell of the page, as frames name it."""

    number: int
    """Number of the code cell on its page, from 1; ``id`` is made of it."""
    file: str = ""
    """Name of the example file that the cell shows, if it shows one."""

    @property
    def id(self) -> str:
        """Return the cell's identifier in the page."""
        return f"cell-{self.number}"


def error(
    name: str, message: str, traceback: Traceback, places: Mapping[int, Place], here: int, expected: bool
) -> nodes.container:
    """Return the nodes of an error.

    Args:
        name: Qualified class name.
        message: The whole message, however long.
        traceback: Its frames.
        places: The page's code cells by execution count.
        here: Number of the code cell that raised it.
        expected: Whether the page says that the cell raises.
    """
    head = nodes.paragraph("", "", nodes.literal(name, name.removeprefix("builtins.")), classes=["witness-error-class"])
    if expected:
        head += [nodes.Text(" "), nodes.inline("", "as expected", classes=["witness-expected"])]
    numbers = {place.number for place in places.values()}
    box = nodes.container("", head, _message(plain(message), numbers), classes=["witness-error"])
    box["support_smartquotes"] = False  # the message stays as it is, letter by letter
    if traceback.notes:
        box += nodes.paragraph("", traceback.notes, classes=["witness-error-notes"])
    if traceback.own:
        items = [_item(frame, count, places, here) for frame, count in traceback.own]
        box += nodes.bullet_list("", *items, classes=["witness-frames", "no-search"])
    if traceback.library or (traceback.text and not traceback.own):
        summary = amount(traceback.library, "library frame") if traceback.library else "The whole traceback"
        box += folded(traceback.text, summary, ["no-search"])
    return box


def _message(message: str, numbers: set[int]) -> nodes.Element:
    message = message.strip("\n") or "(no message)"
    node = nodes.paragraph("", "", *_linked(message, numbers), classes=["witness-error-message"])
    size = lines(message)
    return scroll("", node, label=f"Message, {amount(size, 'line')}") if size > SCREEN else node


def _linked(text: str, numbers: set[int]) -> Iterator[nodes.Node]:
    """Yield the text in pieces, its letters unchanged, with links where it names an address or a cell."""
    start = 0
    for match in LINK.finditer(text):
        if match[1] and int(match[1]) not in numbers:
            continue
        yield nodes.Text(text[start : match.start()])
        target = {"refid": Place(int(match[1])).id, "internal": True} if match[1] else {"refuri": match[0]}
        yield nodes.reference("", match[0], **target)
        start = match.end()
    yield nodes.Text(text[start:])


def _item(frame: Frame, count: int, places: Mapping[int, Place], here: int) -> nodes.list_item:
    place = places.get(frame.cell)
    if place is None:
        name: nodes.Node = nodes.Text(f"cell {frame.cell}")
    elif place.number == here:
        name = nodes.Text("this cell")
    else:
        name = nodes.reference("", place.file or f"cell {place.number}", refid=place.id, internal=True)
    end = f", line {frame.line}" + (f", in {frame.function}" if frame.function else "")
    where = nodes.inline("", "", name, nodes.Text(end), classes=["witness-where"])
    if count > 1:
        where += nodes.Text(f", {count} times in a row")
    code = nodes.literal(frame.code, frame.code, language="python", classes=["code"])
    return nodes.list_item("", nodes.paragraph("", "", where, nodes.Text(" "), code))
