"""Where the operations of StableHLO and of HLO come from: what JAX writes beside them, read back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from witness.records.ir import Place

STRING = r'"(?:[^"\\]|\\.)*"'
ALIAS = re.compile(r"(#loc\d*) = loc\((.*)\)$")
LOCATION = re.compile(rf" ?loc\((?:[^()\"]|{STRING}|\((?:[^()\"]|{STRING}|\([^()]*\))*\))*\)")
FILE = re.compile(rf"({STRING}):(\d+):(\d+)(?: to (?:(\d+))?:(\d+))?$")
NAMED = re.compile(rf"({STRING})\((.*)\)$")
CALL = re.compile(r"callsite\((\S+) at .*\)$")
METADATA = re.compile(r", metadata=\{[^{}]*?\bstack_frame_id=(\d+)[^{}]*\}")
ROW = re.compile(rf"(\d+) (?:({STRING})|\{{(.*)\}})$")
TABLES = ("FileNames", "FunctionNames", "FileLocations", "StackFrames")

Parsed = Iterator[tuple[int, int, int, Place]]
"""Line from 1, column, column after the last, place."""


def stablehlo(text: str, located: str) -> Parsed:
    """Yield the parts of a module's text and their places.

    ``located`` is the same module with its locations; where it says anything else besides, nothing is yielded.
    """
    aliases = {match[1]: match[2] for line in located.split("\n") if (match := ALIAS.match(line))}
    lines = [line for line in located.split("\n") if not ALIAS.match(line)]
    bare = [LOCATION.sub("", line) for line in lines]
    if "\n".join(bare).strip() != text.strip():
        return
    opened: list[int] = []
    for number, (line, shown) in enumerate(zip(lines, bare, strict=True)):
        start = opened.pop() if shown.lstrip().startswith("}") and opened else number
        if shown.endswith("{"):
            opened.append(start - (shown.strip() == "cond {"))  # a loop's regions begin on the line after its own
            continue
        written = re.search(rf"{LOCATION.pattern}$", line)
        place = written and _place(written[0].strip()[4:-1], aliases)
        if place and not re.match(r"\s*(?:module|func\.func|\^)", bare[start]):
            first = bare[start]
            yield start + 1, len(first) - len(first.lstrip()), len(first), place


def _place(location: str, aliases: dict[str, str], function: str = "") -> Place | None:
    """Return the innermost place of a file that a location names."""
    for _ in range(100):
        if location in aliases:
            location = aliases[location]
        elif match := CALL.match(location):
            location = match[1]
        elif match := FILE.match(location):
            line, column = int(match[2]), int(match[3])
            end_line = int(match[4] or line)
            return Place(_unquoted(match[1]), line, column, end_line, int(match[5] or column), function)
        elif match := NAMED.match(location):
            function, location = _unquoted(match[1]), match[2]
        else:
            return None
    return None


def hlo(text: str) -> Parsed:
    """Yield the instructions of a compiled module's text and their places."""
    tables = _tables(text)
    frames, locations = tables["StackFrames"], tables["FileLocations"]
    for number, line in enumerate(text.split("\n"), 1):
        if match := METADATA.search(line):
            frame = _numbers(frames.get(match[1], ""))
            row = _numbers(locations.get(frame.get("file_location_id", ""), ""))
            file = tables["FileNames"].get(row.get("file_name_id", ""))
            if file is None or "line" not in row:
                continue
            place = Place(
                file=file,
                line=int(row["line"]),
                column=int(row.get("column", 0)),
                end_line=int(row.get("end_line", row["line"])),
                end_column=int(row.get("end_column", row.get("column", 0))),
                function=tables["FunctionNames"].get(row.get("function_name_id", ""), ""),
            )
            yield number, len(line) - len(line.lstrip()), match.start(), place


def _tables(text: str) -> dict[str, dict[str, str]]:
    tables: dict[str, dict[str, str]] = {name: {} for name in TABLES}
    name = ""
    for line in text.split("\n"):
        if line in TABLES:
            name = line
        elif name and (match := ROW.match(line)):
            tables[name][match[1]] = _unquoted(match[2]) if match[2] else match[3]
        else:
            name = ""
    return tables


def _numbers(row: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in row.split() if "=" in part)


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])


def in_characters(place: Place, line_of: Callable[[str, int], str]) -> Place:
    """Return a place with columns in characters; JAX counts bytes of UTF-8.

    ``line_of`` gives a line of a file, or an empty text.
    """

    def column(line: int, count: int) -> int:
        text = line_of(place.file, line)
        return count if text.isascii() else len(text.encode()[:count].decode("utf-8", "ignore"))

    return Place(
        place.file,
        place.line,
        column(place.line, place.column),
        place.end_line,
        column(place.end_line, place.end_column),
        place.function,
    )
