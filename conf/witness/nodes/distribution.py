"""The samples of a timing as a small picture, in the colour of the text around it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from witness.records.between import Between
from witness.records.digits import durations
from witness.records.timing import Timing

WIDTH, HEIGHT, EDGE, BINS = 320, 48, 4, 40
"""Sizes in pixels, and into how many columns the samples are sorted."""

FLOOR = 30
"""Where the columns stand."""


def svg(timing: Timing, others: Sequence[float], name: str) -> str:
    """Return the picture: a column for each interval of times, the median, its interval, other processes' medians.

    ``name`` is what its parts are called in the page; equal samples give equal bytes.

    Raises ValueError when a sample is no time.
    """
    if not all(math.isfinite(seconds) for seconds in [*timing.samples, *others]):
        raise ValueError("a sample that is no time")
    low, high = _range(timing, others)
    span = high - low

    def place(seconds: float) -> float:
        inside = min(max(seconds, low), high)
        return EDGE + (WIDTH - 2 * EDGE) * ((inside - low) / span if span else 0.5)

    least, most = timing.range
    between = Between((timing.median, *others)) if others else None
    figure = between.figure if between else timing.median
    interval = between.interval if between else timing.interval
    middle, first, last, least_shown, most_shown = durations([figure, low, high, least, most])
    of = " of the first process" if others else ""
    title = f"Distribution of {len(timing.samples)} samples{of}, from {least_shown} to {most_shown}"
    below, above = (sum(sample < low for sample in timing.samples), sum(sample > high for sample in timing.samples))
    first += f", {below} below" if below else ""
    last += f", {above} above" if above else ""
    whose = f"the {len(others) + 1} processes" if others else "this process"
    told = f"The median of {whose} is {middle}."
    if interval:
        told += f" A bar below marks its 95% interval {'between processes' if others else 'within this process'}."
    if others:
        told += " Triangles mark what each process found."
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="witness-distribution" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" role="img" aria-labelledby="{name}-title {name}-desc">',
        f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-desc">{escape(told)}</desc>',
        f'<path d="{_columns([place(sample) for sample in timing.samples])}" fill="currentColor" opacity="0.45"/>',
        f'<path d="M{EDGE} {FLOOR}.5H{WIDTH - EDGE}" stroke="currentColor" opacity="0.6"/>',
    ]
    if interval:
        left, right = (place(seconds) for seconds in interval)
        parts.append(
            f'<path d="M{left - 0.75:.1f} {FLOOR + 2.5}H{right + 0.75:.1f}" stroke="currentColor" stroke-width="3"/>'
        )
    parts.append(f'<path d="M{place(figure):.1f} 2V{FLOOR}" stroke="currentColor" stroke-width="1.5"/>')
    marks = "".join(f"M{place(other):.1f} 1l-3 -0l3 6l3 -6z" for other in (between.found if between else ()))
    if marks:
        parts.append(f'<path d="{marks}" fill="currentColor"/>')
    text = f'font-size="12" fill="currentColor" y="{HEIGHT - 3}"'
    parts += [
        f'<text x="{EDGE}" {text}>{escape(first)}</text>',
        f'<text x="{WIDTH - EDGE}" text-anchor="end" {text}>{escape(last)}</text>',
    ]
    return "".join(parts) + "</svg>"


def _range(timing: Timing, others: Sequence[float]) -> tuple[float, float]:
    """Return from where to where the picture goes: a few samples far away are told of in words, not to scale."""
    low, high = timing.quartiles
    far = 3 * (high - low)
    least, most = timing.range
    interval = Between((timing.median, *others)).interval if others else timing.interval
    inside = [*others, *(interval or ()), timing.median]
    return min(*inside, max(least, low - far)), max(*inside, min(most, high + far))


def _columns(places: Sequence[float]) -> str:
    step = (WIDTH - 2 * EDGE) / BINS
    counts = [0] * BINS
    for place in places:
        counts[min(BINS - 1, int((place - EDGE) / step))] += 1
    most = max(counts)
    return "".join(
        f"M{EDGE + number * step:.1f} {FLOOR}v{-(FLOOR - 4) * count / most:.1f}h{step - 1:.1f}V{FLOOR}z"
        for number, count in enumerate(counts)
        if count
    )
