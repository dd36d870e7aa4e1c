"""One import that was made ahead of a fork, and all that it did to the process: taken back, and done again."""

import importlib
import logging
import os
import sys
import warnings
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

LOGGERS: dict[str, Any] = logging.root.manager.loggerDict


@dataclass
class Step:
    """An import of a package."""

    root: str
    modules: dict[str, ModuleType] = field(default_factory=dict)
    filters: list[Any] = field(default_factory=list)
    """What it put before the filters of warnings."""
    variables: dict[str, str] = field(default_factory=dict)
    loggers: dict[str, Any] = field(default_factory=dict)
    """Those of packages, as `logging` keeps them."""
    types: dict[Any, Any] = field(default_factory=dict)
    """What NumPy's own table of types has of it."""

    def make(self) -> None:
        """Import it, and note what that does."""
        modules, filters, variables = set(sys.modules), len(warnings.filters), dict(os.environ)
        loggers, types = set(LOGGERS), set(_types())
        importlib.import_module(self.root)
        self.modules = {name: module for name, module in sys.modules.items() if name not in modules}
        self.filters = [*warnings.filters][: len(warnings.filters) - filters]
        self.variables = {name: value for name, value in os.environ.items() if variables.get(name) != value}
        packages = {name.partition(".")[0] for name in self.modules} - sys.stdlib_module_names
        new = {name: it for name, it in LOGGERS.items() if name not in loggers}
        self.loggers = {name: it for name, it in new.items() if name.partition(".")[0] in packages}
        own = self.root != "numpy"
        self.types = {name: it for name, it in _types().items() if own and name not in types}

    def hide(self) -> None:
        """Take it back, in a fork."""
        for name, module in self.modules.items():
            del sys.modules[name]
            parent, _, child = name.rpartition(".")
            if parent and parent not in self.modules and vars(sys.modules[parent]).get(child) is module:
                delattr(sys.modules[parent], child)
        del warnings.filters[: len(self.filters)]  # type: ignore[attr-defined]
        warnings._filters_mutated()  # type: ignore[attr-defined]
        for name in self.variables:
            del os.environ[name]
        for name in self.loggers:
            del LOGGERS[name]
        for name in self.types:
            del _types()[name]

    def show(self, name: str) -> list[str]:
        """Have all of it appear, or of what only happened to be needed for it, that alone; return what did."""
        whole = name == self.root
        wanted = [it for it in self.modules if whole or it == name or it.startswith(f"{name}.")]
        for it in wanted:
            sys.modules[it] = module = self.modules.pop(it)
            parent, _, child = it.rpartition(".")
            if parent in sys.modules:
                setattr(sys.modules[parent], child, module)
        if whole:
            warnings.filters[:0] = self.filters  # type: ignore[index]
            warnings._filters_mutated()  # type: ignore[attr-defined]
            os.environ.update(self.variables)
            LOGGERS.update(self.loggers)
            _types().update(self.types)
        return wanted


def _types() -> dict[Any, Any]:
    """Return NumPy's table of types by their names, to which other packages add; nothing before it is imported."""
    table: dict[Any, Any] = getattr(sys.modules.get("numpy"), "sctypeDict", {})
    return table
