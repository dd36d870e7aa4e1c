"""What reads a clock when it is called: functions are known by their code, objects by their types.

Of the site's own modules and of the page, all that a function calls is looked at. Of packages a function is
one only if it reads a clock itself and is named for it, for many read one for their own ends: a log, a bar of progress.
"""

from __future__ import annotations

import dis
import functools
import inspect
import os
import re
import site
import sys
import sysconfig
import types
import weakref
from collections.abc import Iterator
from datetime import date, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

CLOCKS = {
    "time": "time time_ns perf_counter perf_counter_ns monotonic monotonic_ns process_time process_time_ns thread_time "
    "thread_time_ns clock_gettime clock_gettime_ns",
    "timeit": "timeit repeat default_timer main Timer",
    "os": "times",
    "resource": "getrusage",
}
NAMES = {name for names in CLOCKS.values() for name in names.split()} | {"now", "utcnow", "today"}
"""What the standard library calls its clocks."""

TELLING = re.compile(r"tic|toc|tac\b|tim(?:e|ing)|clock|watch|bench|elapsed|perf|profil|\blap", re.IGNORECASE)
"""How what tells a time is called."""

FUNCTIONS = types.FunctionType | types.BuiltinFunctionType | types.ClassMethodDescriptorType


def _folders(*names: str) -> tuple[str, ...]:
    folders = [Path(sysconfig.get_path(name)) for name in names]
    return tuple(f"{spelt}{os.sep}" for folder in folders for spelt in {folder, folder.resolve()})


INSTALLED = (*_folders("purelib", "platlib"), *(f"{folder}{os.sep}" for folder in site.getsitepackages()))
STDLIB = _folders("stdlib", "platstdlib")


def packages() -> tuple[str, ...]:
    """Return the folders of packages: those that are installed, and where else Python looks before a page begins.

    The page's own folder is none, nor one that holds it. Setuptools has for each package that is installed to be edited
    a finder of its own, which knows its folder.
    """
    page = Path.cwd()
    paths = [Path(entry) for entry in sys.path if entry and not f"{entry}{os.sep}".startswith(STDLIB)]
    finders = [module for name, module in sys.modules.items() if name.startswith("__editable__")]
    paths += [Path(path) for finder in finders for path in getattr(finder, "MAPPING", {}).values()]
    others = (path for path in paths if not (path.is_relative_to(page) or page.is_relative_to(path)))
    return (*INSTALLED, *(f"{path}{os.sep}" for path in others))


class Readers:
    """Says of values whether they read a clock when they are used, and remembers which code does not."""

    def __init__(self) -> None:
        self._clocks = set(_clocks())
        self._packages = packages()
        self._libraries = (*self._packages, *STDLIB, "<frozen ")
        self._harmless: dict[types.CodeType, None] = {}
        self._types: weakref.WeakKeyDictionary[type, bool] = weakref.WeakKeyDictionary()

    def holds(self, value: Any) -> bool:
        """Return whether a function, a class or an object of one reads a clock."""
        kind = type(value)  # unlike isinstance, it asks nothing of the value
        if issubclass(kind, FUNCTIONS):
            return value in self._clocks or (kind is types.FunctionType and self._function(value))
        if issubclass(kind, types.MethodType | staticmethod | classmethod):
            return self.holds(value.__func__)
        if issubclass(kind, property):
            return self.holds(value.fget)
        if issubclass(kind, functools.partial):
            return any(map(self.holds, (value.func, *value.args, *value.keywords.values())))
        if issubclass(kind, type):
            return self._type(value)
        wrapped = inspect.getattr_static(value, "__wrapped__", None)
        return self._type(kind) or (type(wrapped) is types.FunctionType and self._function(wrapped))

    def _type(self, kind: type) -> bool:
        if kind not in self._types:
            known = len(self._harmless)
            self._types[kind] = False  # it may use itself
            parts = [part for base in kind.__mro__ if base.__module__ != "builtins" for part in vars(base).values()]
            functions = (part for part in parts if isinstance(part, (FUNCTIONS, staticmethod, classmethod, property)))
            if kind in self._clocks or any(map(self.holds, functions)):
                self._types[kind] = True
                self._forget(known)
        return self._types[kind]

    def _function(self, function: types.FunctionType) -> bool:
        code = function.__code__
        if code in self._harmless:
            return False
        known = len(self._harmless)
        self._harmless[code] = None  # it may call itself
        if found := self._looked_through(function):
            self._forget(known)
        return found

    def _forget(self, known: int) -> None:
        """Keep so many only: what was found harmless meanwhile may call what was not."""
        for code in list(self._harmless)[known:]:
            del self._harmless[code]

    def _looked_through(self, function: types.FunctionType) -> bool:
        held = list(_held(function))
        if _is_in(function, self._libraries):
            module = str(function.__module__).rpartition(".")[2]
            told = _is_in(function, self._packages) and TELLING.search(f"{module}.{function.__qualname__}")
            own = (it for it in held if isinstance(it, types.FunctionType) and not _is_in(it, self._libraries))
            return bool(told and self._direct(function)) or any(map(self._function, own))
        if self._direct(function):
            return True
        held += [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
        names = {name for code in _codes(function.__code__) for name in code.co_names}
        for name in names & function.__globals__.keys():
            value = function.__globals__[name]
            if issubclass(type(value), types.ModuleType):
                if not str(vars(value).get("__file__") or STDLIB).startswith(STDLIB):
                    held += [vars(value)[other] for other in (names - {name}) & vars(value).keys()]
            else:
                held.append(value)
        return any(map(self.holds, held))

    def _direct(self, function: types.FunctionType) -> bool:
        """Return whether a function's own code names a clock."""
        names = function.__globals__
        codes = list(_codes(function.__code__))
        held = {name for code in codes for name in code.co_names}
        clocks = (names.get(name) for name in held)
        if any(isinstance(value, FUNCTIONS) and value in self._clocks for value in clocks):
            return True
        return bool(held & NAMES) and any(value in self._clocks for code in codes for value in _named(code, names))


def _clocks() -> Iterator[Any]:
    for module, names in CLOCKS.items():
        for name in names.split():
            if (clock := getattr(sys.modules.get(module) or import_module(module), name, None)) is not None:
                yield clock
    yield from (datetime.now, datetime.utcnow, datetime.today, date.today)
    yield from (vars(datetime)["now"], vars(datetime)["utcnow"], vars(date)["today"])


def _named(code: types.CodeType, names: dict[str, Any]) -> Iterator[Any]:
    """Yield the functions and types that a code names within modules and types: ``time.time``."""
    local: dict[str, Any] = {}
    value: Any = None
    for instruction in dis.get_instructions(code):
        name, operation = instruction.argval, instruction.opname
        match operation:
            case "LOAD_GLOBAL" | "LOAD_NAME" | "LOAD_DEREF":
                value = names.get(name)
            case "IMPORT_NAME":
                value = sys.modules.get(name)
            case "LOAD_ATTR" | "LOAD_METHOD" | "IMPORT_FROM":
                within = isinstance(value, types.ModuleType | type)
                value = getattr(value, name, None) if within and name in NAMES | {"datetime", "date"} else None
                if isinstance(value, FUNCTIONS | type):
                    yield value
            case _ if operation.startswith("STORE_FAST"):
                local[str(name)] = value
            case _ if operation.startswith("LOAD_FAST"):
                value = local.get(str(name))
            case _:
                value = None


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)


def _is_in(function: types.FunctionType, folders: tuple[str, ...]) -> bool:
    return function.__code__.co_filename.startswith(folders)


def _held(function: types.FunctionType) -> Iterator[Any]:
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # it is empty yet
            continue
