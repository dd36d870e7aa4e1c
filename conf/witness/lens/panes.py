"""The panes of a lens: the source and each stage, line by line, with their parts as elements that a script links."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from html import escape

from pygments.lexers.python import PythonLexer
from pygments.token import STANDARD_TYPES, Name, Number, Operator, Punctuation, Text, Whitespace, _TokenType

from witness.lens.span_links import Links, parts, segments
from witness.lexers import KERNEL_LEXERS, LEXERS
from witness.records.ir import KERNEL_LANGUAGES, Ir, Place
from witness.records.lens import Lens, Source

TITLES = {"jaxpr": "Jaxpr", "stablehlo": "StableHLO", "hlo": "Optimised HLO", "llvm": "LLVM IR", "ptx": "PTX"}
WORDS = {
    "jaxpr": "equations",
    "stablehlo": "operations",
    "hlo": "instructions with metadata",
    **dict.fromkeys(KERNEL_LANGUAGES, "functions"),
}

ALL_LEXERS = {**LEXERS, **KERNEL_LEXERS}

PLAIN = (Operator, Punctuation, Text, Whitespace, Number.Integer, Name, Name.Variable, Name.Label)
"""Kinds of token that look like text: without an element of their own a lens weighs half as much."""

COLOURED = 1500
"""Lines up to which a pane is highlighted."""

LONG, CHUNK = 200, 50
"""Lines of a pane from which it is made of chunks, and of a chunk."""

STRING = r'"(?:[^"\\\n]|\\.)*"'
METADATA = re.compile(rf", metadata=\{{(?:[^{{}}\"\n]|{STRING}|\{{[^{{}}\n]*\}})*\}}")
COMPUTATION = re.compile(r"(?:ENTRY )?%?[\w.-]+ \(.*\{$")

Names = Callable[[str], str]
"""Gives the name that readers have for a file."""

Token = tuple[str, str]
"""Class and text."""


def panes(lens: Lens, links: Links, shown: Names) -> Iterator[str]:
    """Yield the HTML of each pane."""
    assert links.operations is not None  # numbers the places
    yield source_pane(lens.sources, links.places, shown)
    for stage in lens.stages:
        yield stage_pane(stage, share(stage))


def source_pane(
    sources: Sequence[Source], places: Mapping[Place, int], shown: Names, never: Collection[int] = ()
) -> str:
    """Return the pane of the source; places that are ``never`` reached are marked so."""
    return _pane("Source", "", "".join(_source(it, places, shown, never) for it in sources) or NO_SOURCE)


def stage_pane(stage: Ir, said: str) -> str:
    """Return the pane of a stage, with what is said of it."""
    return _pane(TITLES[stage.language], said, _stage(stage), "lens-code" if stage.language in KERNEL_LANGUAGES else "")


def share(stage: Ir) -> str:
    """Return in words how much of a stage is mapped."""
    mapped, counted = stage.share
    if not counted:
        return "nothing is mapped: its places are not known"
    silent = sum(not it.counted for it in stage.operations) if stage.language == "hlo" else 0
    more = f", {silent} carry none" if silent else ""
    return f"{mapped} of {counted} {WORDS[stage.language]} mapped{more}"


NO_SOURCE = "<p>There is no source to show: no file of the program can be read.</p>"


def _pane(title: str, share: str, body: str, kind: str = "") -> str:
    said = f" <span>{escape(share)}</span>" if share else ""
    return (
        f'<div class="{" ".join(filter(None, ["lens-pane", kind]))}"><p class="lens-head"><b>{title}</b>{said}</p>'
        f'<div class="lens-text" role="group" tabindex="0" aria-label="{escape(f"{title}. {share}".strip())}">{body}'
        "</div></div>"
    )


def _source(source: Source, places: Mapping[Place, int], shown: Names, never: Collection[int]) -> str:
    name = escape(shown(source.file))
    if not source.text:
        return f"<p>{name}: its source cannot be read.</p>"
    covered = segments(source, places)
    lines = []
    for number, tokens in enumerate(_lines(source.text, PythonLexer(stripnl=False, ensurenl=False)), source.line):
        parts = covered.get(number, [])
        inside = [(start, end, _held(held, never)) for start, end, held in parts]
        out = bool(parts) and all(set(held) & set(never) for _, _, held in parts)
        lines.append(_line(tokens, inside, f"{UNREACHED}{number}" if out else str(number)))
    return f"<p>{name}</p>{_pre(lines)}"


UNREACHED = "✕"
"""Stands before a line that a trace never came to."""


def _held(places: list[int], never: Collection[int]) -> str:
    numbers = f"data-p={places[0]}" if len(places) == 1 else f'data-p="{" ".join(map(str, places))}"'
    return f"{numbers} class=steps-never" if set(places) & set(never) else numbers


def _stage(stage: Ir) -> str:
    lines = visible(stage)
    inside = parts(stage, {number: shown for shown, (number, _) in enumerate(lines)})
    text = "\n".join(line for _, line in lines)
    lexer = ALL_LEXERS[stage.language](stripnl=False, ensurenl=False) if len(lines) <= COLOURED else None
    begun: set[int] = set()
    written = []
    for shown, tokens in enumerate(_lines(text, lexer)):
        held = inside.get(shown, [])
        gutter = next((_gutter(stage, number) for _, _, number in held if number not in begun), "")
        begun.update(number for _, _, number in held)
        written.append(_line(tokens, [(start, end, f"data-o={number}") for start, end, number in held], gutter))
    return _pre(written)


def _gutter(stage: Ir, number: int) -> str:
    """Return the line that an operation is from."""
    it = stage.operations[number]
    lines = sorted({stage.places[place].line for place in it.places})
    if not lines:
        return "–"
    return ("↳" if it.inherited else "") + str(lines[0]) + ("…" if len(lines) > 1 else "")


def visible(stage: Ir) -> list[tuple[int, str]]:
    """Return the lines of a stage that a lens shows, each with its number: of HLO the computations."""
    lines = list(enumerate(stage.text.rstrip("\n").split("\n"), 1))
    if stage.language != "hlo":
        return lines
    first = next((place for place, (_, line) in enumerate(lines) if COMPUTATION.match(line)), 0)
    return [(number, METADATA.sub("", line)) for number, line in lines[first:]]


def _pre(lines: list[str]) -> str:
    """Return lines as one text; of a long one a browser draws only the parts in view."""
    if len(lines) > LONG:
        chunks = ("".join(lines[at : at + CHUNK]) for at in range(0, len(lines), CHUNK))
        lines = [f"<span class=lens-chunk>{chunk}</span>" for chunk in chunks]
    return f'<pre class="highlight">{"".join(lines)}</pre>'


def _line(tokens: list[Token], parts: list[tuple[int, int, str]], gutter: str) -> str:
    """Return a line, its parts elements; ``parts`` do not overlap."""
    text = "".join(value for _, value in tokens)
    indent = len(text) - len(text.lstrip(" "))
    body, at = "", 0
    for start, end, attribute in parts:
        start, end = max(start, at), min(end, len(text))
        if start < end:
            body += _between(tokens, at, start) + f"<b {attribute}>{_between(tokens, start, end)}</b>"
            at = end
    body += _between(tokens, at, len(text))
    style = f" style=--i:{indent}" if indent else ""
    number = f"data-n={gutter}" if gutter else "data-n"
    return f"<span {number}{style}>{body}\n</span>"


def coloured(text: str, lexer: object) -> Iterator[str]:
    """Yield the HTML of each line of a text."""
    for tokens in _lines(text, lexer):
        yield _between(tokens, 0, sum(len(value) for _, value in tokens))


def _between(tokens: list[Token], start: int, end: int) -> str:
    body, at = "", 0
    for kind, value in tokens:
        part = escape(value[max(0, start - at) : max(0, end - at)], quote=False)
        body += f"<i class={kind}>{part}</i>" if kind and part.strip() else part
        at += len(value)
        if at >= end:
            break
    return body


def _lines(text: str, lexer: object) -> Iterator[list[Token]]:
    tokens = lexer.get_tokens(text) if lexer else [(Text, text)]  # type: ignore[attr-defined]
    line: list[Token] = []
    for kind, value in tokens:
        first, *more = value.split("\n")
        line.append((_class(kind), first))
        for part in more:
            yield line
            line = [(_class(kind), part)]
    yield line


def _class(kind: _TokenType) -> str:
    return "" if kind in PLAIN else STANDARD_TYPES.get(kind, "")


def lines_of(places: Sequence[Place], shown: Names) -> str:
    """Return where places are, in words: ``model.py 6, 7``."""
    files: dict[str, set[int]] = {}
    for place in places:
        files.setdefault(shown(place.file), set()).add(place.line)
    return "; ".join(f"{file} {', '.join(map(str, sorted(lines)))}".strip() for file, lines in files.items())
