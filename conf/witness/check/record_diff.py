"""The comparison of two records of one page: cell by cell, what changed from one environment to the other, and how."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from witness.bundle.comparison import Change, Changed, Comparison, Kind
from witness.check.evidence import Evidence
from witness.check.matching import matched
from witness.check.transcript import OWN, Part
from witness.check.unstable import hlo
from witness.records.count import counted
from witness.records.digits import significant
from witness.records.ratio import expected, resolution

IR = re.compile(r"^\s*\{ lambda |^module @|^func\.func |\blet$|\bstablehlo\.", re.MULTILINE)
FIRST = re.compile(r"(?P<word>error|timing|jax|live) ")


def diff_cells(page: str, before: Sequence[Evidence], after: Sequence[Evidence]) -> Iterator[Changed]:
    """Yield the cells of a page that did something else, with what changed."""
    for i, j in matched([it.known for it in before], [it.known for it in after]):
        old, new = (None if i is None else before[i]), (None if j is None else after[j])
        here = new or old
        assert here is not None
        if changes := [*_changes(old.parts if old else (), new.parts if new else (), here.rtol)]:
            yield Changed(page, here.number, here.line, here.title, changes)


def _changes(before: Sequence[Part], after: Sequence[Part], rtol: float | None) -> Iterator[Change]:
    old, new = _numbered(before), _numbered(after)
    for key in dict.fromkeys([*old, *new]):
        a, b = old.get(key), new.get(key)
        if a and b and (a.allows(b, rtol) or b.allows(a, rtol)):
            continue
        yield Change(_kind(a, b), key[0], _said(a), _said(b))


def _numbered(parts: Sequence[Part]) -> dict[tuple[str, int], Part]:
    """Return parts by what they are: an error and a timing are known by that alone, whatever their class or kind."""
    found: dict[tuple[str, int], Part] = {}
    for part in parts:
        first = FIRST.match(part.kind)
        name = first["word"] if first and first["word"] in ("error", "timing") else part.kind
        found[name, sum(key[0] == name for key in found)] = part
    return found


def _kind(before: Part | None, after: Part | None) -> Kind:
    part = before or after
    assert part is not None
    first = FIRST.match(part.kind)
    if first and first["word"] == "jax":
        counts = {it.text.split("\n")[0] if it else "" for it in (before, after)}
        return "types" if part.kind == OWN or len(counts) == 1 else "count"
    if first:
        kinds: dict[str, Kind] = {"error": "error", "timing": "timing", "live": "live"}
        return kinds[first["word"]]
    if part.kind.startswith("image/"):
        return "figure"
    return "IR" if IR.search(part.text) or hlo(part.text) else "text"


def _said(part: Part | None) -> str | None:
    """Return a part's text, an error's with its class, a timing's kind."""
    if part is None:
        return None
    first = FIRST.match(part.kind)
    head = part.kind[first.end() :] if first and first["word"] in ("error", "timing") else ""
    return ": ".join(text for text in (head, part.text) if text)


def to_text(before: str, after: str, pages: Mapping[str, str], changed: Sequence[Changed]) -> str:
    """Return a comparison as a person reads it; ``pages`` are those that were compared, each with its path."""
    does = f"{counted(len(changed), 'cell')} {'does' if len(changed) == 1 else 'do'} something else"
    lines = [f"{before} → {after}: {does}, of {counted(len(pages), 'page')} compared"]
    for cell in changed:
        lines += ["", f"{pages[cell.page]}:{cell.line}: cell {cell.cell}: {cell.title}"]
        for change in cell.changes:
            lines.append(f"  {change.kind}: {change.what}")
            lines += [f"    {line}".rstrip() for line in change.diff.split("\n") if not line.startswith("@@")]
    return "\n".join(lines) + "\n"


def times_to_text(found: Comparison, paths: Mapping[str, str]) -> str:
    """Return which figures changed beyond chance as a person reads it; nothing where no environment had its turns."""
    lines: list[str] = []
    for before, after in found.steps if found.rounds > 1 else []:
        ratios = found.ratios(before, after)
        changed = [(figure, ratio) for figure, ratio in ratios if ratio.changed]
        names = " → ".join(f"JAX {found.environments[place].jax}" for place in (before, after))
        told = f"{counted(len(changed), 'figure')} of {len(ratios)} changed"
        wide = resolution([ratio for _, ratio in ratios])
        fine = f"; half of the intervals reach {significant(wide)}× either way, or less" if wide else ""
        lines += ["", f"{names}: {told}; chance alone makes {expected(len(ratios))} at most{fine}"]
        for figure, ratio in changed:
            what = f"{paths[figure.page]}:{figure.line}: cell {figure.cell}: {figure.code}"
            lines += [f"  {what}", f"    {figure.text(before)} → {figure.text(after)}: {ratio.text}"]
    return "".join(f"{line}\n" for line in lines)
