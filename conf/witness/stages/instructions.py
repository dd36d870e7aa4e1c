"""The instructions of a compiled module, read from its text, and where they come from."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from witness.records.ir import Origin, Place
from witness.stages import names, places
from witness.stages.operations import STRING, unquoted
from witness.stages.sources import Arguments

METADATA = re.compile(rf", metadata=\{{(?:[^{{}}\"\n]|{STRING}|\{{[^{{}}\n]*\}})*\}}")
ROW = re.compile(rf"(\d+) (?:({STRING})|\{{(.*)\}})$")
TABLES = ("FileNames", "FunctionNames", "FileLocations", "StackFrames")
HEAD = re.compile(r"(ENTRY )?%?([\w.-]+) \(.*\{$")
INSTRUCTION = re.compile(r"\s+(ROOT )?%?([\w.-]+) = ")
CALLED = re.compile(
    r"\b(?:calls|to_apply|body|condition|branch_computations|called_computations|(?:true|false)_computation)="
    r"(?:\{([^}]*)\}|%?([\w.-]+))"
)


@dataclass
class Instruction:
    """One instruction."""

    line: int
    start: int
    end: int
    name: str
    type: str
    opcode: str
    operands: list[str]
    rest: str
    """What follows the operands."""
    computation: str
    called: list[str]
    op_names: list[str]
    frame: str
    kernel: int | None = None
    own: list[Place] = field(default_factory=list)

    @property
    def of_program(self) -> bool:
        """Whether its metadata name no operation: it is a number, and JAX notes where the function was called."""
        return bool(self.op_names) and all(re.fullmatch(r"\w+\(.*\)", name) for name in self.op_names)

    @property
    def described(self) -> bool:
        """Whether it carries metadata."""
        return bool(self.op_names or self.frame)


class HloProgram:
    """A compiled module."""

    def __init__(self, text: str) -> None:
        self.entry = ""
        self.computations: defaultdict[str, list[Instruction]] = defaultdict(list)
        self.callers: defaultdict[str, list[Instruction]] = defaultdict(list)
        self._frames = Frames(text)
        self._users: dict[tuple[str, str], Instruction] = {}
        """The first that has an instruction for an operand, by its computation and name."""
        current = ""
        for number, line in enumerate(text.split("\n"), 1):
            if match := HEAD.match(line):
                current = match[2]
                self.entry = current if match[1] else self.entry
                self.computations[current] = []
            elif current and (match := INSTRUCTION.match(line)):
                found = _instruction(number, line, match, current)
                self.computations[current].append(found)
                for operand in found.operands:
                    self._users.setdefault((current, operand), found)
                for called in found.called:
                    self.callers[called].append(found)

    def origins(self, argument: Arguments, by_path: Mapping[str, list[Place]]) -> Iterator[Origin]:
        """Yield the instructions, with the places of those that carry metadata.

        ``argument`` gives the place of an argument of the function, ``by_path`` those of the module that was compiled.
        """
        home = argument.home
        instructions = [it for inside in self.computations.values() for it in inside]
        known: defaultdict[str, dict[Place, None]] = defaultdict(dict)
        for it in instructions:
            if not it.of_program and (place := self._frames.place(it.frame)):
                it.own = [place]
                for name in it.op_names:
                    known[name].setdefault(place)
        for it in instructions:
            if not it.own:
                it.own = self._named(it, argument, known, by_path)
        for it in sorted(instructions, key=lambda it: it.line):
            found = it.own or (self._user(it) or self._around(it) if it.described else [])
            found = found or (list(filter(None, [home])) if it.described else [])
            short = list(dict.fromkeys(map(names.short, it.op_names)))
            span = (it.line, it.start, it.end)
            yield Origin([span], found, short, not it.own and bool(found), it.described, it.kernel)

    def _named(
        self,
        it: Instruction,
        argument: Arguments,
        known: Mapping[str, dict[Place, None]],
        by_path: Mapping[str, list[Place]],
    ) -> list[Place]:
        if it.of_program:
            return []
        found = dict.fromkeys(place for name in it.op_names for place in known.get(name, by_path.get(name, [])))
        given = map(argument, it.op_names) if it.computation == self.entry else ()
        return list(found or filter(None, given))

    def _user(self, it: Instruction, depth: int = 0) -> list[Place]:
        """Return the places of who uses first what is there for the whole program."""
        user = self._users.get((it.computation, it.name)) if it.of_program and depth < 50 else None
        callers = [] if user else self.callers[it.computation] if it.of_program and depth < 50 else []
        if user:
            return user.own or self._user(user, depth + 1)
        return next((found for call in callers if (found := self._user(call, depth + 1) or call.own)), [])

    def _around(self, it: Instruction, depth: int = 0) -> list[Place]:
        """Return the places of what calls the computation that it is in."""
        callers = self.callers[it.computation] if depth < 50 else []
        return list(dict.fromkeys(place for call in callers for place in call.own or self._around(call, depth + 1)))


class Frames:
    """The tables of a module that tell where each of its stack frames is."""

    def __init__(self, text: str) -> None:
        self._tables: dict[str, dict[str, str]] = {name: {} for name in TABLES}
        name = ""
        for line in text.split("\n"):
            if line in TABLES:
                name = line
            elif name and (match := ROW.match(line)):
                self._tables[name][match[1]] = unquoted(match[2]) if match[2] else match[3]
            else:
                name = ""

    def place(self, frame: str, depth: int = 0) -> Place | None:
        """Return the place of a frame; of one within this package that of its caller."""
        frames, locations = self._tables["StackFrames"], self._tables["FileLocations"]
        here = _numbers(frames.get(frame, ""))
        row = _numbers(locations.get(here.get("file_location_id", ""), ""))
        file = self._tables["FileNames"].get(row.get("file_name_id", ""))
        if file is None or "line" not in row or depth > 100:
            return None
        if file.startswith(places.OURS):
            return None
        return places.in_characters(
            Place(
                file=file,
                line=int(row["line"]),
                column=int(row.get("column", 0)),
                end_line=int(row.get("end_line", row["line"])),
                end_column=int(row.get("end_column", row.get("column", 0))),
                function=self._tables["FunctionNames"].get(row.get("function_name_id", ""), ""),
            )
        )


def _instruction(number: int, line: str, match: re.Match[str], computation: str) -> Instruction:
    metadata = METADATA.search(line)
    end = metadata.start() if metadata else len(line.rstrip())
    written = line[match.end() :]
    size = _closed(written) if written.startswith("(") else written.find(" ")
    kind, written = written[:size], written[size:].lstrip()
    opcode, _, rest = written.partition("(")
    inside = _closed(f"({rest}")
    said = metadata[0] if metadata else ""
    op_name = re.search(rf"op_name=({STRING})", said)
    frame = re.search(r"stack_frame_id=(\d+)", said)
    called = [name.strip(" %") for several, single in CALLED.findall(rest) for name in (several or single).split(",")]
    return Instruction(
        number,
        len(line) - len(line.lstrip()),
        end,
        match[2],
        kind,
        opcode,
        re.findall(r"%([\w.-]+)", rest[: inside - 1]),
        rest[inside - 1 :],
        computation,
        called,
        unquoted(op_name[1]).split(";") if op_name else [],
        frame[1] if frame else "",
    )


def _closed(text: str) -> int:
    """Return where what a parenthesis opens at the beginning ends."""
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return place + 1
    return len(text)


def _numbers(row: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in row.split() if "=" in part)
