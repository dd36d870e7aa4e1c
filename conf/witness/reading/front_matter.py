"""The head of a page: its front matter, with the line of each key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import yaml

KeyPath = tuple[str, ...]

UNREADABLE = (yaml.YAMLError, ValueError, RecursionError)
"""What YAML raises: ValueError for a date that is none, RecursionError for data that is nested too deeply."""

NOTEBOOK = re.compile(r"(file_format|jupytext|kernelspec|mystnb)\s*:")
"""What only a notebook has at the beginning of a line of its head."""


@dataclass(frozen=True)
class Head:
    """The YAML block on top of a page."""

    end: int = 0
    """Last line of the block, from 1; 0 where there is none."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """Empty where the block is missing or cannot be read."""
    error: tuple[int, str] | None = None
    """Line and text of what makes it unreadable."""
    lines: Mapping[KeyPath, int] = field(default_factory=dict)
    """Line, from 1, of each key, such as ``("witness", "needs")``."""

    def line(self, *keys: str) -> int:
        """Return the line of a key, or of the nearest key above it."""
        while keys and keys not in self.lines:
            keys = keys[:-1]
        return self.lines.get(keys, 1)

    @property
    def is_notebook(self) -> bool:
        """Whether MyST-NB reads a page with this head as a notebook (``is_myst_markdown_notebook`` there)."""
        if self.data.get("file_format") == "mystnb":
            return True
        jupytext = self.data.get("jupytext")
        shape = jupytext.get("text_representation") if isinstance(jupytext, dict) else None
        return isinstance(shape, dict) and shape.get("format_name") == "myst"


def read_head(lines: Sequence[str]) -> Head:
    """Return the head of a page; what is wrong with it is in the result."""
    if not lines or not lines[0].startswith("---"):
        return Head()
    end = next((n for n, line in enumerate(lines[1:], start=2) if line.startswith(("---", "..."))), 0)
    if not end:
        return Head(error=(1, "no line of three dashes closes it"))
    block = "\n".join(lines[1 : end - 1])
    try:
        node = yaml.compose(block, Loader=yaml.SafeLoader)
        keys = list(_keys(node, ()))
        data = yaml.safe_load(block)
    except UNREADABLE as error:
        return Head(end=end, error=fault(error, 2))
    lines_of = dict(keys)
    for path, line in keys:
        if lines_of[path] != line:
            return Head(end=end, error=(lines_of[path], f"the key `{path[-1]}` is there twice"))
    if data is not None and not isinstance(data, dict):
        return Head(end=end, error=(2, f"it is a {type(data).__name__}, not a mapping of keys to values"))
    return Head(end=end, data=data or {}, lines=lines_of)


def hidden_notebook(lines: Sequence[str]) -> tuple[int, str] | None:
    """Return line and text of what makes a head unreadable that would make its page a notebook, or None."""
    head = read_head(lines)
    end = head.end or next((n for n, line in enumerate(lines, start=1) if not line.strip()), len(lines))
    if head.error is None or not any(NOTEBOOK.match(line) for line in lines[:end]):
        return None
    if head.end:
        with suppress(*UNREADABLE):
            yaml.safe_load("\n".join(lines[1 : end - 1]))
            return None  # MyST-NB reads it: a key that is there twice is no fault there
    return head.error


def fault(error: Exception, first: int) -> tuple[int, str]:
    """Return the line and the text of what YAML could not read in a block that begins at line ``first``."""
    mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
    problem = (error.problem if isinstance(error, yaml.MarkedYAMLError) else None) or str(error)
    return first + (mark.line if mark else 0), " ".join(problem.split())


def _keys(node: yaml.Node | None, above: KeyPath) -> Iterator[tuple[KeyPath, int]]:
    if not isinstance(node, yaml.MappingNode):
        return
    for key, value in node.value:
        path = (*above, str(key.value))
        yield path, key.start_mark.line + 2
        yield from _keys(value, path)
