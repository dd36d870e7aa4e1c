"""The picture of a page where it is shared: its title, what it asks, and the first evidence that its cells gave."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten, wrap
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from sphinx.application import Sphinx

from theme import sentences
from witness.lexers.printed import split
from witness.records.digits import duration
from witness.records.kinds import IR, TIMING
from witness.records.page_record import PageRecord
from witness.sphinx.env_state import record_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FOLDER = "_images/cards"
LAVENDER = ("#7a5fd8", "#f6f3fe")
GROUNDS = {
    "jaxpr": LAVENDER,
    "stablehlo": LAVENDER,
    "hlo": LAVENDER,
    "time": ("#0b8068", "#eef8f5"),
    "error": ("#c2321f", "#fdf3f1"),
}
VIOLET, INK, MUTED = "#5b3fc4", "#1b2330", "#586374"
PLAIN = ("#7d8999", "#f5f7fa")
LINES, COLUMNS = 8, 76


@dataclass(frozen=True)
class Evidence:
    """What a cell gave, of one kind: lines of text, or samples."""

    kind: str
    lines: tuple[str, ...]
    samples: tuple[float, ...] = ()


def evidence(record: PageRecord | None) -> Evidence:
    """Return the first IR, time or error of a page, or else the first text that it prints."""
    found = [*all_evidence(record)] if record else []
    return next((it for it in found if it.kind != "output"), found[0] if found else Evidence("output", ()))


def all_evidence(record: PageRecord) -> Iterator[Evidence]:
    """Yield what the cells of a page gave, in their order."""
    for cell in record.cells:
        for output in cell.outputs:
            data = output.get("data", {})
            if timing := TIMING.of(data):
                yield Evidence("time", (f"{duration(timing.median)} a call",), tuple(timing.samples))
            elif found := IR.of(data):
                yield Evidence("jaxpr", _cut(found.text))
            elif output["output_type"] == "error":
                said = "\n".join(wrap(" ".join(output["evalue"].split()), COLUMNS))
                yield Evidence("error", _cut(f"{output['ename']}\n{said}"))
            elif text := output.get("text") or data.get("text/plain"):
                part = next((it for it in split(str(text)) if it.language), None)
                kind, words = (str(part.language), part.text) if part else ("output", str(text))
                yield Evidence(kind, _cut(words))


def _cut(text: str) -> tuple[str, ...]:
    return tuple(line[:COLUMNS] for line in text.strip("\n").splitlines()[:LINES])


def card(app: Sphinx, page: str) -> str:
    """Return the address of a page's card, drawn unless there is the same one already."""
    title, asks = app.env.titles[page].astext(), sentences.of(app.env).get(page, "")
    shown = evidence(record_of(app.env, page))
    digest = hashlib.sha256(repr((title, asks, shown, app.config.html_title)).encode()).hexdigest()[:10]
    stem = page.replace("/", "-")
    path = Path(app.outdir, FOLDER, f"{stem}.{digest}.png")
    if not path.exists():
        for old in path.parent.glob(f"{stem}.*.png"):
            old.unlink()
        draw(path, app.config.html_title, title, asks, shown)
    return urljoin(str(app.config.html_baseurl), f"{FOLDER}/{path.name}")


def draw(path: Path, book: str, title: str, asks: str, shown: Evidence) -> None:
    """Draw a card: the same bytes from the same words and samples."""
    with sheet(path, 12, 6.3) as figure:
        figure.text(0.05, 0.93, book, size=18, color=VIOLET, weight="bold", va="top")
        head = "\n".join(wrap(title, 46)[:2])
        figure.text(0.05, 0.855, head, size=29, color=INK, weight="bold", va="top", linespacing=1.15)
        below = 0.855 - 0.085 * (1 + head.count("\n"))
        told = "\n".join(wrap(shorten(asks, 150, placeholder=" …"), 88)[:2])
        figure.text(0.05, below, told, size=16, color=MUTED, va="top")
        panel(figure, (0.05, 0.06, 0.9, 0.43), shown)


@contextmanager
def sheet(path: Path, width: float, height: float) -> Iterator[Figure]:
    """Open a sheet to draw on, and keep it as a picture."""
    from matplotlib import rc_context  # a second that only a site with an address takes, and a book
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with rc_context({"font.family": "DejaVu Sans", "text.parse_math": False}):
        figure = Figure(figsize=(width, height), dpi=100, facecolor="white")
        FigureCanvasAgg(figure)
        yield figure
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, metadata={"Software": None})


def panel(figure: Figure, box: tuple[float, float, float, float], shown: Evidence, size: float = 16) -> None:
    """Draw what a cell gave, as pages show its kind."""
    edge, ground = GROUNDS.get(shown.kind, PLAIN)
    axes = figure.add_axes(box, facecolor=ground)
    axes.set(xticks=[], yticks=[], xlim=(0, 1), ylim=(0, 1))
    for name, spine in axes.spines.items():
        spine.set(visible=name == "left", linewidth=6, color=edge)
    axes.text(0.985, 0.95, shown.kind, size=0.9 * size, color=edge, weight="bold", ha="right", va="top")
    mono: dict[str, Any] = (
        {"size": 1.9 * size, "weight": "bold"} if shown.samples else {"size": size, "family": "DejaVu Sans Mono"}
    )
    axes.text(0.025, 0.93, "\n".join(shown.lines), color=INK, va="top", linespacing=1.45, **mono)
    if len(shown.samples) > 1:
        inner = axes.inset_axes((0.025, 0.06, 0.95, 0.55))
        ordered = sorted(shown.samples)
        inner.hist(ordered, bins=60, range=(ordered[0], ordered[int(0.97 * (len(ordered) - 1))] or 1), color=edge)
        inner.axis("off")
