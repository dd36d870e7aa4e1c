"""The files of expected text: one a page, below one folder."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from witness.check.expected import Expected
from witness.records.diagnostic import Diagnostic
from witness.records.store import write_whole


@dataclass(frozen=True)
class ExpectedFiles:
    """Where expected text is."""

    folder: Path

    def path(self, page: str) -> Path:
        """Return where a page's expected text is."""
        return self.folder / f"{page}.txt"

    def shown(self, page: str) -> str:
        """Return the same as messages show it."""
        path = self.path(page)
        return (path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path).as_posix()

    def read(self, page: str) -> Expected:
        """Return the expected text of a page; a page without a file is expected to do nothing.

        Raises Malformed and UnicodeDecodeError.
        """
        path = self.path(page)
        return Expected.from_text(path.read_bytes().decode("utf-8")) if path.exists() else Expected()

    def write(self, page: str, expected: Expected, path: str, command: str) -> bool:
        """Write the expected text of a page, or remove it where nothing is expected; say whether anything changed."""
        file = self.path(page)
        before = file.read_bytes() if file.exists() else b""
        after = expected.to_text(path, command).encode("utf-8") if expected.entries else b""
        if after == before:
            return False
        if after:
            write_whole(file, after)
            file.chmod(0o644)
        else:
            file.unlink()
        return True

    def orphaned(self, pages: Collection[str]) -> Iterator[Diagnostic]:
        """Yield the files that are no page's."""
        for file in sorted(self.folder.rglob("*")):
            page = file.relative_to(self.folder).as_posix().removesuffix(".txt")
            if file.is_file() and (page not in pages or file.suffix != ".txt"):
                yield Diagnostic(self.shown(page), 1, "orphaned", f"no page runs code as {page}", next="remove it")
