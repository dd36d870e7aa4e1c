"""An error among a cell's outputs: its message first, then the reader's own frames, the rest folded."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from docutils import nodes

from witness.nodes.block import SCREEN, block, folded
from witness.nodes.fold import fold, scroll
from witness.nodes.text import amount, lines, plain, untranslated
from witness.records.error import Frame, Raised

ADDRESS = r"https?://[^\s<>\"']*[^\s<>\"'.,;:)\]]"
"""What becomes a link in a message, besides a place in a cell."""

EMBEDDED = re.compile(r"Traceback \(most recent call last\):\n(?:[ \t]+.*\n|\n(?=[ \t]))+")
"""A traceback in a message: what a callback raised on the host arrives as text."""

JAX = re.compile(r"jax\.errors\.\w+$")
PAGE = "https://docs.jax.dev/en/latest/errors.html#"
"""JAX's page of errors, where each class of ``jax.errors`` has its place."""

BEFORE = "JaxStackTraceBeforeTransformation"
"""The class of a cause that JAX makes up: its frames are where an operation was written."""

ORIGINS = {"cause": "Caused by", "context": "Raised while this was handled:"}


def cell_id(number: int) -> str:
    """Return the identifier that a code cell has in its page, which no heading of an author's has."""
    return f"witness-cell-{number}"


@dataclass(frozen=True)
class CellPlace:
    """A code cell of the page, as frames name it."""

    number: int
    """Number of the code cell on its page, from 1; ``id`` is made of it."""
    file: str = ""
    """The example file that the cell shows, if it shows one."""

    @property
    def id(self) -> str:
        """Return the cell's identifier in the page."""
        return cell_id(self.number)

    @property
    def name(self) -> str:
        """Return the name of the cell as a file, in frames and in messages."""
        return self.file or f"<cell {self.number}>"


class Report:
    """Makes the nodes of an error."""

    def __init__(self, places: list[CellPlace], here: int) -> None:
        """Know the code cells of the page, and the number of the one that raised."""
        # of cells that show one file, the last that had run is meant
        later = [place for place in reversed(places) if place.number > here]
        before = [place for place in places if place.number <= here]
        self._places: Mapping[str, CellPlace] = {place.name: place for place in (*later, *before)}
        self._here = here
        names = "|".join(re.escape(name) for name in sorted(self._places, key=len, reverse=True)) or "(?!)"
        self._link = re.compile(rf"{ADDRESS}|(?<![\w/])({names})((?::\d+)*)(?!\w)")

    def box(self, raised: Raised, traceback: str, summary: str, *, expected: bool) -> nodes.container:
        """Return the nodes of the exception that ended the cell.

        Args:
            raised: The exception.
            traceback: All of its frames, as they are printed.
            summary: What stands for them while they are folded.
            expected: Whether the page says that the cell raises.
        """
        box = nodes.container("", *self._raised(raised, expected=expected), classes=["witness-error"])
        box["support_smartquotes"] = False  # the message stays as it is, letter by letter
        if traceback:
            box += folded(traceback, summary, ["no-search"])
        untranslated(box)
        return box

    def _raised(self, raised: Raised, *, expected: bool = False, depth: int = 0) -> Iterator[nodes.Element]:
        name = raised.name.removeprefix("builtins.").removeprefix("__main__.")
        parts = map(nodes.Text, re.split(r"(?<=\.)", name))  # a narrow line ends after a dot, not within a name
        head = nodes.paragraph("", "", nodes.literal(name, "", *parts), classes=["witness-error-class"])
        if expected:
            head += [nodes.Text(" "), nodes.inline("", "as expected", classes=["witness-expected"])]
        yield head
        yield from self._message(plain(raised.message))
        if raised.place:
            yield block(raised.place, "Place", ["no-search"])
        if notes := plain("\n".join(raised.notes)).strip("\n"):
            yield nodes.paragraph("", "", *self._linked(notes), classes=["witness-error-notes"])
        if JAX.match(raised.name) and f"#{raised.name}" not in raised.message:
            link = nodes.reference("", f"What JAX says of {name}", refuri=PAGE + raised.name)
            yield nodes.paragraph("", "", link, classes=["witness-error-page", "no-search"])
        if raised.frames:
            items = [self._item(frame) for frame in raised.frames]
            yield nodes.bullet_list("", *items, classes=["witness-frames", "no-search"])
        if raised.origin and depth < 20:
            yield self._origin(raised.origin, raised.link, depth + 1)
        for number, member in enumerate(raised.members, 1):
            title = nodes.paragraph("", f"{number} of {len(raised.members)}", classes=["witness-error-origin"])
            yield nodes.container("", title, *self._raised(member, depth=depth + 1), classes=["witness-error-member"])

    def _origin(self, origin: Raised, link: str, depth: int) -> nodes.container:
        if origin.name.endswith(BEFORE):
            title = nodes.paragraph("", "The operation comes from", classes=["witness-error-origin"])
            items = [self._item(frame) for frame in origin.frames]
            frames = nodes.bullet_list("", *items, classes=["witness-frames", "no-search"])
            rest = [self._origin(origin.origin, origin.link, depth + 1)] if origin.origin else []
            return nodes.container("", title, frames, *rest, classes=["witness-error-member"])
        title = nodes.paragraph("", ORIGINS.get(link, ""), classes=["witness-error-origin"])
        return nodes.container("", title, *self._raised(origin, depth=depth), classes=["witness-error-member"])

    def _message(self, message: str) -> Iterator[nodes.Element]:
        """Yield a message in its own order; a traceback within it is folded, what it ends with is in view."""
        message = message.strip("\n") or "(no message)"
        start = 0
        for found in EMBEDDED.finditer(f"{message}\n"):
            if before := message[start : found.start()].strip():
                yield self._paragraph(before)
            text = found[0].rstrip("\n")
            part = self._paragraph(text)
            part["classes"].append("witness-error-embedded")
            yield fold("", part, summary=f"Traceback, {amount(lines(text), 'line')}")
            start = found.end()
        if rest := message[start:].strip("\n"):
            node = self._paragraph(rest)
            size = lines(rest)
            yield scroll("", node, label=f"Message, {amount(size, 'line')}") if size > SCREEN else node

    def _paragraph(self, text: str) -> nodes.paragraph:
        return nodes.paragraph("", "", *self._linked(text), classes=["witness-error-message"])

    def _linked(self, text: str) -> Iterator[nodes.Node]:
        """Yield the text in pieces, its letters unchanged, with links where it names an address or a cell."""
        start = 0
        for match in self._link.finditer(text):
            yield nodes.Text(text[start : match.start()])
            target = {"refid": self._places[match[1]].id, "internal": True} if match[1] else {"refuri": match[0]}
            yield nodes.reference("", match[0], **target)
            start = match.end()
        yield nodes.Text(text[start:])

    def _item(self, frame: Frame) -> nodes.list_item:
        place = self._places.get(frame.file)
        if place is None:
            name: nodes.Node = nodes.Text(frame.file)
        elif place.number == self._here:
            name = nodes.Text("this cell")
        else:
            name = nodes.reference("", place.file or f"cell {place.number}", refid=place.id, internal=True)
        end = f", line {frame.line}" + (f", in {frame.function}" if frame.function else "")
        where = nodes.inline("", "", name, nodes.Text(end), classes=["witness-where"])
        if frame.times > 1:
            where += nodes.Text(f", {frame.times} times")
        code = nodes.literal(frame.code, frame.code, language="python", classes=["code"])
        return nodes.list_item("", nodes.paragraph("", "", where, nodes.Text(" "), code))
