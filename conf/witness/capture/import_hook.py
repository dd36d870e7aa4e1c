"""Being told that a module has been imported, without importing it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


class ImportHook(MetaPathFinder):
    """Waits among the finders until a module is looked for, and leaves no trace when it has come."""

    def __init__(self, name: str, then: Callable[[], None]) -> None:
        self._name = name
        self._then = then

    def come(self, names: Sequence[str]) -> None:
        """Tell that the module has come, if it is one of these."""
        if self._name in names:
            sys.meta_path.remove(self)
            self._then()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec that the other finders have for the module, with a loader that tells of it."""
        if fullname != self._name:
            return None
        sys.meta_path.remove(self)
        found = (finder.find_spec(fullname, path, target) for finder in list(sys.meta_path))
        spec = next((spec for spec in found if spec), None)
        if spec and spec.loader and hasattr(spec.loader, "exec_module"):
            spec.loader = _Telling(spec.loader, self._then)
        return spec


class _Telling(Loader):
    def __init__(self, loader: Loader, then: Callable[[], None]) -> None:
        self._loader = loader
        self._then = then

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._loader
        if module.__spec__:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self._then()


def when_imported(name: str, then: Callable[[], None]) -> None:
    """Call a function once a module has been imported: at once, if it has been."""
    if name in sys.modules:
        then()
    else:
        sys.meta_path.insert(0, ImportHook(name, then))


def arrived(names: Sequence[str]) -> None:
    """Tell those who wait for one of these modules, which have come by no finder."""
    for finder in [it for it in sys.meta_path if isinstance(it, ImportHook)]:
        finder.come(names)
