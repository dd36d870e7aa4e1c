"""A mutant: one text with one mistake in it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Edit:
    """A piece of text and what stands in its place."""

    kind: str
    start: int
    """Offset of its first character in the text."""
    end: int
    new: str


@dataclass(frozen=True)
class Mutant:
    """A page, or its expected text, with one edit."""

    page: str
    """Name below the folder of pages."""
    path: str
    """Of the file that is changed, as messages show it."""
    original: str
    edit: Edit

    @property
    def kind(self) -> str:
        """Which kind of mistake it is."""
        return self.edit.kind

    @property
    def text(self) -> str:
        """The text with the mistake."""
        return self.original[: self.edit.start] + self.edit.new + self.original[self.edit.end :]

    @property
    def line(self) -> int:
        """The first line that differs, from 1."""
        return self.original.count("\n", 0, self.edit.start) + 1

    @property
    def before(self) -> str:
        """That line as it was."""
        return self.original.split("\n")[self.line - 1].strip()

    @property
    def after(self) -> str:
        """That line as it is."""
        return self.text.split("\n")[self.line - 1].strip()

    @property
    def name(self) -> str:
        """What it is known by, wherever on its page the line stands."""
        return f"{self.path}: {self.kind}: {self.before}  →  {self.after}"

    def __str__(self) -> str:
        return self.name.replace(self.path, f"{self.path}:{self.line}", 1)
