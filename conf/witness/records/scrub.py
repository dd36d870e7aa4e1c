"""The scrubber: what is the machine's own leaves a record before anything reads it.

It knows exact paths, names and numbers, those that were in use while the page ran, and nothing by its shape: a page's
own ``/tmp/x``, ``process 0`` or ``root@server`` stays letter by letter. A path is one from where a path begins, never
in the middle of a longer one or of a URL, and in whole segments. A text is read once, from left to right.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from typing import Any

from witness.records import place
from witness.records.colour import Replacement, letters, woven

MachinePath = tuple[str, str]
"""An absolute path of this machine and what a reader sees in its stead; one that ends with a slash is of all below."""

ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
ADDRESS = r"://(?:(?:{hosts})(?![\w.-])(?P<host>)|[^\W_][^\s<>\"'`\\|^{{}}@]*(?P<url>))"
"""A URL: one with a host of this machine's, or another, in which nothing is looked for."""

NAME = re.compile(r"[\w.+-]+")
PROCESS = ("parent=", *(rf"{name}[ =:#(\[\"']{{{count}}}" for name in ("pid", "ppid") for count in range(1, 5)))
"""What tells that the number behind it is a process; ``process 57`` may be one of a hundred."""

SHOWN = {"kernel": "ipykernel", "pid": "N", "secret": "<hidden>"}

BEFORE = 64
"""Characters in front of a host that are looked at for its user."""

Dress = Callable[[str], str]
"""Makes a name fit for the text that it is put into."""


@dataclass(frozen=True)
class Machine:
    """What is known of the machine that ran a page."""

    places: Sequence[MachinePath] = ()
    """The first that is told of a path holds."""
    hosts: Sequence[str] = ()
    secrets: Sequence[str] = ()
    """Values of environment variables that no page may show."""
    cells: Mapping[str, str] = field(default_factory=dict)
    """Path of the file a kernel believes a cell to be in, to the cell's name."""
    files: str = ""
    """The folder of all such files."""
    pid: int | None = None
    """The kernel's."""


def without_colour(text: str) -> str:
    """Return a text without a terminal's colour codes."""
    return ANSI.sub("", text)


class Scrubber:
    """Takes what identifies a machine out of texts, and out of the texts inside notebook outputs."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        places: dict[str, str] = {}
        for path, shown in machine.places:
            for spelt in place.spellings(path):
                places.setdefault(spelt, shown)
        self._places = places
        self._shown = {**places, **machine.cells}
        self._files = {file.rpartition("/")[2] for file in machine.cells}
        signs = [*self._shown, *machine.secrets, machine.files, str(machine.pid or "")]
        signs += [f"{before}{host}" for host in machine.hosts for before in ("@", "://")]
        self._signs = _shortest(filter(None, [*signs, ".py, line " if self._files else ""]))

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        """Return the expression of all that is looked for; most pages show nothing that may need it."""
        it = self._machine
        hosts = _any(it.hosts) or "(?!)"
        process = "|".join(rf"(?<=\b{before}{it.pid})" for before in PROCESS)
        elsewhere = [file for file in it.cells if file.rpartition("/")[0] != it.files]
        files = [rf"{re.escape(it.files)}/(?:\d+|<[\w-]+>)\.py"] if it.files else []
        parts = [
            bool(it.secrets) * f"(?:{_any(it.secrets)})(?P<secret>)",
            place.pattern(elsewhere, files, self._places),
            ADDRESS.format(hosts=hosts),
            rf"@(?<=[\w.+-]@)(?:{hosts})(?:\.[\w-]+)*(?![\w-])(?P<user>)",
            self._files and r"\((?P<line>\d+\.py), (?=line \d)",
            it.pid and rf"{it.pid}(?!\w)(?i:{process})(?P<pid>)|ipykernel_{it.pid}(?!\w)(?P<kernel>)",
        ]
        return re.compile("|".join(part for part in parts if part))

    def text(self, text: str, dress: Dress = str) -> str:
        """Return the text without what identifies the machine."""
        plain = letters(text)
        return woven(text, self.spans(plain), dress) if self.suspects(plain) else text

    def suspects(self, plain: str) -> bool:
        """Return whether anything of the machine may be in a text: no more is asked of most."""
        return any(sign in plain for sign in self._signs)

    def spans(self, plain: str) -> Iterator[Replacement]:
        """Yield what identifies the machine in a text without colours, in its order."""
        done = 0
        for match in self._pattern.finditer(plain):
            kind, (start, end) = match.lastgroup, match.span()
            if kind is None:
                yield start, end, self._shown.get(match[0], "<cell>")
            elif kind in SHOWN:
                yield start, end, SHOWN[kind]
            elif kind == "host":
                yield start + len("://"), end, "host"
            elif kind == "line" and match[kind] in self._files:
                yield start, end, "("
            elif kind == "user" and (name := NAME.match(plain[max(done, start - BEFORE) : start][::-1])):
                yield start - len(name[0]), end, "user@host"
            else:
                continue
            done = end

    def data(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return JSON data with every text scrubbed."""
        return {key: self._value(value, str) for key, value in data.items()}

    def outputs(self, outputs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return notebook outputs with every text scrubbed."""
        return [
            {key: self.bundle(value) if key == "data" else self._value(value, str) for key, value in output.items()}
            for output in outputs
        ]

    def bundle(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is displayed, each kind of it scrubbed so that it stays well-formed."""
        return {mime: self._value(value, _dress(mime)) for mime, value in data.items()}

    def _file(self, path: str) -> str:
        """Return the file of a frame; as text it has a line behind it."""
        return self.text(f"{path}:1").removesuffix(":1")

    def _value(self, value: Any, dress: Dress) -> Any:
        if isinstance(value, str):
            return self.text(value, dress)
        if isinstance(value, Mapping):
            found: dict[str, Any] = {}
            for name, inner in value.items():
                key = name if str(name).isidentifier() else self.text(str(name), dress)
                while key in found:
                    key += "'"
                names_file = dress is str and name == "file" and "line" in value
                found[key] = self._file(inner) if names_file else self._value(inner, dress)
            return found
        if isinstance(value, list):
            return [self._value(inner, dress) for inner in value]
        return value


def leaks(text: str, scrubber: Scrubber) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of each thing in a finished text that identifies the machine."""
    plain = letters(text)
    if scrubber.suspects(plain):
        for start, end, _ in scrubber.spans(plain):
            yield plain.count("\n", 0, start) + 1, plain[start:end].rstrip("/")


def _dress(mime: str) -> Dress:
    """Return what makes of a name in angle brackets one that is no tag in a text of this kind."""
    if mime.endswith(("html", "xml")):
        return escape
    return str if mime == "text/plain" or mime.startswith("application/vnd.witness.") else _bare


def _any(texts: Iterable[str]) -> str:
    """Return an expression of each of some texts, the longest first."""
    return "|".join(map(re.escape, sorted(texts, key=len, reverse=True)))


def _bare(name: str) -> str:
    return name.strip("<>")


def _shortest(signs: Iterable[str]) -> list[str]:
    """Return those signs of which at least one is in every text that has any."""
    found: list[str] = []
    for sign in sorted(set(signs), key=len):
        if not any(shorter in sign for shorter in found):
            found.append(sign)
    return found
