"""What a lens says of cost: the whole program, op by op and compiled, and each kernel."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from witness.lens.panes import Names, lines_of
from witness.lens.span_links import Links
from witness.records.lens import CompiledKernel, Cost, Lens
from witness.records.values import UNITS


def costs(lens: Lens, links: Links, shown: Names) -> Iterator[str]:
    """Yield the paragraphs and the table of a compiled function."""
    if lens.compiled:
        for sentence in _whole(lens, lens.compiled):
            yield f"<p>{escape(sentence)}</p>"
    if lens.kernels:
        files = {place.file for place in links.places}
        named = shown if len(files) > 1 else lambda _: ""
        rows = "".join(_row(number, it, links, named) for number, it in enumerate(lens.kernels))
        amount = "1 kernel" if len(lens.kernels) == 1 else f"{len(lens.kernels)} kernels"
        yield (
            f'<details class="lens-kernels"><summary>{amount}: what was fused, from which lines, at what cost</summary>'
            '<div class="lens-table" role="group" tabindex="0" aria-label="Kernels"><table><thead><tr>'
            '<th scope="col">Kernel</th><th scope="col">What</th><th scope="col">From lines</th>'
            '<th scope="col">Instructions</th><th scope="col">Flops</th><th scope="col">Bytes</th>'
            f'<th scope="col">Runs</th></tr></thead><tbody>{rows}</tbody></table></div>'
            f"<p>{escape(KERNELS)}</p></details>"
        )


KERNELS = (
    "A kernel is what the program calls as one. Its flops are counted from its instructions by XLA's rules, its bytes "
    "are the sizes of its operands and of its result, for one run; – stands for what the text of the program does not "
    "tell, as in code of another library."
)


def _whole(lens: Lens, compiled: Cost) -> Iterator[str]:
    parts = [_flops(compiled)] if compiled.flops is not None else []
    parts += [f"{UNITS['bytes'](compiled.bytes)} of memory traffic"] if compiled.bytes is not None else []
    if parts:
        yield f"Compiled, by XLA's own analysis: {', '.join(parts)}."
    if lens.apart and lens.apart.bytes is not None:
        apart = [_flops(lens.apart)] if lens.apart.flops is not None else []
        apart.append(f"{UNITS['bytes'](lens.apart.bytes)} of memory traffic")
        ratio = f", {lens.apart.bytes / compiled.bytes:.1f} times the compiled" if compiled.bytes else ""
        equations = "the one equation" if lens.equations == 1 else f"each of the {lens.equations} equations"
        yield (
            f"Op by op, if {equations} read its operands from memory and wrote its results there: "
            f"{', '.join(apart)}{ratio}."
        )
    if lens.loops:
        loops = ", ".join(dict.fromkeys(lens.loops))
        yield f"Both hold the body of a loop once, however often it runs, so they are too low here: there is {loops}."


def _flops(cost: Cost) -> str:
    more = f" and {_number(cost.transcendentals)} transcendental functions" if cost.transcendentals else ""
    return f"{_number(cost.flops)} flops{more}"


def _row(number: int, it: CompiledKernel, links: Links, shown: Names) -> str:
    where = lines_of(links.of_kernel(number), shown)
    cells = [
        f'<th scope="row"><code>{escape(it.name)}</code></th>',
        f"<td>{escape(it.what)}</td>",
        f"<td>{escape(where) or '–'}</td>",
        *(f'<td class="lens-number">{text}</td>' for text in (it.operations, _number(it.flops), _number(it.bytes))),
        f'<td class="lens-number">{"–" if it.times is None else it.times}</td>',
    ]
    return f'<tr data-kernel="{number}">{"".join(cells)}</tr>'


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"
