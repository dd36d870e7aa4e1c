"""The files in which a kernel believes the code of cells to be: each cell has one of its own.

ipykernel names a file by its cell's code, so that frames and warnings of a second cell with the same code name the
first. The name stays as it is where it is new; one that an earlier cell had is followed by the next number.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import Any


class CellFiles:
    """The part of the kernel extension that names the files of cells, and tells those that code alone does not tell."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._stock = shell.compile.get_code_name
        self._folder = PurePath(self._stock("", "", 0)).parent
        self._owners: dict[PurePath, str] = {}
        """The execution that has a file."""
        self._current = ""
        self._given: dict[PurePath, PurePath] = {}
        """The files of the current execution, by those that ipykernel names."""
        self._told: list[str] = []
        shell.compile.get_code_name = self._name

    def before(self) -> None:
        """Begin a cell; one within it, as ``%%capture`` runs it, is of the same execution."""

    def after(self, result: Any) -> list[str] | None:
        """Return the files of the cell's code that are not the one which its own code alone has."""
        return self._told or None

    def text(self, seen: Any) -> str:
        """Return nothing: a reader sees the names of cells."""
        return ""

    def _name(self, raw_code: str, code: str, number: int) -> str:
        """Return the file of some code, in place of the compiler's method."""
        name = str(self._stock(raw_code, code, number))
        stock, execution = PurePath(name), self._execution()
        if not stock.stem.isdecimal():
            return name
        if execution != self._current:
            self._current, self._given, self._told = execution, {}, []
        first, file = not self._given, self._given.get(stock, stock)
        while self._owners.setdefault(file, execution) != execution:
            file = file.with_stem(str(int(file.stem) + 1))
        if stock not in self._given and not (first and file == stock and file.parent == self._folder):
            self._told.append(str(file))
        self._given[stock] = file
        return str(file)

    def _execution(self) -> str:
        """Return what identifies the request that is being executed; a shell without a kernel counts."""
        parent = self._shell.get_parent() if hasattr(self._shell, "get_parent") else {}
        return str(parent.get("header", {}).get("msg_id") or self._shell.execution_count)
