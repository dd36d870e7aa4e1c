"""What a figure of matplotlib's shows, in words made from its own data: for those who cannot see it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

MAX_TEXT_CHARACTERS = 1500
"""Characters of a description."""

SERIES, MARKS = 8, 20
"""How many lines of one panel are described, and how many bars or labels named."""


def install(shell: Any) -> None:
    """Have each figure that a shell displays described in the metadata of its pictures; matplotlib is not imported."""
    formatter = shell.display_formatter
    stock = formatter.format

    def described(shown: Any, *arguments: Any, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        data, metadata = stock(shown, *arguments, **options)
        pictures = [kind for kind in data if kind.startswith("image/")]
        if pictures and any(
            (it.__module__, it.__name__) == ("matplotlib.figure", "Figure") for it in type(shown).__mro__
        ):
            try:
                told = description(shown)
            except Exception:  # another matplotlib, artists of another's: the picture is there anyhow
                told = ""
            for kind in pictures if told else ():
                metadata.setdefault(kind, {}).setdefault("alt", told)
        return data, metadata

    formatter.format = described


def description(figure: Any) -> str:
    """Return what a figure shows: each panel's titles, axes with their ranges, and what is drawn in it."""
    panels = [axes for axes in figure.axes if axes.get_visible() and axes.get_label() != "<colorbar>"]
    title = _words(figure.get_suptitle() if hasattr(figure, "get_suptitle") else "")
    parts = [f"{title}."] if title else []
    for number, axes in enumerate(panels, 1):
        head = f"Panel {number} of {len(panels)}: " if len(panels) > 1 else ""
        parts.append(head + " ".join(_panel(axes)))
    told = " ".join(parts)
    return told if len(told) <= MAX_TEXT_CHARACTERS else f"{told[: MAX_TEXT_CHARACTERS - 1].rpartition(' ')[0]} …"


def _panel(axes: Any) -> Iterator[str]:
    if title := _words(axes.get_title()):
        yield f"{title}."
    diagram = bool(axes.texts) and not axes.axison  # of which the lines are arrows and frames
    drawn = [] if diagram else [*_lines(axes), *_points(axes), *_bars(axes), *_images(axes)]
    if axes.axison:
        ranges = (
            f"{_named(axis, name)} from {_place(axis, low)} to {_place(axis, high)}"
            for axis, name, low, high in _axes(axes)
        )
        yield f"{' against '.join([*ranges][::-1])}."
    yield from drawn[:SERIES]
    if len(drawn) > SERIES:
        yield f"And {len(drawn) - SERIES} more."
    texts = [text for it in axes.texts if (text := _words(it.get_text()))]
    if texts:
        yield f"Labels: {'; '.join(texts[:MARKS])}{' …' if len(texts) > MARKS else ''}."


def _axes(axes: Any) -> list[tuple[Any, str, float, float]]:
    return [(axes.xaxis, "x", *axes.get_xlim()), (axes.yaxis, "y", *axes.get_ylim())]


def _named(axis: Any, name: str) -> str:
    label = _words(axis.get_label_text())
    scale = axis.get_scale()
    return f"{label or name}{'' if scale == 'linear' else f' ({scale} scale)'},"


def _lines(axes: Any) -> Iterator[str]:
    """Yield each line: where it begins and ends, and its extremes between."""
    for line in axes.lines:
        pairs = _finite(line.get_xdata(orig=False), line.get_ydata(orig=False))
        if not pairs or not line.get_visible():
            continue
        name, points = _label(line, "A line"), len(pairs)
        if line.get_transform() == axes.get_yaxis_transform():
            yield f"{name}: horizontal, at {_place(axes.yaxis, pairs[0][1])}."
        elif line.get_transform() == axes.get_xaxis_transform():
            yield f"{name}: vertical, at {_place(axes.xaxis, pairs[0][0])}."
        elif points == 1:
            yield f"{name}: a point at {_at(axes, pairs[0])}."
        else:
            ends = f"from {_at(axes, pairs[0])} to {_at(axes, pairs[-1])}"
            yield f"{name}: {points} points, {ends}{_extremes(axes, pairs)}."


def _at(axes: Any, pair: tuple[float, float]) -> str:
    return f"{_place(axes.yaxis, pair[1])} at {_place(axes.xaxis, pair[0])}"


def _extremes(axes: Any, pairs: Sequence[tuple[float, float]]) -> str:
    ends = (pairs[0][1], pairs[-1][1])
    low, high = (choose(pairs, key=lambda pair: pair[1]) for choose in (min, max))
    told = [f"lowest {_at(axes, low)}"] * (low[1] < min(ends)) + [f"highest {_at(axes, high)}"] * (high[1] > max(ends))
    if not told:
        steps = [after[1] - before[1] for before, after in pairwise(pairs)]
        falls, rises = min(steps) < 0, max(steps) > 0
        told = [] if falls and rises else ["never rising" if falls else "never falling" if rises else "constant"]
    return "".join(f", {it}" for it in told)


def _points(axes: Any) -> Iterator[str]:
    """Yield each scatter, and each area that is filled."""
    for group in axes.collections:
        kind = type(group).__name__
        places = list(group.get_offsets()) if kind == "PathCollection" else []
        pairs = _finite(*zip(*places, strict=True)) if places else []
        if len(pairs) == 1:
            yield f"{_label(group, 'A dot')}: a point at {_at(axes, pairs[0])}."
        elif pairs:
            low, high = ([choose(values) for values in zip(*pairs, strict=True)] for choose in (min, max))
            between = f"between {_at(axes, tuple(low))} and {_at(axes, tuple(high))}"
            yield f"{_label(group, 'Dots')}: {len(pairs)} points, {between}."
        elif kind in ("PolyCollection", "FillBetweenPolyCollection"):
            yield f"{_label(group, 'An area')}: filled."


def _bars(axes: Any) -> Iterator[str]:
    """Yield each group of bars, with their names and lengths."""
    for group in axes.containers:
        if type(group).__name__ != "BarContainer":
            continue
        upright = group.orientation != "horizontal"
        axis, other = (axes.xaxis, axes.yaxis) if upright else (axes.yaxis, axes.xaxis)
        ticks = {
            round(float(tick), 6): _words(it.get_text())
            for tick, it in zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=False)
        }
        told = []
        for bar in group[:MARKS]:
            middle = bar.get_x() + bar.get_width() / 2 if upright else bar.get_y() + bar.get_height() / 2
            length = bar.get_height() if upright else bar.get_width()
            told.append(f"{ticks.get(round(middle, 6)) or _place(axis, middle)} {_place(other, length)}")
        more = [f"{len(group) - MARKS} more"] if len(group) > MARKS else []
        yield f"{_label(group, 'Bars')}: {', '.join([*told, *more])}."


def _images(axes: Any) -> Iterator[str]:
    for image in axes.images:
        data = image.get_array()
        rows, columns = data.shape[:2]
        values = f", values from {_number(float(data.min()))} to {_number(float(data.max()))}" if data.ndim == 2 else ""
        yield f"An image of {rows} by {columns}{values}."


def _finite(xs: Any, ys: Any) -> list[tuple[float, float]]:
    pairs = [(float(x), float(y)) for x, y in zip(xs, ys, strict=True)]
    return [pair for pair in pairs if all(map(math.isfinite, pair))]


def _label(artist: Any, without: str) -> str:
    label = _words(artist.get_label() or "")
    return without if not label or label.startswith("_") else label


def _place(axis: Any, value: float) -> str:
    """Return a place on an axis: a number, or what the axis calls it where it has names or dates."""
    formatter = axis.get_major_formatter()
    if type(formatter).__name__ in (
        "StrCategoryFormatter",
        "AutoDateFormatter",
        "ConciseDateFormatter",
        "DateFormatter",
    ):
        return _words(str(formatter(value, 0))) or _number(value)
    return _number(value)


def _number(value: float) -> str:
    """Return three significant digits.

    >>> _number(0.0000123), _number(1234567.0), _number(0.5)
    ('1.23e-5', '1.23e6', '0.5')
    """
    mantissa, letter, exponent = f"{value:.3g}".partition("e")
    return f"{mantissa}e{int(exponent)}" if letter else mantissa


def _words(text: str) -> str:
    return " ".join(text.replace("$", "").split())
