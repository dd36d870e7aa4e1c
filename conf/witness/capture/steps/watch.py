"""One trace, watched while it runs: Python tells the lines, and JAX's own frames what is written down."""

from __future__ import annotations

import linecache
import sys
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any

from witness import jax_private
from witness.capture.steps.changes import Names
from witness.capture.steps.reached import File
from witness.records.ir import Ir, Place, Span
from witness.records.steps import Kind, Step, Steps
from witness.stages import equations
from witness.stages.places import OURS, of_traceback
from witness.stages.sources import sources

MAX_EVENTS = 4000
"""Steps of one trace that are kept."""

TEXT = 500
"""Characters of one printed text that are kept."""


@dataclass(frozen=True)
class Written:
    """An equation, as it is written down; what it takes is not held, for JAX drops what nobody holds."""

    results: tuple[Any, ...]
    info: Any
    name: str
    frame: int
    """Which jaxpr it was written into."""

    @classmethod
    def of(cls, equation: Any, frame: int) -> Written:
        """Return what identifies an equation."""
        return cls(tuple(equation.outvars), equation.source_info, str(equation.primitive.name), frame)

    @property
    def key(self) -> tuple[int, ...]:
        """What the equation of the jaxpr has, too."""
        return tuple(map(id, self.results)) or (id(self.info.traceback),)


@dataclass
class Event:
    """What happened, in the raw."""

    kind: Kind
    place: Place | None
    depth: int
    text: str = ""
    written: Written | None = None


@dataclass
class Running:
    """A function of the reader's that runs."""

    frame: FrameType
    names: Names
    place: Place | None = None
    """The statement that it is at."""


class Watch:
    """Watches a thread from now on, until it is told to stop; no other tracing function may be there."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.more = 0
        self._files: dict[str, File | None] = {}
        self._executed: defaultdict[CodeType, set[int]] = defaultdict(set)
        self._running: list[Running] = []
        self._root = 0
        """Which jaxpr was begun first."""
        self._beginning, self._writing = jax_private.writing()

    def begin(self) -> None:
        """Begin to watch."""
        here = sys._getframe()
        here.f_trace_opcodes = True  # Python 3.12.1 tells of instructions only where a frame asked before
        sys.settrace(self._called)
        here.f_trace_opcodes = False

    def end(self) -> None:
        """Stop."""
        sys.settrace(None)
        self._running.clear()

    def _called(self, frame: FrameType, event: str, _: Any) -> Callable[..., Any] | None:
        """Be told of each call; of a function of the reader's, hear of every line and instruction."""
        code = frame.f_code
        if code is self._writing:
            with suppress(Exception):  # another JAX: the line is still true
                inside = frame.f_locals
                self._note("equation", written=Written.of(inside["eqn"], id(inside["self"])))
        elif code is self._beginning:
            self._root = self._root or id(frame.f_locals.get("self"))
        elif code.co_name == "write" and frame.f_locals.get("self") in (sys.stdout, sys.stderr):
            text = next((it for it in frame.f_locals.values() if isinstance(it, str)), "")
            self._note("text", text=text[:TEXT])
        elif self._file(code.co_filename) and not _is_made(frame):
            self._running.append(Running(frame, Names(frame)))
            frame.f_trace = self._ran  # before it is asked for instructions: Python 3.12 and later look for it then
            frame.f_trace_opcodes = True
            return self._ran
        return None

    def _ran(self, frame: FrameType, event: str, _: Any) -> Callable[..., Any]:
        if event == "opcode":
            self._executed[frame.f_code].add(frame.f_lasti)
            return self._ran
        running = next((it for it in reversed(self._running) if it.frame is frame), None)
        if running is None or event not in ("line", "return"):
            return self._ran
        while self._running[-1] is not running:  # it was left without a word, as a generator is
            self._running.pop()
        for text in running.names.changed(frame):
            self._note("change", text=text)
        if event == "line":
            file = self._file(frame.f_code.co_filename)
            running.place = file.statement(frame.f_code, frame.f_lasti) if file else None
            self._note("line")
        else:
            self._running.pop()
        return self._ran

    def _note(self, kind: Kind, text: str = "", written: Written | None = None) -> None:
        place = self._running[-1].place if self._running else None
        last = self.events[-1] if self.events else None
        if kind == "line" and last and last.kind == "line" and last.place == place:
            return  # another line of one statement
        if kind == "text" and last and last.kind == "text" and last.place == place:
            last.text = f"{last.text}{text}"[:TEXT]
            return
        if len(self.events) >= MAX_EVENTS:
            self.more += kind != "line"
            return
        self.events.append(Event(kind, place, max(0, len(self._running) - 1), text, written))

    def _file(self, name: str) -> File | None:
        if name not in self._files:
            self._files[name] = File(name) if _is_readers(name) else None
        return self._files[name]

    # -----------------------------------------------------------------------------------------------------------------

    def steps(self, name: str, jaxpr: Any, error: BaseException | None) -> Steps:
        """Return what was seen; ``jaxpr`` is None where an error ended the trace."""
        text, marks = equations.marks(jaxpr) if jaxpr is not None else ("", [])
        numbers = {_key(mark.equation): number for number, mark in enumerate(marks)}
        lines = text.split("\n")
        places: dict[Place, int] = {}
        steps: list[Step] = []
        for event in self.events:
            place, said, number = event.place, event.text.strip(), None
            if event.kind == "text" and not said:
                continue
            if event.written:
                number = numbers.get(event.written.key)
                if number is None and (jaxpr is not None or event.written.frame != self._root):
                    continue  # written into a jaxpr that was a means, and of which others were made
                own = of_traceback(event.written.info.traceback)
                place = own if own and (place is None or self._file(own.file)) else place
                said = event.written.name if number is None else _text(marks[number].spans[0], lines)
            if event.kind != "line" and steps and steps[-1].kind == "line" and _same(steps[-1], event.place, places):
                steps.pop()
            at = None if place is None else places.setdefault(place, len(places))
            steps.append(Step(event.kind, at, said, number, event.depth))
        if error is not None:
            at = steps[-1].place if steps else None
            steps.append(Step("error", at, f"{type(error).__name__}: {error}".split("\n")[0]))
        never = [place for file in self._ended() for place in file.never()]
        numbered = [places.setdefault(place, len(places)) for place in never]
        missing = [] if marks or jaxpr is None or not jaxpr.eqns else ["which line of the jaxpr each equation is"]
        missing += [] if self._writing else ["when each equation was written"]
        return Steps(
            name,
            steps,
            list(places),
            numbered,
            sources(places),
            Ir.of("jaxpr", text, [mark.origin(None) for mark in marks]) if jaxpr is not None else None,
            self.more,
            missing,
        )

    def _ended(self) -> list[File]:
        for code, instructions in self._executed.items():
            if file := self._file(code.co_filename):
                file.run(code, instructions)
        return [it for it in self._files.values() if it]


def _same(step: Step, place: Place | None, places: dict[Place, int]) -> bool:
    return place is not None and step.place == places.get(place)


def _text(span: Span, lines: list[str]) -> str:
    line, start, end = span
    return lines[line - 1][start:end].strip()


def _key(equation: Any) -> tuple[int, ...]:
    return tuple(map(id, equation.outvars)) or (id(equation.source_info.traceback),)


def _is_readers(file: str) -> bool:
    if file.startswith((OURS, "<frozen")) or not jax_private.is_users(file):
        return False
    libraries = (f"{sys.prefix}/lib/", f"{sys.base_prefix}/lib/")
    return not file.startswith(libraries) and "/site-packages/" not in file


def _is_made(frame: FrameType) -> bool:
    """Return whether a function was made by a library, from a text, as the methods of a dataclass are."""
    file = frame.f_code.co_filename
    if not file.startswith("<") or linecache.getlines(file):
        return False
    name = frame.f_globals.get("__name__", "__main__")
    if frame.f_code.co_name.startswith("__") or name not in sys.modules:  # a named tuple says a module that is none
        return True
    own = getattr(sys.modules[name], "__file__", None)
    return own is not None and not _is_readers(own)
