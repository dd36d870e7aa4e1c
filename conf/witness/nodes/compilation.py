"""The strip under a cell: what JAX did there, what it left in memory, which timings were taken without a word.

One line each; details folded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from docutils import nodes

from witness.nodes.fold import fold
from witness.nodes.memory import details, strip
from witness.nodes.text import amount
from witness.records.compilation import Compilation, CompiledProgram
from witness.records.kinds import COMPILATION, MEMORY, TIMINGS, falsified
from witness.records.page_record import CellRecord, Replicate
from witness.records.replicate import line, medians
from witness.records.signature import Signature, folded
from witness.records.timing import Timing
from witness.records.values import UNITS

CLASSES = ["witness-strip", "no-search"]

KINDS = {
    "execution": "of execution",
    "dispatch": "of dispatch only",
    "unknown": "of which it cannot be told whether results were awaited",
    "none": "without JAX",
}


MEANING = (
    "Tracing runs a function's body with tracers for arguments: a call with new types does so, and so do make_jaxpr "
    "and lower. Lowering translates the trace to StableHLO, and compiling makes a program for the device of it. The "
    "time of a jitted function inside another, or of a loop's body, is in that of what is around it; of a jitted "
    "function that is differentiated or vectorised from outside JAX tells no time for tracing. The types are those of "
    "what a function takes and, after the arrow, of what it returns; ~ marks a weak one, which a Python number has."
)


def strips(
    cell: CellRecord,
    replicates: Sequence[Replicate],
    *,
    explained: bool = False,
    spoken: bool = True,
    checked: bool = False,
    memory: bool = True,
) -> list[nodes.Element]:
    """Return what stands under a cell: nothing where there is nothing to tell.

    Args:
        cell: What the cell did.
        replicates: The other runs of its page.
        explained: Whether the page has said already what the words mean.
        spoken: Whether the page speaks of compiling there. Elsewhere the line is quiet, and so it is where
            JAX made programs of its own only; these are not told of where the page speaks of something else.
        checked: Whether asserts end the cell; what they alone had JAX make is not told.
        memory: Whether the page speaks of memory there. Elsewhere what devices hold is a detail of what JAX did.
    """
    held = MEMORY.of(cell.captured)
    work, timed = COMPILATION.of(cell.captured), TIMINGS.of(cell.captured)
    quiet = [timing for timing in timed if timing.quiet]
    found: list[nodes.Element] = []
    if (told := falsified(cell.captured)) and not timed:  # a timing tells them by itself
        marks = [nodes.inline("", text, classes=["witness-mark"]) for text in told]
        spaced = [node for mark in marks for node in (nodes.Text(" "), mark)]
        found.append(nodes.paragraph("", "While the clock ran:", *spaced, classes=CLASSES))
    if work and (work.programs or work.lost or (spoken and not checked)):
        line = replace(work, own=CompiledProgram("")).line or work.line
        classes = CLASSES if spoken and work.programs else [*CLASSES, "witness-quiet"]
        more = details(held) if held and not memory else []
        found.append(fold("", *_details(work, explained, checked), *more, summary=f"JAX: {line}", classes=classes))
    if held and memory:
        found.append(strip(held, CLASSES))
    if quiet:
        others = [medians(replicates, cell.number, True, place, it.statement) for place, it in enumerate(quiet)]
        items = [
            nodes.list_item("", nodes.paragraph("", "", *_timed(*pair))) for pair in zip(quiet, others, strict=True)
        ]
        found.append(fold("", nodes.bullet_list("", *items), summary=quietly(quiet), classes=CLASSES))
    return found


def quietly(quiet: list[Timing]) -> str:
    """Return in one line that timings were taken which printed nothing."""
    kinds = Counter(timing.kind for timing in quiet)
    told = ", ".join(f"{count} {KINDS[kind]}" if len(kinds) > 1 else KINDS[kind] for kind, count in kinds.items())
    marked = sum(bool(timing.marks) for timing in quiet)
    return f"{amount(len(quiet), 'quiet timing')}: {told}" + (f"; {marked} to be read with care" if marked else "")


def _timed(timing: Timing, others: Sequence[float]) -> Iterator[nodes.Node]:
    yield nodes.literal(timing.statement, timing.statement)
    yield nodes.Text(f": {line(timing, others)}")


def _details(work: Compilation, explained: bool, checked: bool) -> list[nodes.Element]:
    items = []
    for program in work.programs:
        items.append(nodes.list_item("", *_program(program)))
    if work.own.seconds and not checked:
        whose = ", ".join(["JAX's own programs, most of them of one operation", *_worked_on(work.dtypes)])
        steps = nodes.Text(f"{whose}: {'; '.join(_steps(work.own))}.")
        items.append(nodes.list_item("", nodes.paragraph("", "", steps)))
    if len(items) > 1:
        items.append(nodes.list_item("", nodes.paragraph("", f"Together: {UNITS['time'](work.seconds)}.")))
    return [nodes.bullet_list("", *items), *([] if explained else [nodes.paragraph("", MEANING)])]


def _program(program: CompiledProgram) -> Iterator[nodes.Element]:
    """Yield what was done with a function, and for which types: one in the same line, several in a list."""
    shown, rest = folded(program.types)
    alone = len(shown) == 1
    steps = f": {'; '.join(_steps(program))}{', for ' if alone else '; for' if shown else '.'}"
    line = nodes.paragraph("", "", nodes.literal("", program.name), nodes.Text(steps))
    if alone:
        line += [_types(shown[0]), nodes.Text(".")]
    yield line
    if len(shown) > 1:
        items = [nodes.paragraph("", "", _types(it), *_again(it)) for it in shown]
        items += [nodes.paragraph("", f"{len(rest)} more.")] if rest else []
        yield nodes.bullet_list("", *(nodes.list_item("", item) for item in items))


def _types(signature: Signature) -> nodes.literal:
    return nodes.literal("", signature.short)


def _again(signature: Signature) -> Iterator[nodes.Node]:
    if signature.traced > 1:
        yield nodes.Text(f", {signature.traced} times")


def _worked_on(dtypes: Sequence[str]) -> Iterator[str]:
    if dtypes:
        yield f"on {' and '.join(filter(None, [', '.join(dtypes[:-1]), dtypes[-1]]))}"


def _steps(program: CompiledProgram) -> Iterator[str]:
    for done, seconds in (
        ("traced", program.traced),
        ("traced up to an error", program.failed),
        ("lowered", program.lowered),
        ("compiled", program.compiled),
        ("loaded from the compilation cache", program.loaded),
    ):
        if seconds:
            yield f"{done} {amount(len(seconds), 'time')}, {UNITS['time'](sum(seconds))}"
    if program.found:
        yield f"asked for {amount(program.found, 'time')} while its trace was there already"
