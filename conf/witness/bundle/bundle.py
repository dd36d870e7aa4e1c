"""A bundle: what pages did on one device, with the key of each cell that did it. Its schema is told in `SCHEMA`."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Self

from witness.bundle.archive import BadBundle, pack, safe, unpack
from witness.bundle.device import Device
from witness.bundle.headline import headlines
from witness.bundle.notebook import joined, split
from witness.records.codec import Misfit, decode
from witness.records.kinds import TIMINGS
from witness.records.page_record import PageRecord

SCHEMA = 1
"""Raised whenever what is written can no longer be read by code that knows the number before.

A bundle is a zip archive of these parts, all of them JSON in UTF-8 but the checksums:

- ``bundle.json``: ``schema``, this number; ``capture``, the digest of the code that watched the cells; ``device``, the
  fields of `Device`, and ``simulated``, whether one CPU stood for several of it; ``environment``, that of the records;
  ``replicates``, in how many processes pages ran that measure; ``pages``, for each page ``plan``, the digest of what
  was run, and ``cells``, the key of each cell in order.
- ``notebooks/PAGE.ipynb``: the executed notebook, in notebook format 4.5.
- ``records/PAGE.json``: the rest of the page's record, as `PageRecord` declares it: timings with their samples,
  compile events, live values, other runs.
- ``SHA256SUMS``: the checksum of each other part.
"""

HEAD = "bundle.json"


@dataclass(frozen=True)
class Page:
    """One page of a bundle."""

    plan: str
    """Digest of what was run."""
    cells: list[str]
    """The key of each cell, in order."""
    read: Callable[[], PageRecord]
    """Returns the record: a build reads few of them."""

    @cached_property
    def record(self) -> PageRecord:
        """Return what the page did."""
        return self.read()


@dataclass(frozen=True)
class Bundle:
    """What pages did on one device."""

    device: Device
    capture: str
    """Digest of the code that watched the cells."""
    environment: dict[str, Any]
    replicates: int
    pages: dict[str, Page]
    path: Path = field(default=Path(), compare=False)
    """Where it was read from."""

    @property
    def executed(self) -> str:
        """The days on which the pages ran."""
        days = sorted(page.record.executed[:10] for page in self.pages.values())
        return days[0] if days[0] == days[-1] else f"{days[0]} to {days[-1]}"

    def parts(self) -> dict[str, bytes]:
        """Return the parts of its file."""
        head = {
            "schema": SCHEMA,
            "capture": self.capture,
            "device": asdict(self.device),
            "simulated": self.device.simulated,
            "environment": self.environment,
            "replicates": self.replicates,
            "pages": {name: {"plan": page.plan, "cells": page.cells} for name, page in self.pages.items()},
        }
        found = {HEAD: json.dumps(head, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"}
        for name, page in self.pages.items():
            found[f"notebooks/{name}.ipynb"], found[f"records/{name}.json"] = split(page.record)
        return found

    def to_bytes(self) -> bytes:
        """Return its file: the same bytes for the same contents."""
        return pack(self.parts())

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return the bundle in a file, whose parts are what their checksums say. Raises BadBundle, which names it."""
        with _named(path):
            return cls._of(unpack(path.read_bytes()), path)

    def check(self) -> Self:
        """Return it if each of its pages can be shown. Raises BadBundle, which names its file."""
        with _named(self.path):
            for name, page in self.pages.items():
                _check(name, page)
        return self

    @classmethod
    def _of(cls, parts: Mapping[str, bytes], path: Path) -> Self:
        if HEAD not in parts:
            raise BadBundle(f"it holds no {HEAD}: `witness record` did not make it")
        head = json.loads(parts[HEAD])
        if head["schema"] != SCHEMA:
            raise BadBundle(_other(head["schema"]))
        pages = {name: _page(name, known, parts) for name, known in head["pages"].items()}
        if not pages:
            raise ValueError("no page in it")
        device = decode(Device, head["device"])
        return cls(device, str(head["capture"]), dict(head["environment"]), int(head["replicates"]), pages, path)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Raise whatever is raised as a BadBundle that names its file."""
    try:
        yield
    except OSError as error:
        raise BadBundle(f"{path}: {error.strerror}") from error
    except BadBundle as error:
        raise BadBundle(f"{path}: {error}") from error
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        what = f"lacks {error}" if isinstance(error, KeyError) else f"cannot be read ({error})"
        raise BadBundle(f"{path}: its checksums are right, and it {what}: `witness record` did not make it") from error


def _other(schema: object) -> str:
    if isinstance(schema, int) and schema > SCHEMA:
        return f"its schema is {schema}, and this witness reads {SCHEMA}: update it, or record the bundle again"
    return f"its schema is {schema!r}, and this witness reads {SCHEMA}: record it again"


def _page(name: str, known: Mapping[str, Any], parts: Mapping[str, bytes]) -> Page:
    if not safe(name):
        raise ValueError(f"{name!r} is no page's name")
    notebook, record = parts[f"notebooks/{name}.ipynb"], parts[f"records/{name}.json"]
    return Page(str(known["plan"]), [str(key) for key in known["cells"]], partial(joined, notebook, record))


def _check(name: str, page: Page) -> None:
    """Raise ValueError, or another error of Python's, unless a record is one of a right page, and can be shown."""
    try:
        record = page.record
        timed = [timing for cell in record.cells for timing in TIMINGS.of(cell.captured)]
    except Misfit as misfit:
        raise ValueError(f"in the record of {name}, {misfit}") from misfit
    if record.page != name or record.problems:
        raise ValueError(f"the record of {name} is none of it")
    for timing in timed:
        if not all(map(math.isfinite, [*timing.samples, *timing.pilot])):
            raise ValueError(f"a timing of {name} is none")
    headlines(record)
