"""A rule of the page lint: a name, what it demands, how to mend a page, and how a fault is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from witness.lint.page import Page


@dataclass(frozen=True)
class Finding:
    """A place where a page breaks a rule."""

    line: int
    """From 1."""
    fault: str
    """What is wrong there, without a full stop."""
    column: int | None = None
    """From 1."""
    mend: str | None = None
    """What to write instead, where it differs from the rule's own ``mend``."""


@dataclass(frozen=True)
class Rule:
    """One demand on pages."""

    name: str
    demand: str
    """What holds on a right page, in one line; the documentation quotes it."""
    mend: str
    """What to write instead."""
    find: Callable[[Page], Iterator[Finding]]
    strict: bool = True
    """Whether the rule holds on this project's own pages only.

    The others hold on every site: a page that breaks one would be silently wrong.
    """
