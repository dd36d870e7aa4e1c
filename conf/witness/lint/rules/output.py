"""Rules on output: what a cell prints is shown by running it, never by writing it down."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from witness.lint.block import Fence
from witness.lint.page import Page
from witness.lint.rule import Finding, Rule
from witness.python.words import words

SHOWN = frozenset(words("bash sh shell toml yaml json markdown md ini cfg html css rst make bibtex diff"))
"""Languages that a fence may show on a page with cells: nothing there is code of the page or its output."""
RUN = re.compile(
    r"(?:i?python\d?|py\d?|pycon|pytb|ipythontb|i?python-?\w*|output|out|traceback|jaxpr|mlir|stablehlo|hlo|llvm)"
)
"""Languages of code and its output, which no page may show without running it."""
CODE_DIRECTIVES = frozenset(words("code code-block sourcecode parsed-literal prompt doctest testcode testoutput"))

PROMPT = re.compile(r"^\s*(?:>>> \S|(?:In|Out) ?\[\d*\]:)")
VALUE = r"(?:[-+]?\d|[\[({\"']|True\b|False\b|None\b|nan\b|inf\b|Array\(|<)"
STATED = re.compile(
    r"\s*(?:(?:->|=>|→|⇒|==>|>>>|▶)\s*\S"
    r"|(?:out|output|prints?|printed|shows?|displays?|result)\b\s*(?:\[\d*\])?\s*:"
    r"|prints?\s+\S"
    rf"|(?:returns?|gives?|yields?|shows?|displays?|evaluates to|results? in|equals?|is now|is)\s+{VALUE}"
    r"|\d+ (?:re)?(?:traces?|compiles?|compilations?|calls?|misse?s?|hits?)\s*$)",
    re.IGNORECASE,
)
ARRAY = re.compile(
    r"\s*(?:\[[-+\d\s.,e]+\]|Array\(.*|[-+]?(?:nan|inf)|(?:[a-z]+\d+)\[[\d,]*\]|<[\w.]+ (?:object|at) .*)\s*"
)


def fences(page: Page) -> Iterator[Finding]:
    """Code and output that are shown and not run."""
    for fence in page.fences:
        if fence.is_cell or fence.info.startswith("{code-cell}"):
            continue
        if fence.directive is not None and fence.directive not in CODE_DIRECTIVES:
            continue
        if not fence.marker:
            if page.cells:
                yield Finding(fence.line, "an indented block shows text that no cell printed")
        elif _typed(fence, bool(page.cells)):
            name = fence.argument or fence.directive or "a plain fence"
            yield Finding(fence.line, f"`{name}` shows text that no cell ran or printed")
    for number, line in enumerate(page.lines, start=1):
        if PROMPT.match(line):
            yield Finding(number, "a prompt begins typed code or output")


def _typed(fence: Fence, has_cells: bool) -> bool:
    language = fence.argument.split()[0].lower() if fence.argument else ""
    if fence.directive in ("doctest", "testcode", "testoutput") or RUN.fullmatch(language):
        return True
    return has_cells and language not in SHOWN


def comments(page: Page) -> Iterator[Finding]:
    """Comments that state what a line gives."""
    for remark in page.remarks():
        text = remark.text.strip()
        if remark.kind == "comment" and (STATED.match(text) or ARRAY.fullmatch(text) or _literal(text)):
            yield Finding(remark.line, f"the comment `#{remark.text}` states an output", remark.column)


def _literal(text: str) -> bool:
    """Return whether a text is a Python value and nothing else."""
    try:
        return ast.literal_eval(text) is not ...
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return False


RULES = (
    Rule(
        "typed-output",
        "All code that is shown is run, and all output is printed by a cell.",
        "put the code in a cell and let the build print",
        fences,
    ),
    Rule(
        "output-comment",
        "No comment states an output.",
        "print it, or assert it",
        comments,
    ),
)
