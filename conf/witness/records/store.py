"""Records on disk: one file for each page and environment, written whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from witness.records.codec import decode, encode
from witness.records.page_record import FORMAT, PageRecord


@dataclass(frozen=True)
class Stamp:
    """The few facts that tell whether a page must run: read at every build, so small."""

    key: str
    """Digest of everything the execution depended on."""
    plan: str
    """Digest of the plan."""
    needs: list[str]
    """Packages whose versions are in the key."""
    sources: dict[str, str]
    """Digests of the page, of each file it loads and of the settings, by name: equal ones mean an equal plan."""
    record: str
    """SHA-256 of the record file."""
    right: bool
    """Whether the page may be published."""
    seconds: float
    """Wall time of the page, for the next run's expectation."""
    format: int
    """Format of the record."""
    runs: int | None = 1
    """How often the page was run; None for a page that does not measure, which once is enough for."""
    seen: dict[str, str] = field(default_factory=dict)
    """Digests of what the page was seen to read, and of the variables it declares, by name from the site's folder."""
    wrote: list[str] = field(default_factory=list)
    """Files that the page wrote and left, by name from the site's folder."""
    after: dict[str, str] = field(default_factory=dict)
    """The records of the pages that had run before it, as it needs: their SHA-256, by page."""

    def suffices(self, replicates: int) -> bool:
        """Return whether the page was run often enough."""
        return self.runs is None or self.runs >= replicates


class Store:
    """The records of one environment, below one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.exclusive = False
        """Whether no other process writes here now, so that what is not whole is damaged, and not half-written."""
        self.damaged: list[Path] = []
        """Files that were set aside because they were not whole."""

    def path(self, page: str) -> Path:
        """Return where a page's record lies."""
        return self.folder / f"{page}.json"

    def stamp(self, page: str) -> Stamp | None:
        """Return the stamp of a page's record, or None when there is no usable one."""
        try:
            stamp = decode(Stamp, json.loads(self._stamp_path(page).read_text("utf-8")))
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            self._set_aside(self._stamp_path(page))
            return None
        return stamp if stamp.format == FORMAT else None

    def read(self, page: str) -> PageRecord | None:
        """Return a page's record, or None when there is none that is whole.

        A damaged record is set aside as ``<name>.damaged`` by the next run; nothing is ever published from it.
        """
        stamp = self.stamp(page)
        data = self._bytes(page, stamp) if stamp else None
        if data is None:
            return None
        try:
            return PageRecord.from_json(data.decode("utf-8"))
        except ValueError:
            self._set_aside(self.path(page))
            return None

    def whole(self, page: str) -> Stamp | None:
        """Return the stamp of a page whose record is right and whole, or None."""
        stamp = self.stamp(page)
        return stamp if stamp and stamp.right and self._bytes(page, stamp) else None

    def write(
        self,
        record: PageRecord,
        plan: str,
        needs: Sequence[str],
        sources: Mapping[str, str],
        measures: bool = False,
        *,
        seen: Mapping[str, str] | None = None,
        wrote: Sequence[str] = (),
        after: Mapping[str, str] | None = None,
    ) -> None:
        """Write a record, then its stamp; of a page that ``measures`` it says how often it was run."""
        stamp = Stamp(
            key=record.key,
            plan=plan,
            needs=list(needs),
            sources=dict(sources),
            record="",
            right=False,
            seconds=record.seconds,
            format=record.format,
            runs=1 + len(record.replicates) if measures else None,
            seen=dict(seen or {}),
            wrote=list(wrote),
            after=dict(after or {}),
        )
        self.rewrite(record, stamp)

    def rewrite(self, record: PageRecord, stamp: Stamp) -> None:
        """Write a record and a stamp for it, which says what the old one said."""
        data = record.to_json().encode("utf-8")
        write_whole(self.path(record.page), data)
        digest = hashlib.sha256(data).hexdigest()
        self.restamp(record.page, replace(stamp, record=digest, right=not record.problems))

    def restamp(self, page: str, stamp: Stamp) -> None:
        """Replace a page's stamp: its prose changed, its execution did not."""
        write_whole(self._stamp_path(page), json.dumps(encode(stamp), indent=1).encode())

    def probe(self) -> None:
        """Raise OSError if records cannot be written here: better now than after pages have run."""
        probe(self.folder)

    def pages(self) -> list[str]:
        """Return the names of all pages with a record, sorted."""
        return sorted(
            path.relative_to(self.folder).as_posix().removesuffix(".stamp") for path in self.folder.rglob("*.stamp")
        )

    def _stamp_path(self, page: str) -> Path:
        return self.folder / f"{page}.stamp"

    def _bytes(self, page: str, stamp: Stamp) -> bytes | None:
        """Return the record's bytes if they are the ones that were written."""
        try:
            data = self.path(page).read_bytes()
        except OSError:
            data = b""
        if hashlib.sha256(data).hexdigest() == stamp.record:
            return data
        self._set_aside(self.path(page))
        return None

    def _set_aside(self, path: Path) -> None:
        if self.exclusive and path.exists():
            aside = path.with_name(path.name + ".damaged")
            if aside.is_dir():
                shutil.rmtree(aside)
            path.replace(aside)
            self.damaged.append(path)


def probe(folder: Path) -> None:
    """Raise OSError if no file can be written into a folder, which is made if need be."""
    path = folder / f".probe-{os.getpid()}"
    write_whole(path, bytes(65536))
    path.unlink()


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that no reader ever sees a part of it.

    It is not waited for until it is on the disk: what a machine that loses power leaves of a record, the digest in its
    stamp tells, and the page runs again.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
