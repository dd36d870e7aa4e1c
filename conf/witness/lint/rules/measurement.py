"""Rules on measurements in prose, comments and strings: a machine takes them, a page shows them live."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from witness.lint.page import Page
from witness.lint.rule import Finding, Rule
from witness.lint.search import hits, quoted
from witness.lint.vocabulary import DIGITS, NUMBERS, PARTS, VAGUE, VALUES

LONG = r"(?:nano|micro|milli)?seconds?|minutes?|hours?|(?:kilo|mega|giga|tera|kibi|mebi|gibi)?bytes?"
SHORT = r"[nµμum]s|m?secs?|mins?|[kKMGTP]i?B|[kMGTP]?(?:FLOPS?|flops?|FLOP/s)|[kMG]?Hz"  # a bare s or B may be a name
AMOUNT = re.compile(
    rf"(?<![\w.])(?:{DIGITS}[\s-]{{0,4}}(?:{LONG}|{SHORT})(?![\w/-])"
    rf"|(?:{DIGITS}\s{{1,4}}|\d+\.\d+)s\b(?!-)"
    rf"|(?:(?:a|an|one|{NUMBERS}|{VAGUE})[\s-]+)+(?:(?:nano|micro|milli)seconds?|(?:kilo|mega|giga)bytes?)\b"
    rf"|(?:(?:{NUMBERS}|{VAGUE})[\s-]+)+(?<!\bone )(?:seconds|minutes|hours|bytes)\b"
    rf"|(?:{DIGITS}\s?|\b(?:{NUMBERS})\s+)(?:%|per\s?cent\b)(?!\s+(?:confidence|interval|quantile|percentile)))"
)

THAN = (
    r"(?:faster|slower|quicker|cheaper|dearer|costlier|longer|shorter|more|less|fewer|smaller|larger|bigger|higher|lower"
    r"|as\s+(?:fast|slow|quick|long|short|much|many|big|large|small|cheap|costly|expensive|dear)(?:ly)?"
    r"|the\s+(?:time|cost|price|size|memory|speed|work|space|bytes|number|duration))\b"
)
FACTOR = re.compile(
    rf"(?<![\w.])(?:(?P<digits>{DIGITS})\s?[×x](?!\w|\s?(?:\d|\w\b))"
    rf"|(?:(?P<number>{DIGITS})|\b(?P<word>{NUMBERS})|\b(?P<vague>{VAGUE}))\s+times\s+{THAN}"
    rf"|\b(?P<twice>twice|thrice|double|triple)\s+{THAN}"
    rf"|\b(?:an?\s+|one\s+)?(?P<part>{'|'.join(PARTS)})\s+(?:of\s+that\b|(?:of\s+)?{THAN})"
    rf"|\b(?:(?P<fold>{DIGITS}|{NUMBERS})-?fold\b)"
    rf"|\b(?P<magnitude>orders?\s+of\s+magnitude))",
    re.IGNORECASE,
)
EXACT = {"twice": 2, "double": 2, "thrice": 3, "triple": 3}


def amounts(page: Page) -> Iterator[Finding]:
    """Times, sizes, rates and percentages."""
    for found, line, column in hits(page, AMOUNT):
        yield Finding(line, f"{quoted(found[0])} is typed by hand", column)


def factors(page: Page) -> Iterator[Finding]:
    """Ratios that no ``assert`` of the section holds to."""
    for found, line, column in hits(page, FACTOR):
        number = _number(found)
        asserts = page.section(line).asserts(page.path)
        if number is None or not any(_states(source, number) for source in asserts):
            yield Finding(line, f"{quoted(found[0])} is typed by hand", column)


def _number(found: re.Match[str]) -> float | None:
    """Return the factor that a match states, where it states one."""
    digits = found["digits"] or found["number"] or found["fold"] or ""
    word = (found["word"] or found["part"] or found["twice"] or digits).lower()
    known = {**VALUES, **PARTS, **EXACT}.get(word)
    try:
        return known or float(re.sub(r"[,\u2009\u202f]", "", digits))
    except ValueError:
        return None


def _states(source: str, number: float) -> bool:
    """Return whether an ``assert`` compares with a multiple by a number, or a ratio with that number."""
    try:
        tree = ast.parse(source.strip())
    except SyntaxError:
        return False
    compared = [node for node in ast.walk(tree) if isinstance(node, ast.Compare)]
    return any(_multiple(side, number, node) for node in compared for side in (node.left, *node.comparators))


def _multiple(side: ast.expr, number: float, node: ast.Compare) -> bool:
    """Return whether a side of a comparison is a number, or something times a number."""
    bound = all(isinstance(op, ast.Lt | ast.LtE | ast.Gt | ast.GtE) for op in node.ops)
    if isinstance(side, ast.BinOp) and isinstance(side.op, ast.Mult | ast.Div):
        return any(_is(part, number, whole=not bound) for part in (side.left, side.right))
    return bound and _is(side, number)


def _is(node: ast.expr, number: float, *, whole: bool = False) -> bool:
    """Return whether a node is a number; ``whole`` leaves floats out: a float equal to a multiple is no count."""
    return (
        isinstance(node, ast.Constant)
        and type(node.value) in ((int,) if whole else (int, float))
        and node.value == number
    )


RULES = (
    Rule(
        "typed-measurement",
        "No time, size, rate or percentage is typed: prose takes live values.",
        "write a live value, such as {live}`median(r.timings):time`",
        amounts,
    ),
    Rule(
        "typed-ratio",
        "No ratio is typed, unless an `assert` in its section compares with that very factor.",
        "write a live value, such as {live}`slow / fast:ratio`, or assert it: `assert slow > 3 * fast`",
        factors,
    ),
)
