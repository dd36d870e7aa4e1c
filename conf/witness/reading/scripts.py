"""The scripts that a page's cells run, and the modules beside it: their code does what the cells' own may do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from witness.python.cell import parse

NAMED = re.compile(r"[\w./-]+\.py\b")
WRITTEN = re.compile(r"\s*%%(?:writefile|file)\s+(?:-a\s+)?(\S+)[^\n]*\n")


def with_scripts(sources: Sequence[str], folder: Path) -> list[str]:
    """Return the code of cells, and below it that of each script that they name: beside the page, or a cell's text."""
    written: dict[str, str] = {}
    found = []
    for source in sources:
        if writes := WRITTEN.match(source):
            written[writes[1]] = source[writes.end() :]
            found.append("")
            continue
        scripts = [written.get(name) or _text(folder / name) for name in dict.fromkeys(NAMED.findall(source))]
        found.append("\n".join([source, *filter(None, scripts)]))
    return found


def beside(sources: Sequence[str], folder: Path) -> Iterator[str]:
    """Yield the texts of scripts in a folder that cells name, and of the modules that all of these import."""
    scripts = [*filter(None, (_text(folder / name) for source in sources for name in NAMED.findall(source)))]
    yield from scripts
    waiting, known = [*sources, *scripts], set[str]()
    while waiting:
        for name in parse(waiting.pop()).imported - known:
            known.add(name)
            for path in (folder / f"{name}.py", *sorted((folder / name).rglob("*.py"))):
                if text := _text(path):
                    waiting.append(text)
                    yield text


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8") if path.is_file() else ""
    except (OSError, ValueError):
        return ""
