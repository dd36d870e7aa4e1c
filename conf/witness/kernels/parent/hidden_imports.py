"""What was imported ahead of a fork: out of the page's sight until the page imports it, as if it had never been.

A page finds the modules that a fresh kernel has. When it imports one that is here, all that this import would have
loaded appears at once, with what it would have done to warnings and variables. But first it is asked whether a fresh
import could have gone otherwise: under other variables, by another's finder, from another file, under a clock. Then the
page is to run in an ordinary kernel, from its first cell: the reason is written down for the runner, and this one ends.
"""

import builtins
import ctypes
import importlib
import json
import logging
import os
import signal
import sys
import threading
import time
import timeit
import typing
from collections.abc import Collection, Iterator, Mapping
from importlib.machinery import PathFinder
from pathlib import Path
from types import FrameType, FunctionType, ModuleType
from typing import Any

from witness.capture.import_hook import ImportHook, arrived
from witness.kernels.parent.import_step import LOGGERS, Step
from witness.timing.clock_readers import NAMES, STDLIB, packages

_bootstrap: Any = importlib._bootstrap

HELD = {id(it) for module in (time, timeit) for it in (module, *(vars(module).get(name, module) for name in NAMES))}
"""What a module holds that reads a clock by another name."""

ALONE = {"cloudpickle", "filelock", "flatbuffers"}
"""What JAX imports that needs nothing of what is hidden: to import it first is to have it alone."""

OTHERS = ("HDF5_", "KMP_", "_RJEM_")
"""Variables that libraries set for themselves when they are imported: neither NumPy nor JAX reads them."""


class HiddenImports:
    """The steps that were made, in order."""

    def __init__(self) -> None:
        self._python: dict[str, str] = {}
        self._c: dict[str, str] = {}
        self._steps: list[Step] = []
        self._shown: dict[str, ModuleType] = {}
        self._names: frozenset[str] = frozenset()
        self._libraries: tuple[str, ...] = ()
        self._lock = threading.RLock()
        self.stock = _bootstrap._find_and_load_unlocked

    def make(self, root: str) -> None:
        """Import a package that pages are going to import."""
        self._steps.append(step := Step(root))
        step.make()

    def hide(self, notes: Path) -> None:
        """Hide everything, in a fork; ``notes`` are for the runner."""
        if random := next((it.modules["numpy.random"] for it in self._steps if "numpy.random" in it.modules), None):
            random.seed()
        for step in reversed(self._steps):
            step.hide()
        self._names = frozenset(name for step in self._steps for name in step.modules)
        self._kernel, self._notes = os.getpid(), notes
        # Where an import that finds nothing in sys.modules begins, by whatever call: a finder would be seen by the
        # page, be asked by who only wants to know, and not be asked behind another's.
        code = _find_and_load_unlocked.__code__.replace(co_filename=self.stock.__code__.co_filename)
        _bootstrap._find_and_load_unlocked = FunctionType(code, {"ahead": self})
        self._world = self._importers()

    def begin(self) -> None:
        """Take what is there now for what a page finds: the kernel is ready, and has set what it sets."""
        self._python, self._c = dict(os.environ), _in_c()
        self._libraries = (*packages(), *STDLIB, "<frozen")

    def find(self, name: str) -> ModuleType | None:
        """Return a module that was imported ahead, and all that comes with it, or None.

        As in Python, the parent comes first; it has a lock of its own, which no thread may wait for that has ours.
        """
        if name not in self._names:
            return None
        parent = name.rpartition(".")[0]
        if parent and parent not in sys.modules:
            importlib.import_module(parent)
        with self._lock:
            step = next((step for step in self._steps if name in step.modules), None)
            if step is None:  # another thread has just had it appear, or the page has removed it
                return self._shown[name] if sys.modules.get(name) is self._shown.get(name, self) else None
            if put := next((it for step in self._steps for it in step.modules if it in sys.modules), None):
                self._end(f"{put} is what the page has put there")
            frames = list(_frames())
            if "." not in name and name not in sys.stdlib_module_names:
                self._ask(name, step, frames)
                before = () if name in ALONE else self._steps[: self._steps.index(step)]
                for other in before:
                    if other.root in other.modules:
                        self.find(other.root)
            heads = {it.root.partition(".")[0] for it in self._steps}
            if os.getpid() == self._kernel and name.partition(".")[0] in heads:
                self._note(module=name, line=_line(frames))
            shown = step.show(name)
            self._shown |= {it: sys.modules[it] for it in shown}
            if not any(step.modules for step in self._steps):
                _bootstrap._find_and_load_unlocked = self.stock
        arrived(shown)
        return sys.modules[name]

    def before(self, what: str, awaited: Mapping[str, Collection[str]]) -> None:
        """End the kernel if an import to come may end it, before that is done which cannot be done again.

        ``awaited`` are the packages that the page's code imports, each with what it needs of those that are hidden; no
        name stands for what its code does not tell.
        """
        hidden = {name.partition(".")[0] for step in self._steps for name in step.modules}
        for name, needs in awaited.items() if hidden else ():
            if name not in sys.modules and not hidden.isdisjoint({name, *needs}):
                self._end(f"{what} before {name or 'what the code does not tell'} is imported")

    def _ask(self, name: str, step: Step, frames: list[FrameType]) -> None:
        """End the kernel if a fresh import might go otherwise."""
        if name != step.root and name not in ALONE:
            self._end(f"{name} is imported before {step.root}")
        if changed := self._changed():
            self._end(f"{', '.join(changed)} changed before {name} is imported")
        if any(sys.modules.get(it) is not module for it, module in self._shown.items()):
            self._end(f"what {name} needs was imported anew")
        if self._importers() != self._world:
            self._end(f"the import system changed before {name} is imported")
        spec, ours = PathFinder.find_spec(name), step.modules[name].__spec__
        if spec is None or ours is None or spec.origin != ours.origin:
            self._end(f"there is another {name}")
        tools = getattr(sys, "monitoring", None)
        traced = "tracemalloc" in sys.modules and sys.modules["tracemalloc"].is_tracing()
        if traced or sys.getprofile() or sys.gettrace() or (tools and any(map(tools.get_tool, range(6)))):
            self._end(f"the import of {name} is watched")
        if typing.TYPE_CHECKING:
            self._end(f"{name} is imported as type checkers do")
        own = logging.getLoggerClass() is not logging.Logger or not step.loggers.keys().isdisjoint(LOGGERS)
        if own or logging.root.isEnabledFor(logging.DEBUG):
            self._end(f"what {name} logs was asked for")
        if any(map(self._reads_clock, frames)) or any(map(self._holds_clock, list(sys.modules.values()))):
            self._end(f"there is a clock when {name} is imported")

    def _changed(self) -> list[str]:
        """Return the variables that a fresh import would find with other values, whoever set them: Python or C."""
        shown = {key: value for step in self._steps if not step.modules for key, value in step.variables.items()}
        if not self._python:
            return []  # no page has begun
        python, c = {**self._python, **shown}, {**self._c, **shown}
        changed = {key for key, _ in (os.environ.items() ^ python.items()) | (_in_c().items() ^ c.items())}
        return sorted(name for name in changed if not name.startswith(OTHERS))

    def _importers(self) -> list[object]:
        """Return what decides how an import goes."""
        finders = [it for it in sys.meta_path if not isinstance(it, ImportHook)]
        return [*finders, *sys.path_hooks, builtins.__import__, _bootstrap._find_and_load, importlib.import_module]

    def _reads_clock(self, frame: FrameType) -> bool:
        """Return whether a function of the page or its site, not the cell itself, names a clock."""
        code, libraries = frame.f_code, self._libraries
        return (
            code.co_name != "<module>"
            and not code.co_filename.startswith(libraries)
            and not NAMES.isdisjoint(code.co_names)
        )

    def _holds_clock(self, module: ModuleType) -> bool:
        """Return whether a module of the page's site holds a clock."""
        file = getattr(module, "__file__", None) or ""
        ours = not file or file.startswith(self._libraries) or module.__name__.partition(".")[0] == "witness"
        return not ours and any(id(value) in HELD for value in list(vars(module).values()))

    def _note(self, **what: object) -> None:
        with self._notes.open("a") as file:
            file.write(json.dumps(what) + "\n")

    def _end(self, why: str) -> None:
        self._note(why=why)
        os.kill(self._kernel, signal.SIGKILL)
        signal.pause()  # in a child of the kernel: its guard ends it


def _find_and_load_unlocked(name: str, import_: Any) -> ModuleType:
    """Import a module that was not found among those that are there: the name that ``_bootstrap`` has for this."""
    return ahead.find(name) or ahead.stock(name, import_)  # type: ignore[name-defined, no-any-return]  # noqa: F821


def _in_c() -> dict[str, str]:
    """Return the variables of the process, which code in C may set without Python's knowledge."""
    array = ctypes.POINTER(ctypes.c_char_p).in_dll(ctypes.CDLL(None), "environ")
    entries = (os.fsdecode(entry) for entry in iter(iter(array).__next__, None))
    return dict(entry.partition("=")[::2] for entry in entries)


def _frames() -> Iterator[FrameType]:
    """Yield the frames of the page that lead to this import, the innermost first; none of a library's thread."""
    frame: FrameType | None = sys._getframe(2)
    found: list[FrameType] = []
    while frame:
        if frame.f_code.co_name == "run_code" and frame.f_code.co_filename.endswith("interactiveshell.py"):
            yield from found
            found = []
        found.append(frame)
        frame = frame.f_back


def _line(frames: list[FrameType]) -> int | None:
    """Return the line of the cell that leads to this import."""
    return frames[-1].f_lineno if frames else None
