"""A traceback, as IPython prints it, read back into frames."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from witness.render.text import plain

RULE = re.compile(r"-{20,}$")
TITLE = re.compile(r"\S+ +Traceback \(most recent call last\)$")
CELL = re.compile(r"\s*Cell In\[(?P<cell>\d+)\], line (?P<line>\d+)(?:, in (?P<function>.+))?$")
FILE = re.compile(r"File \S.*?:\d+(?:, in .+)?$")
HIDDEN = re.compile(r"\s*\[\.\.\. skipping hidden (\d+) frames?\]$")
ARROW = re.compile(r"^-+> \d+ (.*)$", re.MULTILINE)
GROUP = "  + Exception Group Traceback"
"""How the traceback of an exception group begins: the kernel prints it to stderr and sends no error."""

MEMBER = re.compile(r"^ *\| (?! |Traceback |Exception Group Traceback )(.+)$", re.MULTILINE)
"""A line of a message in such a traceback; frames stand further to the right."""


@dataclass(frozen=True)
class Frame:
    """One of the reader's own frames: a call that is running in a cell."""

    cell: int
    """The cell's execution count."""
    line: int
    """Line within the cell, from 1."""
    function: str
    """Name and arguments' names of the function, or an empty text outside of any."""
    code: str
    """The line of code, without its indentation."""


@dataclass(frozen=True)
class Traceback:
    """What a traceback says, apart from the error itself."""

    own: list[tuple[Frame, int]]
    """The reader's own frames, outermost first, and how often each stands there in a row."""
    library: int
    """How many frames are not the reader's; those that IPython hides count."""
    text: str
    """All frames, with the code of those in libraries."""
    notes: str
    """What was added to the message: notes and the like."""


def read(items: Sequence[str], message: str) -> Traceback:
    """Return the traceback in the ``traceback`` field of an error output; what is not understood stays in ``text``."""
    parts = [text for text in (plain(item).strip("\n") for item in items) if text and not RULE.match(text)]
    if parts and TITLE.match(parts[0]):
        del parts[0]
    end = max((number for number, part in enumerate(parts, 1) if _is_frame(part)), default=0)
    own: list[Frame] = []
    shown: list[str] = []
    library = 0
    for part in parts[:end]:
        head, _, code = part.partition("\n")
        if cell := CELL.match(head):
            own.append(_frame(cell, code))
            shown.append(head.strip())
            continue
        hidden = HIDDEN.match(part)
        library += int(hidden[1]) if hidden else bool(FILE.match(head))
        shown.append(part)
    return Traceback(
        own=list(dict.fromkeys((frame, len(list(same))) for frame, same in groupby(own))),
        library=library,
        text="\n\n".join(text for text, _ in groupby(shown)),
        notes=_notes("\n".join(parts[end:]), message.strip("\n")),
    )


def read_group(text: str) -> Traceback:
    """Return the traceback of an exception group; what the group holds are its notes."""
    _, *held = MEMBER.findall(text)
    return Traceback(own=[], library=0, text=text, notes="\n".join(held))


def _is_frame(part: str) -> bool:
    head = part.partition("\n")[0]
    return any(shape.match(head) for shape in (CELL, FILE, HIDDEN))


def _frame(cell: re.Match[str], code: str) -> Frame:
    arrow = ARROW.search(code)
    line = arrow[1] if arrow else code.partition("\n")[0]
    return Frame(int(cell["cell"]), int(cell["line"]), cell["function"] or "", line.strip())


def _notes(end: str, message: str) -> str:
    """Return what stands after the message, where that can be found at the end of a traceback."""
    before, found, after = end.partition(message or ":")
    return after.strip() if found and (not message or before.rstrip().endswith(":")) else ""
