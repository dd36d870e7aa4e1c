"""The exception that ends a cell: its class, its message and the reader's own frames."""

from __future__ import annotations

import linecache
import re
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, TracebackType
from typing import Any

from witness.records.error import Frame, Raised

KERNEL = re.compile(r"ipykernel_\d+$")
"""The folder that a kernel believes its cells to be in."""

EMBEDDED = re.compile(r'^\s*File "([^"\n]+)", line (\d+), in (.+)$', re.MULTILINE)
"""A frame in a message: what a callback raised on the host arrives as text."""

DEEP = 20
"""Exceptions of a chain, or groups within groups, that are looked at."""

WIDE = 100
"""Exceptions of one group that are looked at."""


class Errors:
    """Sees the exception of each cell that ended with one."""

    def before(self) -> None:
        """Begin a cell."""

    def after(self, result: Any) -> dict[str, Any] | None:
        """End a cell; return what it raised."""
        error = result.error_before_exec or result.error_in_exec
        if not isinstance(error, BaseException):
            return None
        return raised(error).to_data()

    def text(self, seen: Any) -> str:
        """Return nothing: what stock prints of it is there."""
        return ""


def raised(error: BaseException, seen: frozenset[int] = frozenset()) -> Raised:
    """Return an exception with those that led to it and those that it holds; each once."""
    seen |= {id(error)}
    link, origin = _origin(error)
    members = error.exceptions[:WIDE] if isinstance(error, BaseExceptionGroup) else ()
    frames, library = _frames(error)
    more = len(seen) < DEEP
    return Raised(
        name=f"{type(error).__module__}.{type(error).__qualname__}",
        message=_message(error),
        notes=[_text(note) for note in getattr(error, "__notes__", None) or []],
        frames=frames,
        library=library,
        link=link if more and origin is not None and id(origin) not in seen else "",
        origin=raised(origin, seen) if more and origin is not None and id(origin) not in seen else None,
        members=[raised(member, seen) for member in members if more and id(member) not in seen],
    )


def _origin(error: BaseException) -> tuple[Any, BaseException | None]:
    if error.__cause__ is not None:
        return "cause", error.__cause__
    if error.__context__ is not None and not error.__suppress_context__:
        return "context", error.__context__
    return "", None


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception as rude:
        return f"(no text: its own raises {type(rude).__name__})"


def _message(error: BaseException) -> str:
    if isinstance(error, SyntaxError) and isinstance(error.msg, str):
        return error.msg
    return _text(error)


def _frames(error: BaseException) -> tuple[list[Frame], int]:
    """Return the reader's own frames, and how many others are below the outermost of these."""
    found = [(frame, _is_own(frame.file)) for frame in _walk(error.__traceback__)]
    first = next((place for place, (_, own) in enumerate(found) if own), len(found))
    own = [frame for frame, mine in found if mine]
    if isinstance(error, SyntaxError) and error.filename and _is_own(error.filename):
        own.append(_of_syntax(error))
    there = {(frame.file, frame.line) for frame in own}
    own += [frame for frame in _embedded(_message(error)) if (frame.file, frame.line) not in there]
    times: dict[Frame, int] = {}
    for frame in own:
        times[frame] = times.get(frame, 0) + 1
    return [_repeated(frame, count) for frame, count in times.items()], sum(not mine for _, mine in found[first:])


def _walk(start: TracebackType | None) -> Iterator[Frame]:
    """Yield every frame of a traceback, outermost first."""
    for summary, (frame, _) in zip(traceback.extract_tb(start), traceback.walk_tb(start), strict=False):
        yield _frame(
            summary.filename,
            summary.lineno or 0,
            summary.colno or 0,
            summary.end_lineno or summary.lineno or 0,
            summary.end_colno or 0,
            _function(frame.f_code),
        )


def _function(code: CodeType) -> str:
    return "" if code.co_name == "<module>" else code.co_qualname


def _frame(file: str, line: int, column: int, end_line: int, end_column: int, function: str) -> Frame:
    """Return a frame; columns come in bytes of UTF-8."""
    first, last = linecache.getline(file, line), linecache.getline(file, end_line)
    return Frame(
        file=file,
        line=line,
        column=_characters(first, column),
        end_line=end_line,
        end_column=_characters(last, end_column),
        function=function,
        code=first.strip(),
    )


def _characters(line: str, count: int) -> int:
    return count if line.isascii() else len(line.encode("utf-8", "surrogatepass")[:count].decode("utf-8", "ignore"))


def _of_syntax(error: SyntaxError) -> Frame:
    line, column = error.lineno or 1, max(0, (error.offset or 1) - 1)
    return Frame(
        file=str(error.filename),
        line=line,
        column=column,
        end_line=error.end_lineno or line,
        end_column=max(column, (error.end_offset or 1) - 1),
        function="",
        code=(error.text or linecache.getline(str(error.filename), line)).strip(),
    )


def _embedded(message: str) -> Iterator[Frame]:
    """Yield the reader's own frames in a traceback that is part of a message."""
    for file, line, function in EMBEDDED.findall(message):
        if _is_own(file):
            yield _frame(file, int(line), 0, int(line), 0, "" if function == "<module>" else function)


def _repeated(frame: Frame, times: int) -> Frame:
    return Frame(**{**vars(frame), "times": times}) if times > 1 else frame


def _is_own(file: str) -> bool:
    """Say whether a file is a cell, or a file that the page itself has written."""
    if file.startswith("<ipython-input-") or KERNEL.match(Path(file).parent.name):
        return True
    try:
        return Path(file).is_relative_to(Path.cwd()) and not Path(file).is_relative_to(sys.prefix)
    except (OSError, ValueError):
        return False
