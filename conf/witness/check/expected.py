"""The expected text of a page: its file, read and written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from witness.check.condition import Condition, NoCondition, minor
from witness.check.transcript import Part
from witness.records.normalise import NormalisationRule, normalise

ENTRY = re.compile(r"=== (?P<title>.*) \[(?P<digest>[0-9a-f]{8})\]")
BASE = re.compile(r"# Base: (?P<facts>.*)")
INDENT = "    "


class Malformed(ValueError):
    """The file is no expected text."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line = line


@dataclass(frozen=True)
class Overlay:
    """What a cell does where a condition holds, in place of what it does elsewhere."""

    condition: Condition
    line: int
    """Of its first line in the file, from 1."""
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Entry:
    """What one cell is expected to do."""

    title: str
    digest: str
    line: int
    """Of its first line in the file, from 1."""
    parts: tuple[Part, ...] = ()
    """Its base: what it does everywhere, overlays apart. Without any, it does nothing that leaves evidence."""
    overlays: tuple[Overlay, ...] = ()

    def replaced(self, rules: Sequence[NormalisationRule]) -> Entry:
        """Return it as a site's own rules have it compared."""
        overlays = tuple(replace(it, parts=_replaced(it.parts, rules)) for it in self.overlays)
        return replace(self, parts=_replaced(self.parts, rules), overlays=overlays)

    def holding(self, environment: Mapping[str, Any]) -> list[Overlay]:
        """Return the overlays whose condition holds: more than one contradict one another."""
        return [overlay for overlay in self.overlays if overlay.condition.holds(environment)]


@dataclass(frozen=True)
class Expected:
    """What a page is expected to do: an entry for each cell that leaves evidence somewhere."""

    base: Mapping[str, str] = field(default_factory=dict)
    """``jax`` and ``device`` of the newest environment that the base was accepted on."""
    entries: tuple[Entry, ...] = ()

    @classmethod
    def from_text(cls, text: str) -> Expected:
        """Read a file. Raises Malformed."""
        reader = _Reader()
        for number, line in enumerate(text.split("\n"), start=1):
            reader.line(number, line)
        return cls(reader.base, tuple(reader.entries()))

    def replaced(self, rules: Sequence[NormalisationRule]) -> Expected:
        """Return it as a site's own rules have it compared."""
        return replace(self, entries=tuple(entry.replaced(rules) for entry in self.entries))

    def to_text(self, page: str, command: str) -> str:
        """Return the text of the file, which :meth:`from_text` reads back."""
        facts = ", ".join(f"{name} {value}" for name, value in self.base.items())
        lines = [f"# What {page} is expected to print. Do not edit: `{command}` writes it.", f"# Base: {facts}"]
        for entry in self.entries:
            lines += ["", f"=== {entry.title} [{entry.digest}]", *_lines(entry.parts)]
            for overlay in entry.overlays:
                lines += [f"@ {overlay.condition.text}", *_lines(overlay.parts)]
        return "\n".join(lines) + "\n"


def base_of(environment: Mapping[str, Any]) -> dict[str, str]:
    """Return what a file says of the environment that its base was accepted on."""
    return {
        "jax": "{}.{}".format(*minor(str(environment.get("jax") or "0"))),
        "device": str(environment.get("platform")),
    }


def _replaced(parts: Sequence[Part], rules: Sequence[NormalisationRule]) -> tuple[Part, ...]:
    return tuple(part.replaced(rules) for part in parts)


def _lines(parts: Sequence[Part]) -> Iterator[str]:
    for part in parts:
        yield f"--- {part.kind}"
        if part.text:
            yield from (f"{INDENT}{line}".rstrip() for line in part.text.split("\n"))


class _Reader:
    """Takes in the lines of a file, one by one."""

    def __init__(self) -> None:
        self.base: dict[str, str] = {}
        self._heads: list[tuple[str, str, int]] = []
        self._blocks: list[list[tuple[Condition | None, int, list[tuple[str, list[str]]]]]] = []
        """For each entry its base and its overlays: condition, line, and parts as lines."""

    def line(self, number: int, line: str) -> None:
        if line.startswith("#"):
            if match := BASE.fullmatch(line):
                pairs = [fact.split() for fact in match["facts"].split(", ")]
                self.base = {pair[0]: pair[1] for pair in pairs if len(pair) == 2}
        elif match := ENTRY.fullmatch(line):
            self._heads.append((match["title"], match["digest"], number))
            self._blocks.append([(None, number, [])])
        elif line.startswith("@ ") and self._blocks:
            try:
                self._blocks[-1].append((Condition(line[2:].strip()), number, []))
            except NoCondition as error:
                raise Malformed(number, str(error)) from error
        elif line.startswith("--- ") and self._blocks:
            self._blocks[-1][-1][2].append((line[4:], []))
        elif not line.strip() or line.startswith(INDENT):
            if self._blocks and (parts := self._blocks[-1][-1][2]):
                parts[-1][1].append(line.removeprefix(INDENT))
            elif line.strip():
                raise Malformed(number, "a text that belongs to no cell")
        else:
            raise Malformed(number, "neither `=== a cell`, `--- a kind of output`, `@ a condition` nor indented text")

    def entries(self) -> Iterator[Entry]:
        for (title, digest, line), (base, *overlays) in zip(self._heads, self._blocks, strict=True):
            read = tuple(Overlay(it[0], it[1], _read(it[2])) for it in overlays if it[0])
            yield Entry(title, digest, line, _read(base[2]), read)


def _read(parts: list[tuple[str, list[str]]]) -> tuple[Part, ...]:
    """Return parts as they are compared: an edit by hand is normalised as an output is."""
    return tuple(Part(kind, normalise("\n".join(lines))) for kind, lines in parts)
