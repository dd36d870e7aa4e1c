"""The operations of a lowered module, and where they come from: what JAX writes beside them, read back."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from witness.records.ir import Origin, Place, Span
from witness.stages import names, places

STRING = r'"(?:[^"\\]|\\.)*"'
ALIAS = re.compile(r"(#loc\d*) = loc\((.*)\)$")
LOCATION = re.compile(rf" ?loc\((?:[^()\"]|{STRING}|\((?:[^()\"]|{STRING}|\([^()]*\))*\))*\)")
LAST = re.compile(rf"{LOCATION.pattern}$")
FILE = re.compile(rf"({STRING}):(\d+):(\d+)(?: to (?:(\d+))?:(\d+))?$")
NAMED = re.compile(rf"({STRING})(?:\((.*)\))?$")
CALL = re.compile(r"callsite\((\S+) at (.*)\)$")
FUSED = re.compile(r"fused(?:<.*?>)?\[(.*)\]$")
FUNCTION = re.compile(r"\s*func\.func (?:\w+ )?@([\w$.-]+|\"[^\"]*\")\(")
SYMBOL = re.compile(r"@([\w$.-]+|\"[^\"]*\")")
"""What an operation refers to: the function that it calls, or by which it compares."""
VALUE = re.compile(r"%[\w$.-]+")
NOT_OPERATIONS = re.compile(r"\s*(?:module|func\.func|\^|#)")
TERMINATOR = re.compile(r"\s*(?:stablehlo\.|func\.)?return\b")


@dataclass
class Line:
    """An operation, as it is read."""

    spans: list[Span]
    text: str
    function: str
    outer: Line | None
    """The operation in whose region it is."""
    path: str = ""
    own: list[Place] = field(default_factory=list)
    users: list[Line] = field(default_factory=list)
    """Who has a constant for an operand."""

    @property
    def constant(self) -> bool:
        """Whether it is a number in the program; JAX notes for most of them where the function was called."""
        return " = stablehlo.constant" in self.text and "/" not in self.path


class Module:
    """A lowered module."""

    def __init__(self, text: str, located: str, home: Place | None = None) -> None:
        """Read a module's text, and the same with locations; where that says anything else besides, nothing is read.

        ``home`` is where the function begins that it was made of.
        """
        self._home = home
        self._lines: list[Line] = []
        self._callers: defaultdict[str, list[Line]] = defaultdict(list)
        aliases = {match[1]: match[2] for line in located.split("\n") if (match := ALIAS.match(line))}
        self._locations = Locations(aliases)
        lines = [line for line in located.split("\n") if not ALIAS.match(line)]
        bare = [LOCATION.sub("", line) for line in lines]
        if "\n".join(bare).strip() == text.strip():
            self._read(lines, bare)
        self._found: dict[int, list[Place]] = {}

    def origins(self) -> Iterator[Origin]:
        """Yield the operations."""
        for it in sorted(self._lines, key=lambda line: line.spans):
            found = self._places(it, ()) or list(filter(None, [self._home]))
            own = bool(it.own) and not it.constant
            counted = not TERMINATOR.match(it.text)
            yield Origin(it.spans, found, [names.short(it.path)] if it.path else [], not own and bool(found), counted)

    def by_path(self) -> dict[str, list[Place]]:
        """Return the places of the operations by their whole names, which the compiler keeps."""
        paths: defaultdict[str, dict[Place, None]] = defaultdict(dict)
        for it in self._lines:
            for path in self._paths(it, ()):
                paths[path].update(dict.fromkeys(self._places(it, ())))
        return {path: list(found) for path, found in paths.items() if found}

    def _read(self, lines: list[str], bare: list[str]) -> None:
        opened: list[Line] = []
        function = ""
        pending: dict[str, Line] = {}
        for number, (line, shown) in enumerate(zip(lines, bare, strict=True), 1):
            if match := FUNCTION.match(shown):
                function, opened, pending = match[1], [], {}
            span = (number, len(shown) - len(shown.lstrip()), len(shown))
            closing = shown.lstrip().startswith("}")
            if not function or not shown.strip() or NOT_OPERATIONS.match(shown) or (closing and not opened):
                continue
            if closing:
                it = opened.pop()
                it.spans.append(span)
            elif shown.strip() == "cond {":  # a loop's regions begin on the line after its own
                it = self._lines[-1]
            else:
                it = Line([span], shown, function, opened[-1] if opened else None)
                self._lines.append(it)
                for called in SYMBOL.findall(shown):
                    self._callers[called].append(it)
                self._use(it, pending)
            if shown.endswith("{"):
                opened.append(it)
            if written := LAST.search(line):
                it.path, it.own = self._locations.read(written[0].strip()[4:-1])
                if it.constant:
                    pending[VALUE.search(it.text)[0]] = it  # type: ignore[index]

    def _use(self, user: Line, pending: dict[str, Line]) -> None:
        for name in VALUE.findall(user.text.partition(" = ")[2] or user.text):
            if name in pending:
                pending[name].users.append(user)

    def _places(self, it: Line, seen: tuple[int, ...]) -> list[Place]:
        """Return its places, or its first user's, or those of the operation or the calls around it."""
        if id(it) in self._found or id(it) in seen:
            return self._found.get(id(it), [])
        seen = (*seen, id(it))
        found = it.own
        if it.constant or not found:
            around = it.users[:1] if it.constant else [it.outer] if it.outer else self._callers[it.function]
            found = list(dict.fromkeys(place for other in around for place in self._places(other, seen))) or found
        if len(seen) == 1:
            self._found[id(it)] = found
        return found

    def _paths(self, it: Line, seen: tuple[int, ...]) -> list[str]:
        """Return its whole names: a function's begin with those of its calls."""
        calls = self._callers[it.function]
        if not it.path or id(it) in seen:
            return []
        if not calls:
            return [it.path]
        return [f"{path}/{it.path}" for call in calls for path in self._paths(call, (*seen, id(it)))]


class Locations:
    """What the locations of a module say, by their aliases."""

    def __init__(self, aliases: dict[str, str]) -> None:
        self._aliases = aliases
        self._known: dict[str, tuple[str, list[Place]]] = {}

    def read(self, location: str) -> tuple[str, list[Place]]:
        """Return the name of an operation and the innermost places of the user's files."""
        if location not in self._known:
            self._known[location] = next(self._names(location, 0), ""), list(dict.fromkeys(self._files(location, "")))
        return self._known[location]

    def _names(self, location: str, depth: int) -> Iterator[str]:
        location = self._aliases.get(location, location)
        if depth > 100:
            return
        if match := FUSED.match(location):
            for part in match[1].split(", "):
                yield from self._names(part, depth + 1)
        elif not FILE.match(location) and (match := NAMED.match(location)):
            yield unquoted(match[1]).rstrip(":")

    def _ours(self, location: str) -> bool:
        """Whether it is in this package: who called that is none of the program."""
        for _ in range(100):
            location = self._aliases.get(location, location)
            if match := FILE.match(location):
                return unquoted(match[1]).startswith(places.OURS)
            if not (match := NAMED.match(location)) or not match[2]:
                return False
            location = match[2]
        return False

    def _files(self, location: str, function: str, depth: int = 0) -> Iterator[Place]:
        location = self._aliases.get(location, location)
        if depth > 100:
            return
        if match := CALL.match(location):
            inner = list(self._files(match[1], "", depth + 1))
            yield from inner or (() if self._ours(match[1]) else self._files(match[2], "", depth + 1))
        elif match := FILE.match(location):
            line, column, name = int(match[2]), int(match[3]), unquoted(match[1])
            end = int(match[4] or line), int(match[5] or column)
            if not name.startswith(places.OURS):
                yield places.in_characters(Place(name, line, column, *end, function))
        elif match := FUSED.match(location):
            for part in match[1].split(", "):
                yield from self._files(part, function, depth + 1)
        elif (match := NAMED.match(location)) and match[2]:
            yield from self._files(match[2], unquoted(match[1]), depth + 1)


ESCAPED = re.compile(rb"\\([0-7]{3}|[0-9A-Fa-f]{2}|.)", re.DOTALL)
"""A byte or a letter: HLO writes bytes in octal, MLIR in hexadecimal."""


def unquoted(text: str) -> str:
    """Return what a quoted text says."""

    def byte(match: re.Match[bytes]) -> bytes:
        written = match[1]
        return bytes([int(written, 8 if len(written) == 3 else 16) & 255]) if len(written) > 1 else written

    return ESCAPED.sub(byte, text[1:-1].encode()).decode("utf-8", "replace")
