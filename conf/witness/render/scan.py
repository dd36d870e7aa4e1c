"""The scan of the finished site for what identifies this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from witness.records.scrub import Machine, leaks

PUBLISHED = (".html", ".js", ".json", ".txt", ".ipynb", ".py", ".svg", ".xml")
"""Files that are read."""


def scan(output: Path, known: Machine, *, strict: bool) -> Iterator[tuple[str, str]]:
    """Yield each leak with the file it is in.

    Read are the files that changed after the last scan that found nothing: a leak is found until it is mended.
    """
    clean, begun = output.parent / f".{output.name}.clean", output.parent / f".{output.name}.scan"
    since = clean.stat().st_mtime_ns if clean.exists() else 0
    begun.touch()  # by the clock of the file system, as are the times it is compared with
    found = False
    for path in sorted(output.rglob("*")):
        if path.suffix in PUBLISHED and "_static" not in path.parts and path.is_file():
            if path.stat().st_ctime_ns < since:
                continue
            for leak in leaks(path.read_text("utf-8", "replace"), known, shapes=strict):
                found = True
                yield path.relative_to(output).as_posix(), leak
    if not found:
        begun.replace(clean)
