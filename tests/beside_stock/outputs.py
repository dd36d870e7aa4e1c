"""What the cells of an executed notebook show, as it is compared.

Text is taken as it is but for what differs between two right executions: the rules of ``records/normalise.py`` (as
addresses, the lines of ``%time`` and ``%timeit``, the heads of XLA's log), colour codes, the name that a kernel gives
to the file of a cell, and the paths of the environment, the interpreter and the copy of the site, which read as ours
shows them. Of an error, its class and message are compared.
"""

from __future__ import annotations

import hashlib
import json
import re
import site
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from witness.records.kinds import DISPLAYS, TIMING
from witness.records.normalise import normalise
from witness.records.scrub import without_colour

CELL_FILE = re.compile(r"(?<![\w/.+-])[\w/.+-]*/ipykernel_\d+/\d+\.py|(?<=\()\d+\.py(?=, line)")
"""A cell's file, as a kernel names it: the folder has the process's number, the file the digest of the code."""

WARNED = re.compile(r"^The slowest run took [\d.]+ times longer.*\n(?: *This could mean.*\n)?", re.MULTILINE)
"""What stock's ``%timeit`` says above some of its lines."""

PICTURES = ("image/png", "image/jpeg", "image/gif", "application/pdf")
"""In base64: of these, length and digest are compared."""

HERE = re.compile(r"(?<![\w./])(?:\./|site-packages/)(?=\w)")
"""Where a path starts from, which ours says or leaves out."""


@dataclass(frozen=True)
class Output:
    """One output of a cell."""

    kind: str
    """Its type, and with data their MIME types: ``display_data image/png text/plain``; a stream's is its name."""
    texts: Mapping[str, str]
    """By MIME type, normalised; a stream and an error have one text under their kind."""


@dataclass(frozen=True)
class Cell:
    """One code cell of a page."""

    number: int
    source: str
    outputs: Sequence[Output]

    @property
    def kinds(self) -> list[str]:
        """The kinds of its outputs, in order."""
        return [output.kind for output in self.outputs]

    @property
    def content(self) -> list[str]:
        """What it shows, but for the order: each line of either stream, and each other output."""
        streams = ("stdout", "stderr")
        printed = [
            (it.kind, line) for it in self.outputs if it.kind in streams for line in it.texts[it.kind].split("\n")
        ]
        return sorted(map(repr, [*printed, *(it for it in self.outputs if it.kind not in streams)]))


def cells(notebook: Path, folder: Path) -> list[Cell]:
    """Return the code cells of an executed notebook; ``folder`` is that of the site's copy."""
    read = nbformat.read(notebook, as_version=4)
    code = [cell for cell in read.cells if cell.cell_type == "code"]
    return [Cell(number, cell.source, outputs(cell, folder)) for number, cell in enumerate(code, 1)]


def outputs(cell: NotebookNode, folder: Path) -> list[Output]:
    """Return a cell's outputs; pieces of one stream that follow each other are one."""
    found: list[tuple[str, dict[str, str]]] = []
    for output in cell.outputs:
        kind, texts = _raw(output)
        if kind in ("stdout", "stderr") and found and found[-1][0] == kind:
            found[-1][1][kind] += texts[kind]
        else:
            found.append((kind, texts))
    return [
        Output(kind, {mime: _digest(it) if mime in PICTURES else text(it, folder) for mime, it in texts.items()})
        for kind, texts in found
    ]


def _raw(output: NotebookNode) -> tuple[str, dict[str, str]]:
    """Return an output's kind and texts.

    What ours adds for its own renderer is left out; a timing is stock's line, of which normalisation leaves this.
    """
    if output.output_type == "stream":
        return output.name, {output.name: output.text}
    if output.output_type == "error":
        return "error", {"error": f"{output.ename}: {output.evalue}"}
    if TIMING.is_in(output.data):
        return "stdout", {"stdout": "…\n"}
    texts = {mime: _text(value) for mime, value in output.data.items() if mime not in {kind.mime for kind in DISPLAYS}}
    return " ".join([output.output_type, *sorted(texts)]), texts


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _digest(data: str) -> str:
    return f"{len(data)} characters, {hashlib.sha256(data.encode()).hexdigest()[:16]}"


def text(text: str, folder: Path) -> str:
    """Return a text as it is compared; of paths of this machine, what ours leaves of them."""
    text = CELL_FILE.sub("<cell>", without_colour(text))
    places = {
        **{f"{sysconfig.get_path(name)}/": "" for name in ("purelib", "platlib")},
        f"{site.getusersitepackages()}/": "",
        f"{sysconfig.get_path('stdlib')}/": "python/",
        f"{folder.parent}/": "",
        str(folder.parent): ".",
        sys.prefix: "environment",
        sys.base_prefix: "python",
    }
    for path, shown in places.items():
        text = re.sub(re.escape(path) + ("" if path.endswith("/") else r"(?![\w-])"), shown, text)
    return normalise(HERE.sub("", WARNED.sub("", text)))
