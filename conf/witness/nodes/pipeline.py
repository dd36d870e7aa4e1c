"""What JAX did with one function, as a picture: from its body to its result, what was made and what a cache had."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from witness.records.compilation import CompiledProgram
from witness.records.values import UNITS

STAGES = ("Python function", "jaxpr", "StableHLO", "executable", "result")
WIDTH, ROW, HALF, EDGE = 400, 68, 66, 18
"""Sizes in pixels: of the picture, from stage to stage, of half a stage, and from the edge to the first."""


def steps(program: CompiledProgram) -> list[tuple[str, str]]:
    """Return what leads from each stage to the next, and how often it was done and took; nothing where it was not."""
    made = [("trace", [*program.traced, *program.failed]), ("lower", program.lowered), ("compile", program.compiled)]
    return [*((name, _often(seconds)) for name, seconds in made), ("run", "")]


def caches(program: CompiledProgram) -> dict[str, tuple[str, str]]:
    """Return the caches by the stage that each keeps, with what it had and what was new to it."""
    traces = [f"found {program.found}×"] if program.found else []
    traces += [f"{len(program.traced)} new"] if program.traced else []
    later = program.lowered or program.compiled or program.loaded
    loaded = [f"{len(program.loaded)} from the folder"] if program.loaded else []
    compiled = [f"{len(program.compiled)} new"] if program.compiled else []
    return {
        STAGES[0]: ("call cache", "a call that it knows goes straight to run"),
        STAGES[1]: ("tracing cache", ", ".join(traces) or ("had it" if later else "nothing new")),
        STAGES[3]: ("compilation cache", ", ".join([*loaded, *compiled]) or "nothing new"),
    }


def told(program: CompiledProgram) -> str:
    """Return the picture in words.

    >>> told(CompiledProgram("f", compiled=[0.25], found=1))
    'f: trace, not done; lower, not done; compile 1× (250 ms). Tracing cache: found 1×. Compilation cache: 1 new.'
    """
    done = "; ".join(f"{name} {often}" if often else f"{name}, not done" for name, often in steps(program)[:-1])
    _, *kept = caches(program).values()
    return f"{program.name}: {done}. " + " ".join(f"{name.capitalize()}: {what}." for name, what in kept)


def svg(program: CompiledProgram, name: str) -> str:
    """Return the picture; ``name`` is what its parts are called in the page. Equal programs give equal bytes."""
    height = 2 * EDGE + ROW * (len(STAGES) - 1)
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img" '
        f'aria-labelledby="{name}-title" aria-describedby="{name}-desc" fill="currentColor" font-size="13">'
        f'<title id="{name}-title">{escape(f"What JAX did with {program.name}")}</title>'
        f'<desc id="{name}-desc">{escape(told(program))}</desc>'
        f"{''.join(_stages(program))}{''.join(_steps(steps(program)))}</svg>"
    )


def _stages(program: CompiledProgram) -> Iterator[str]:
    kept = caches(program)
    for row, stage in enumerate(STAGES):
        y = EDGE + ROW * row
        yield f'<rect x="1" y="{y - 13}" width="{2 * HALF}" height="26" rx="6" fill="none" stroke="currentColor"/>'
        yield f'<text x="{HALF + 1}" y="{y + 4}" text-anchor="middle">{escape(stage)}</text>'
        if stage in kept:
            yield f'<path d="M{2 * HALF + 2} {y}h14" stroke="currentColor" stroke-dasharray="2 2"/>'
            for line, text in enumerate(kept[stage]):
                weight = "" if line else ' font-weight="600"'
                yield f'<text x="{2 * HALF + 22}" y="{y - 2 + 15 * line}"{weight}>{escape(text)}</text>'


def _steps(done: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Yield the arrows: of what was not done they are broken, and say so."""
    for row, (name, often) in enumerate(done):
        y, left = EDGE + ROW * row + 14, name != "run" and not often
        dashes = ' stroke-dasharray="4 4"' if left else ""
        yield f'<path d="M{HALF} {y}v{ROW - 34}" stroke="currentColor" stroke-width="1.5"{dashes}/>'
        yield f'<path d="M{HALF} {y + ROW - 28}l-4 -8h8z"/>'
        text = f"{name}: not done" if left else f"{name} {often}".strip()
        yield f'<text x="{HALF + 10}" y="{y + 24}" font-style="italic">{escape(text)}</text>'


def _often(seconds: Sequence[float]) -> str:
    return f"{len(seconds)}× ({UNITS['time'](sum(seconds))})" if seconds else ""
