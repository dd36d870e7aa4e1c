"""IR among other printed text: where it begins, and where it ends. No line is cut.

What a program prints before IR on its first line, as in ``forward: { lambda``, stays with it. IR that has more text
after it on its last line, or that begins on a line where other IR ends, is no more than text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

BEGIN = re.compile(
    r"""
    (?:^|(?<=[\s:=>]))(?P<jaxpr>(?:let\ [^\s=]+\ =\ )?\{\ lambda\ [^\n;]*;)
    |(?:^|(?<=[:=>]\ ))(?P<stablehlo>(?:builtin\.)?module(?:\ @(?:[\w$.-]+|"[^"\n]*"))?(?:\ attributes\ \{.*\})?\ \{$
        |"builtin\.module"\(\)\ [<(].*$)
    |(?:^|(?<=[:=>]\ ))(?P<locations>\#loc\d*\ =\ .*$)
    |(?:^|(?<=[:=>]\ ))(?P<hlo>HloModule\ [\w.$<>-]+(?:,\ \w+=.*$|$))
    """,
    re.MULTILINE | re.VERBOSE,
)
"""What IR begins with: on a line of its own, or after what a program says of it, as in ``jaxpr: { lambda``."""

LAMBDA = re.compile(r"\{ lambda [^;{}]*(?:\{[^{}]*\}[^;{}]*)*;(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*?\. let\s")
RESULTS = re.compile(r"in \([^{}]*\)(?: : \{[^{}]*\})? \}$")
SHARED = re.compile(r"\s+in\b\s*(?:#.*\s+)*(?=\{ lambda |let )")
COMMENTS = re.compile(r"(?:[ \t]+#.*(?:\n[ \t]+#.*)*)?")
OUTSIDE = re.compile(r"\n(?![ \t}\])]|$|Core: |\d+ +: )", re.MULTILINE)
"""The end of a jaxpr's lines; those that describe a wrapped function are not indented."""

BLANK = re.compile(r"(?:[ \t]*\n)*(?:[ \t]*\Z)?")
TAIL = re.compile(r"[ \t]*(?:\n|\Z)|(?<=\n)")
"""What may follow IR on its last line."""

MODULE_END = re.compile(r"^\}.*(?:\n+#[\w.-]+ = .*|\n at .*)*$", re.MULTILINE)
HLO_PART = re.compile(
    r"""
    (?:[ \t]*\n)+
    |(?:FileNames|FunctionNames|FileLocations|StackFrames)\n(?:\d+\ .*(?:\n|\Z))*
    |(?:ENTRY\ )?%?[\w.$<>-]+(?:\ \(.*)?\ \{(?:\ *|,.*|\ *//.*)\n(?:(?:[ \t].*)?\n)*\}.*(?:\n|\Z)
    """,
    re.VERBOSE,
)


@dataclass(frozen=True)
class Printed:
    """Part of a printed text."""

    text: str
    language: str | None = None
    """``jaxpr``, ``stablehlo`` or ``hlo``; None for any other text."""


def split(text: str) -> list[Printed]:
    """Return a printed text in parts, which together are the text; those without a visible character belong to IR.

    What begins as IR does and is none stays with the text around it.
    """
    found: list[Printed] = []
    done, decided, start = 0, 0, 0
    closing = _closing(text) if BEGIN.search(text) else {}
    endless = False
    while match := BEGIN.search(text, start):
        language, begin = str(match.lastgroup), match.start()
        language = "stablehlo" if language == "locations" else language
        end = None if endless and language == "stablehlo" else END[language](text, begin, closing)
        if end is None:
            start = match.end()
            endless = endless or language == "stablehlo"  # then what comes after it has no end either
            continue
        line = _line(text, decided, begin)
        tail = TAIL.match(text, end)
        start = decided = end
        if line is None or not tail:
            continue
        if text[done:line].strip():
            found.append(Printed(text[done:line]))
        else:
            line = done
        end = _match_end(BLANK, text, tail.end())
        found.append(Printed(text[line:end], language))
        done = start = decided = end
    if text[done:]:
        found.append(Printed(text[done:]))
    return found


def _line(text: str, decided: int, begin: int) -> int | None:
    """Return where the line of a place begins; None if before another place, up to which all is decided."""
    newline = text.rfind("\n", decided, begin)
    if newline >= 0:
        return newline + 1
    return decided if decided == 0 or text[decided - 1] == "\n" else None


def _jaxpr_end(text: str, begin: int, closing: Mapping[int, int]) -> int | None:
    """Return where a jaxpr ends: its braces are closed, or the lines that belong to it, which are indented, are over.

    Jaxprs that it shares stand before it: ``let f = { lambda … } in``.
    """
    end = None
    while LAMBDA.match(text, brace := max(begin, text.find("{", begin))):
        close = closing.get(brace, len(text))
        over = OUTSIDE.search(text, begin, close + 1)
        if close == len(text) or (over and not RESULTS.search(text, over.start(), close + 1)):
            return over.start() if over else len(text.rstrip())  # a text in it has a brace too many
        shared = SHARED.match(text, close + 1)
        end = _match_end(COMMENTS, text, close + 1)
        if not shared:
            break
        begin = shared.end()
    return end


def _closing(text: str) -> dict[int, int]:
    """Return where each brace that is opened is closed."""
    opened: list[int] = []
    closed = {}
    for brace in re.finditer(r"[{}]", text):
        if brace[0] == "{":
            opened.append(brace.start())
        elif opened:
            closed[opened.pop()] = brace.start()
    return closed


def _match_end(pattern: re.Pattern[str], text: str, start: int) -> int:
    match = pattern.match(text, start)
    return match.end() if match else start


def _stablehlo_end(text: str, begin: int, closing: Mapping[int, int]) -> int | None:
    module = re.compile(r"(?:#.*\n| at .*\n|\s*\n)*(?:builtin\.module|module|\"builtin\.module\")[ (]").match(
        text, begin
    )
    end = module and MODULE_END.search(text, module.end())
    return end.end() if end else None


def _hlo_end(text: str, begin: int, closing: Mapping[int, int]) -> int | None:
    end = text.find("\n", begin) + 1
    computations = 0
    while end and (part := HLO_PART.match(text, end)):
        computations += "{" in part[0]
        end = part.end()
    return end if computations else None


END = {"jaxpr": _jaxpr_end, "stablehlo": _stablehlo_end, "hlo": _hlo_end}
"""For each language, where the IR that begins at a place ends; None where it is none."""
