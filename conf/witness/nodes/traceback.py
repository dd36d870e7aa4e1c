"""A traceback, as IPython prints it, read back into frames."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from witness.nodes.text import amount, plain
from witness.records.error import Frame

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
class Traceback:
    """What a traceback says, apart from the error itself."""

    own: list[Frame]
    """The reader's own frames, outermost first; the file of each is ``<cell 3>`` for what was executed third."""
    library: int
    """How many frames are not the reader's; those that IPython hides count."""
    text: str
    """All frames, with the code of those in libraries."""
    notes: str
    """What was added to the message: notes and the like."""

    @property
    def summary(self) -> str:
        """Return what stands for the text while it is folded."""
        return amount(self.library, "library frame") if self.library else "The whole traceback"


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
        own=[replace(frame, times=count) for frame, count in Counter(own).items()],
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
    number, function = int(cell["line"]), (cell["function"] or "").partition("(")[0]
    return Frame(f"<cell {cell['cell']}>", number, 0, number, 0, function, line.strip())


def _notes(end: str, message: str) -> str:
    """Return what stands after the message, where that can be found at the end of a traceback."""
    before, found, after = end.partition(message or ":")
    return after.strip() if found and (not message or before.rstrip().endswith(":")) else ""
