"""The transcript of a page: the exact evidence in its record, cell by cell, as it is compared."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from witness.check.tolerance import close
from witness.python.nondeterminism import nondeterminism
from witness.reading.plan import PREDICT
from witness.records.kinds import COMPILATION, TIMING, TIMINGS, outlines
from witness.records.normalise import NormalisationRule, normalise
from witness.records.page_record import CellRecord, LiveValue, PageRecord
from witness.records.scrub import without_colour
from witness.records.signature import Signature, folded, merged

LONGEST_TITLE = 60
TOP = "(above the first cell)"
"""The title of what stands on a page above its first cell: live values alone."""


MEASURED = ("time", "ratio")
"""Formats of live values that are never exact."""

STEPS = ("traced", "failed while traced", "compiled")
COUNTED = "(a number of times)"
"""What stands for how often JAX did something where that is not exact."""
OWN = "jax (its own)"
"""The kind of the dtypes that JAX's own programs worked on."""


@dataclass(frozen=True)
class Part:
    """One piece of evidence."""

    kind: str
    """``stdout``, ``stderr``, a MIME type, ``error`` and its class, ``timing`` and its kind, ``jax`` and the function
    that it traced or compiled, or whose programs are its own, ``live`` and its role, ``predict`` and what answers."""
    text: str = ""
    """Normalised."""
    loose: str | None = None
    """The text that stands for any value of its kind, where there is one."""

    @property
    def is_live(self) -> bool:
        """Whether it stands in prose."""
        return self.kind.startswith(("live ", "predict "))

    def replaced(self, rules: Sequence[NormalisationRule]) -> Part:
        """Return it as a site's own rules have it compared."""
        text = self.text
        for rule in rules:
            text = rule.apply(text)
        return self if text == self.text else replace(self, text=normalise(text))

    def allows(self, got: Part, rtol: float | None = None) -> bool:
        """Return whether what a cell did is what this part expects."""
        if self.kind != got.kind:
            return False
        return self.text in (got.text, got.loose) or (rtol is not None and close(self.text, got.text, rtol))


@dataclass(frozen=True)
class Transcript:
    """What one cell printed, showed and raised, and the live values that follow it."""

    number: int
    """Of the cell on its page, from 1; 0 is the top of the page."""
    line: int
    title: str
    """The cell's first line."""
    digest: str
    """Of the cell's source."""
    parts: tuple[Part, ...]


def transcripts(record: PageRecord) -> list[Transcript]:
    """Return the transcript of each cell of a record, those without evidence too; first that of the page's top."""
    found = nondeterminism(cell.source for cell in record.cells)
    numbers = [0, *(cell.number for cell in record.cells)]
    live: dict[int, list[Part]] = {number: [] for number in numbers}
    for value in record.live:
        above = max(number for number in numbers if number <= value.after)  # a cell that is not run has no record
        live[above].append(_live(value, shown=found.depends(value.expression)))
    top = Transcript(0, 1, TOP, digest_of(""), tuple(live[0]))
    return [top, *(_transcript(cell, live[cell.number]) for cell in record.cells)]


def _transcript(cell: CellRecord, live: Sequence[Part]) -> Transcript:
    parts = (*_parts(cell), *live)
    return Transcript(cell.number, cell.line, title_of(cell.source), digest_of(cell.source), parts)


def digest_of(source: str) -> str:
    """Return the digest by which a cell is known again."""
    return hashlib.sha256(source.strip().encode("utf-8", "surrogatepass")).hexdigest()[:8]


def title_of(source: str) -> str:
    """Return a cell's first line of code, cut where it is long."""
    lines = [line.strip() for line in source.splitlines() if line.strip()]
    title = next((line for line in lines if not line.startswith("#")), lines[0] if lines else "")
    return title if len(title) <= LONGEST_TITLE else f"{title[: LONGEST_TITLE - 1]}…"


def _parts(cell: CellRecord) -> Iterator[Part]:
    """Yield a cell's evidence. Each stream is one piece: in which order the two are read is chance."""
    for stream in ("stdout", "stderr"):
        pieces = [str(it["text"]) for it in cell.outputs if it["output_type"] == "stream" and it["name"] == stream]
        text = normalise(without_colour("".join(pieces)))
        if text or (pieces and stream == "stdout"):
            yield Part(stream, text)
    for output in cell.outputs:
        yield from _shown(output.get("data") or {})
    if cell.raised:
        name = cell.raised.name.removeprefix("builtins.")
        yield Part(f"error {name}", normalise(cell.raised.message.strip().split("\n", 1)[0]))
    timed = TIMINGS.of(cell.captured)
    for timing in timed:
        yield Part(f"timing {timing.kind}")
    yield from _work(cell, exact=not timed)
    yield from _watched(cell)


def _watched(cell: CellRecord) -> Iterator[Part]:
    """Yield what a cell had watched: the steps of its traces, and what its calls found and made."""
    for title, text in outlines(cell.captured):
        yield Part(title, normalise(text))


def _work(cell: CellRecord, *, exact: bool) -> Iterator[Part]:
    """Yield how often JAX traced and compiled each of the reader's functions, and for which types; those of its own.

    A clock decides how often in a timed cell; for which types, it does not.
    """
    work = COMPILATION.of(cell.captured)
    counts: dict[str, list[int]] = {}
    types: dict[str, list[Signature]] = defaultdict(list)
    for it in work.programs if work else ():
        done = (len(it.traced), len(it.failed), len(it.compiled) + len(it.loaded))
        name = " ".join(it.name.split()) or "(without a name)"
        counts[name] = [a + b for a, b in zip(counts.get(name, (0, 0, 0)), done, strict=True)]
        types[name] += it.types
    for name, times in counts.items():
        words = [f"{word} {count}" for word, count in zip(STEPS, times, strict=True) if count]
        if words:
            loose = "\n".join([COUNTED, *_types(types[name], counted=False)])
            text = "\n".join([", ".join(words), *_types(types[name], counted=True)])
            yield Part(f"jax {name}", text if exact else loose, loose)
    if work and work.dtypes:
        yield Part(OWN, ", ".join(work.dtypes))


def _types(signatures: Sequence[Signature], *, counted: bool) -> list[str]:
    """Return types a line each, and how often a function was traced for them where that tells them apart.

    What is folded has a digest of all that it stands for, so that no change is missed.
    """
    each = merged(signatures)
    lines = []
    for it in each:
        times = f" ({it.traced} times)" if counted and len(each) > 1 and it.traced > 1 else ""
        lines.append((it.short if it.short == it.text else f"{it.short} [{digest_of(it.text)}]") + times)
    shown, rest = folded(lines)
    return [*shown, *([f"… {len(rest)} more [{digest_of(' '.join(rest))}]"] if rest else [])]


def _shown(data: dict[str, object]) -> Iterator[Part]:
    """Yield the kinds of one displayed value: texts with their text, pictures by their presence."""
    if TIMING.is_in(data):
        return
    for mime in sorted(data):
        if mime.startswith("text/"):
            yield Part(mime, normalise(without_colour(_joined(data[mime]))))
        elif mime.startswith("image/"):
            yield Part(mime)


def _joined(text: object) -> str:
    return "".join(map(str, text)) if isinstance(text, Sequence) and not isinstance(text, str) else str(text)


def _live(value: LiveValue, *, shown: bool) -> Part:
    kind, form = (
        ("predict", value.format[len(PREDICT) :]) if value.format.startswith(PREDICT) else ("live", value.format)
    )
    role = f"{value.expression}:{form}" if form else value.expression
    exact = normalise(value.text if value.kind else _joined(value.data.get("text/plain", "")))
    loose = f"({value.kind or 'value'})"
    return Part(f"{kind} {role}", loose if shown or form in MEASURED else exact, loose)
