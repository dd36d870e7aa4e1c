"""What is wrong with a page or its expected text, as a person reads it, and as a pull request shows it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One difference between what was expected and what was done."""

    path: str
    line: int
    """From 1."""
    rule: str
    """Stable name, such as ``differs``."""
    message: str
    """In one line."""
    detail: str = ""
    """More lines: a unified diff, say."""
    next: str = ""
    """What to do or to type."""

    def __str__(self) -> str:
        detail = "".join(f"\n    {line}".rstrip() for line in self.detail.splitlines())
        advice = f"\n    next: {self.next}" if self.next else ""
        return f"{self.path}:{self.line}: {self.message}{detail}{advice}"

    def annotation(self) -> str:
        """Return the workflow command by which GitHub shows the fault at its line."""
        body = "\n".join(
            part for part in (self.message, self.detail, f"next: {self.next}" if self.next else "") if part
        )
        where = f"file={_escaped(self.path, ':,')},line={self.line},title={_escaped(self.rule, ':,')}"
        return f"::error {where}::{_escaped(body)}"


def _escaped(text: str, more: str = "") -> str:
    for character in f"%\r\n{more}":
        text = text.replace(character, f"%{ord(character):02X}")
    return text
