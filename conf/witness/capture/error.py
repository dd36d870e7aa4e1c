"""The exceptions of a cell: their classes, their messages and the reader's own frames."""

from __future__ import annotations

import linecache
import re
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from pathlib import Path
from types import CodeType, TracebackType
from typing import Any

from witness.records.codec import encode
from witness.records.error import TEXTLESS, Frame, Raised

KERNEL = re.compile(r"ipykernel_\d+$")
"""The folder that a kernel believes its cells to be in."""

EMBEDDED = re.compile(r'^\s*File "([^"\n]+)", line (\d+), in (.+)$', re.MULTILINE)
"""A frame in a message: what a callback raised on the host arrives as text."""

DEEP = 20
"""Exceptions of a chain, or groups within groups, that are looked at."""

WIDE = 100
"""Exceptions of one group that are looked at."""


SHOWS = ("showtraceback", "showsyntaxerror", "_showtraceback")
"""Methods of IPython's shell that show an error; each may call the next."""

STOCK = ("IPython", "ipykernel")

last: list[type[BaseException]] = []
"""The classes of the errors of the cell that ran last, in their order: the runner asks for them."""


class Errors:
    """Sees the exception of each cell that ended with one, and those that IPython shows though the cell goes on.

    It catches those of ``%%capture``, of ``%run``, of a display that fails, of its own callbacks. One that other code
    catches and shows, the page's or a widget's, is no error of the cell.
    """

    def __init__(self, shell: Any) -> None:
        self._shown: list[BaseException] = []
        self._rude: set[object] = set()
        """What raised while an error was shown, as a ``__str__`` may; it does so wherever that text is wanted."""
        self._showing = threading.local()
        folders = [str(Path(str(sys.modules[name].__file__)).parent) for name in STOCK if name in sys.modules]
        self._stock = (*folders, "<decorator-gen")
        for name in SHOWS:
            setattr(shell, name, self._watched(getattr(shell, name)))

    def before(self) -> None:
        """Begin a cell."""
        self._shown, self._rude = [], set()

    def after(self, result: Any) -> list[dict[str, Any]] | None:
        """End a cell; return its errors in their order, last the one that ended it."""
        final = _error_in([result.error_in_exec, result.error_before_exec] if result else [])
        errors = [error for error in self._shown if error is not final]
        if final is not None:
            errors.append(final)
        errors = [error for error in errors if self._raiser(error) not in self._rude]
        last[:] = map(type, errors)
        self.before()
        return encode([raised(error) for error in errors]) or None

    def text(self, seen: Any) -> str:
        """Return nothing: what stock prints of it is there."""
        return ""

    def _watched(self, show: Callable[..., None]) -> Callable[..., None]:
        @wraps(show)
        def watched(*arguments: Any, **options: Any) -> None:
            within = getattr(self._showing, "now", False)  # another of these methods
            if not within:
                error = _error_in([*arguments, *options.values(), sys.exc_info()])  # none: it is shown again
                if error is not None and not self._is_caught(error):
                    self._shown += [] if any(error is other for other in self._shown) else [error]
                self._showing.now = True
            try:
                return show(*arguments, **options)
            except BaseException as failure:
                self._rude |= {self._raiser(failure)}
                trace = plain(failure, "__traceback__")
                BaseException.with_traceback(failure, trace and trace.tb_next)  # not about this frame
                raise
            finally:
                self._showing.now = within

        return watched

    def _raiser(self, error: BaseException) -> object:
        """Return the code that raised an exception, or its class where IPython complains of what it was given."""
        codes = [frame.f_code for frame, _ in traceback.walk_tb(plain(error, "__traceback__"))]
        return codes[-1] if codes and not codes[-1].co_filename.startswith(self._stock) else type(error)

    def _is_caught(self, error: BaseException) -> bool:
        """Return whether other code than IPython's caught an exception, or made it: the page's, or a widget's."""
        trace = plain(error, "__traceback__")
        return self._is_shown_by_page() if trace is None else not self._is_stock(trace.tb_frame.f_code.co_filename)

    def _is_stock(self, file: str) -> bool:
        return file.startswith(self._stock)

    def _is_shown_by_page(self) -> bool:
        """Return whether the page's own code, by way of IPython at most, asked for what is being shown."""
        frame = sys._getframe(3)
        while frame.f_back and self._is_stock(frame.f_code.co_filename):
            frame = frame.f_back
        return _is_own(frame.f_code.co_filename)


def _error_in(arguments: Iterable[Any]) -> BaseException | None:
    """Return the exception among a method's arguments, some of which may be a tuple with it."""
    parts = [part for it in arguments for part in (it if isinstance(it, tuple) else (it,))]
    return next(filter(_is_error, parts), None)


def _is_error(value: object) -> bool:
    """Return whether a value is an exception, whatever it says of itself: that it is empty, or of another class."""
    return issubclass(type(value), BaseException)


def plain(value: Any, name: str) -> Any:
    """Return what Python keeps of an exception or a class under a name, whatever its own class makes of that name."""
    kind = next(
        it for it in (BaseExceptionGroup, BaseException, type) if issubclass(type(value), it) and name in vars(it)
    )
    return vars(kind)[name].__get__(value)


def raised(error: BaseException, seen: frozenset[int] = frozenset()) -> Raised:
    """Return an exception with those that led to it and those that it holds; each once."""
    seen |= {id(error)}
    link, origin = _origin(error)
    members = plain(error, "exceptions")[:WIDE] if issubclass(type(error), BaseExceptionGroup) else ()
    frames, library = _frames(error)
    more = len(seen) < DEEP
    return Raised(
        name=".".join(plain(type(error), name) for name in ("__module__", "__qualname__")),
        message=_message(error),
        place=_place(error),
        notes=_notes(error),
        frames=frames,
        library=library,
        link=link if more and origin is not None and id(origin) not in seen else "",
        origin=raised(origin, seen) if more and origin is not None and id(origin) not in seen else None,
        members=[raised(member, seen) for member in members if more and id(member) not in seen],
    )


def _origin(error: BaseException) -> tuple[Any, BaseException | None]:
    if (cause := plain(error, "__cause__")) is not None:
        return "cause", cause
    if (context := plain(error, "__context__")) is not None and not plain(error, "__suppress_context__"):
        return "context", context
    return "", None


def _notes(error: BaseException) -> list[str]:
    """Return the notes of an exception; what is no list of notes is left to Python's own traceback."""
    try:
        notes: object = error.__notes__
    except Exception:  # it has none, or does not say
        return []
    return [_text(note) for note in notes] if isinstance(notes, list | tuple) else []


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception as rude:
        return TEXTLESS.format(type(rude).__name__)


def _message(error: BaseException) -> str:
    if isinstance(error, SyntaxError) and isinstance(error.msg, str):
        return error.msg
    return _text(error)


def _place(error: BaseException) -> str:
    """Return where a syntax error is, as Python prints it, unless a frame tells."""
    if not isinstance(error, SyntaxError) or not error.text or _is_own(str(error.filename)):
        return ""
    printed = traceback.TracebackException(type(error), error, None).format_exception_only()
    return "".join(line for line in printed if line.startswith("  ")).rstrip()


def _frames(error: BaseException) -> tuple[list[Frame], int]:
    """Return the reader's own frames, and how many others are below the outermost of these."""
    found = [(frame, _is_own(frame.file)) for frame in _walk(plain(error, "__traceback__"))]
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
    """Return whether a file is a cell, or a file that the page itself has written."""
    if file.startswith("<ipython-input-") or KERNEL.match(Path(file).parent.name):
        return True
    try:
        return Path(file).is_relative_to(Path.cwd()) and not Path(file).is_relative_to(sys.prefix)
    except (OSError, ValueError):
        return False
