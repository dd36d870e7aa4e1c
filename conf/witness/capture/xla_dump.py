"""The part that has XLA write the code of kernels, in a cell that asks for it.

The compiler gets more options for each program that it compiles meanwhile, below all of JAX's caches and events:
these see what they always do, the page's own options stay, and nothing is compiled for it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

from witness import jax_private
from witness.capture.import_hook import when_imported
from witness.capture.on_request import OnRequest
from witness.stages.kernel_code import FOLDER, WrittenCode, options

NO_HOLD = "this JAX gives no hold on its compiler"
EARLIER = (
    "JAX had the program already, from an earlier cell or from its compilation cache: "
    "what the cell itself compiles has its code shown"
)

IN_ITS_OWN = f"the page has XLA write to a folder of its own ({FOLDER}), and none was written there"


@dataclass(frozen=True)
class Asking:
    """Options with which XLA writes."""

    options: Any
    folder: str
    own: bool = False
    """Whether it is the page that has it written."""


class XlaDump(OnRequest):
    """Keeps what XLA wrote of each program of the cell, until the cell ends."""

    def __init__(self) -> None:
        super().__init__()
        self._folder: TemporaryDirectory[str] | None = None
        self._programs: list[tuple[Any, WrittenCode]] = []
        self._release: Callable[[], None] | None = None
        when_imported(jax_private.COMPILER, self._hold)

    def begin(self) -> None:
        """Have the compiler write."""
        self._folder = TemporaryDirectory(prefix="code-")
        self._hold()

    def end(self) -> None:
        """Let it be; nothing that was written stays."""
        if self._release:
            self._release()
        if self._folder:
            self._folder.cleanup()
        self._folder, self._release, self._programs = None, None, []

    def of(self, compiled: Any) -> WrittenCode | None:
        """Return what was written of a compiled function, or why nothing was; None where nobody asks."""
        if self._folder is None or compiled is None:
            return None
        if self._release is None:
            return WrittenCode(why=NO_HOLD)
        try:
            executable = compiled.runtime_executable()
        except Exception as error:  # a backend that does not give its program
            return WrittenCode(why=str(error) or type(error).__name__)
        return next((it for program, it in self._programs if program is executable), WrittenCode(why=EARLIER))

    def _hold(self) -> None:
        """Take hold of the compiler, once it is there and a cell asks."""
        if self._folder is not None and self._release is None:
            self._release = jax_private.wrap_compiler(self._compile)

    def _compile(self, given: Any, compiled: Callable[[Any], Any]) -> Any:
        """Return the program that XLA compiles with the options given, and keep what it wrote of it."""
        __tracebackhide__ = True  # as JAX's own frames
        program = None
        with suppress(Exception):  # options like none before, or a compiler that does not know them: it goes on without
            asking = self._asking(given)
            before = {*_files(asking.folder)}
            program = compiled(asking.options)
            written = sorted({*_files(asking.folder)} - before)
            self._programs.append((program, WrittenCode(written, IN_ITS_OWN if asking.own else WrittenCode.why)))
        return compiled(given) if program is None else program

    def _asking(self, given: Any) -> Asking:
        """Return the options with those that have code written; with a page's own folder in them, as they are."""
        own = dict(given.env_option_overrides).get(FOLDER)
        own = own or getattr(given.executable_build_options.debug_options, FOLDER, "")
        if own:
            return Asking(given, str(own), own=True)
        if self._folder is None:
            raise LookupError("the cell has ended")
        folder, asking = mkdtemp(dir=self._folder.name), copy.deepcopy(given)
        asking.env_option_overrides = [*given.env_option_overrides, *options(folder).items()]
        return Asking(asking, folder)


def _files(folder: str) -> list[Path]:
    path = Path(folder)
    return [*path.iterdir()] if path.is_dir() else []
