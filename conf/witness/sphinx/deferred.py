"""MyST-NB's own execution, imported when it is first used, which here is never.

With it come jupyter-cache and SQLAlchemy, a fifth of the start of every build. ``myst_nb.core.execute`` imports two
classes from two modules; until one of them is called, a stand-in of the same name waits in its place. This works only
while MyST-NB is not imported yet, and where its modules are others than these nothing happens at all.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

PACKAGE = "myst_nb.core.execute"
CLIENTS = {f"{PACKAGE}.cache": "NotebookClientCache", f"{PACKAGE}.direct": "NotebookClientDirect"}
"""Each class that executes, by its module."""


def defer() -> None:
    """Put the stand-ins in place, unless MyST-NB is imported already."""
    if PACKAGE in sys.modules or find_spec("myst_nb") is None:
        return
    for name, client in CLIENTS.items():
        sys.modules[name] = _stand_in(name, client)


def _stand_in(name: str, client: str) -> ModuleType:
    """Return a module with a class that is the real one from its first call on; all else in it is real."""

    def real(attribute: str) -> Any:
        if attribute.startswith("__"):  # what the import system asks of any module
            raise AttributeError(attribute)
        if sys.modules.get(name) is module:
            del sys.modules[name]
        return getattr(import_module(name), attribute)

    def new(_: type, *arguments: Any, **keywords: Any) -> Any:
        return real(client)(*arguments, **keywords)

    module = ModuleType(name, f"Stands for {name} until it is used.")
    setattr(module, client, type(client, (), {"__new__": new, "__module__": name}))
    module.__getattr__ = real  # type: ignore[method-assign]  # what a module may have, and mypy does not know
    return module
