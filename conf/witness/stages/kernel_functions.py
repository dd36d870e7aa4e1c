"""The functions in what XLA writes of the code of a program's kernels: LLVM IR, or PTX."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from witness.records.ir import Language

DEFINED = re.compile(r"define\b.*?@(?:\"([^\"]+)\"|([\w$.-]+))\(")
TABLES = re.compile(r",? ![A-Za-z][\w.]* !\d+|(?<=[\w)]) #\d+(?=[\s,]|$)")
"""References to tables of a module that are not shown: attributes, and what the optimiser was told."""
ONLY_TOLD = re.compile(r"\s+(?:tail )?call void @llvm\.(?:experimental\.noalias\.scope\.decl|lifetime\.\w+|assume)\(")
"""Calls for which nothing runs."""

ENTRY = re.compile(r"\s*(?:\.(?:visible|weak|extern)\s+)?\.entry\s+([\w$]+)")
PLACES = re.compile(r"\s*(?:\.(?:loc|file|section)\b|// (?:-- (?:Begin|End) function|@)|//\s*$)")
"""Lines that tell of the source, and marks of where a function begins and ends."""


@dataclass(frozen=True)
class KernelFunction:
    """One function."""

    name: str
    text: str
    """Without what heads its module, and without paths."""


def llvm(text: str) -> Iterator[KernelFunction]:
    """Yield the functions that a module of LLVM IR defines."""
    name, lines = "", list[str]()
    for line in text.split("\n"):
        if match := DEFINED.match(line):
            name, lines = match[1] or match[2], []
        if name and not ONLY_TOLD.match(line):
            lines.append(re.sub(r" {2,}(?=;)", "  ", TABLES.sub("", line)).rstrip())
        if name and line == "}":
            yield KernelFunction(name, "\n".join(lines))
            name = ""


def ptx(text: str) -> Iterator[KernelFunction]:
    """Yield the kernels of a module of PTX; it ends where the braces of its body do."""
    name, lines, depth = "", list[str](), 0
    for line in text.split("\n"):
        if not name and (match := ENTRY.match(line)):
            name, lines, depth = match[1], [], 0
        if not name:
            continue
        if not PLACES.match(line):
            lines.append(_spaced(line))
        braces = re.sub(r"//.*|\"[^\"]*\"", "", line)
        depth += braces.count("{") - braces.count("}")
        if depth == 0 and "}" in braces:
            yield KernelFunction(name, re.sub(r"\n+\}$", "\n}", "\n".join(lines)))
            name = ""


def _spaced(line: str) -> str:
    """Return a line of PTX, each blank or tab within it one blank."""
    line = re.sub(r"\s*// @[\w$]+$", "", line.expandtabs(4).rstrip())
    return " " * (len(line) - len(line.lstrip())) + " ".join(line.split())


READ: dict[Language, Callable[[str], Iterator[KernelFunction]]] = {"llvm": llvm, "ptx": ptx}
"""How each language is read."""
