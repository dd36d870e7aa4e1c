"""The scrubber: what identifies a machine or its user leaves a record before anything reads it.

Rules know shapes (an absolute path, ``user@host``, a temporary name, a process number), never bare words: the word
"root" in "square root" stays. Known places of this machine are replaced by what they are to a reader.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Place = tuple[str, str]
"""An absolute path of this machine and what a reader sees in its stead."""


@dataclass(frozen=True)
class Machine:
    """What is known of the machine that ran a page."""

    places: Sequence[Place] = ()
    """Longest path first is not needed: they are sorted here."""
    hosts: Sequence[str] = ()
    users: Sequence[str] = ()
    secrets: Sequence[str] = ()
    """Values of environment variables that no page may show."""
    cells: Mapping[str, str] = field(default_factory=dict)
    """Path of the file a kernel believes a cell to be in, to the cell's name."""


ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
ENCODED = re.compile(r"^[A-Za-z0-9+/=\s]+$")


def rules(machine: Machine) -> list[tuple[str, Callable[[str], str]]]:
    """Return the named rules, in the order in which they are applied."""

    def known(pairs: Mapping[str, str] | Sequence[Place]) -> Callable[[str], str]:
        table = dict(pairs)
        if not table:
            return lambda text: text
        longest_first = sorted(table, key=len, reverse=True)
        pattern = re.compile("(?:" + "|".join(map(re.escape, longest_first)) + r")(?![\w-])")
        return lambda text: pattern.sub(lambda match: table[match[0]], text)

    def shape(pattern: str, replacement: str) -> Callable[[str], str]:
        compiled = re.compile(pattern)
        return lambda text: compiled.sub(replacement, text)

    people = "|".join(map(re.escape, machine.users)) or r"(?!)"
    hosts = "|".join(map(re.escape, machine.hosts)) or r"(?!)"
    return [
        ("cells", known(machine.cells)),
        ("places", known(machine.places)),
        ("kernel files", shape(r"(?:/[\w.+-]+)*/ipykernel_\d+/(?:\d+|<[\w-]+>)\.py", "<cell>")),
        ("kernel files", shape(r"\(\d+\.py, line (\d+)\)", r"(line \1)")),
        ("kernel names", shape(r"\bipykernel_\d+\b", "ipykernel")),
        ("packages", shape(r"(?:/[\w.+@-]+)+/(?:site|dist)-packages/", "")),
        ("standard library", shape(r"(?:/[\w.+@-]+)*/lib/python3\.\d+/", "python/")),
        ("homes", shape(r"/(?:home|Users)/[\w.-]+|(?<![\w/.~])/root(?=/)", "~")),
        (
            "temporary names",
            shape(r"(?:/private)?(?:/var/folders/\w+/\w+/T|/var/tmp|(?<![\w.])/tmp)/[\w.+-]+", "<temporary>"),
        ),
        ("user at host", shape(r"\b[\w.-]+@(?:" + hosts + r")\b", "user@host")),
        ("user at host", shape(r"(?<![\w.])(?:" + people + r")@[\w.-]+", "user@host")),
        ("hosts", shape(r"(?<=://)(?:" + hosts + r")(?=[:/])", "host")),
        ("processes", shape(r"\b(pid|PID|process)([ =:#]+)\d+\b", r"\1\2N")),
        ("secrets", known({secret: "<hidden>" for secret in machine.secrets if len(secret) > 7})),
    ]


def without_colour(text: str) -> str:
    """Return a text without a terminal's colour codes."""
    return ANSI.sub("", text)


class Scrubber:
    """Applies every rule to texts and to the texts inside notebook outputs."""

    def __init__(self, machine: Machine) -> None:
        self._rules = rules(machine)

    def text(self, text: str) -> str:
        """Return the text without what identifies the machine."""
        for _, rule in self._rules:
            text = rule(text)
        return text

    def data(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return JSON data with every text scrubbed."""
        return {key: self._value(value, key) for key, value in data.items()}

    def outputs(self, outputs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return notebook outputs with every text scrubbed; pictures in base64 stay as they are."""
        return [self.data(output) for output in outputs]

    def _value(self, value: Any, key: str = "") -> Any:
        if isinstance(value, str):
            binary = key.startswith(("image/", "application/")) and key != "image/svg+xml"
            return value if binary and ENCODED.match(value) else self.text(value)
        if isinstance(value, Mapping):
            return {str(name): self._value(inner, str(name)) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._value(inner, key) for inner in value]
        return value


def leaks(text: str, machine: Machine, *, shapes: bool = True) -> list[str]:
    """Return what in a finished text identifies the machine: the matches, once each, in order.

    ``shapes`` are paths as any machine may have them; text that tells of such paths is no leak of this machine's.
    """
    found: dict[str, None] = {}
    for place, _ in machine.places:
        if len(place) > 4 and re.search(re.escape(place) + r"(?![\w-])", text):
            found[place] = None
    paths = (r"(?<![\w./~:-])/(?:home|Users)/[\w.-]+/[\w./-]*", r"(?<![\w./~:-])/root/[\w./-]+")
    for pattern in (
        r"\bipykernel_\d+\b",
        *(paths if shapes else ()),
        *(rf"\b{re.escape(user)}@[\w.-]+" for user in machine.users),
        *(rf"[\w.-]+@{re.escape(host)}\b" for host in machine.hosts),
        *(re.escape(secret) for secret in machine.secrets if len(secret) > 7),
    ):
        for match in re.finditer(pattern, text):
            found[match[0]] = None
    return list(found)
