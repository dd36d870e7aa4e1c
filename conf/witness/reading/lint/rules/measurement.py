"""Rules on measurements in prose, comments and strings: a machine takes them, a page shows them live."""

from __future__ import annotations

import re
from collections.abc import Iterator

from witness.reading.lint.page import Page
from witness.reading.lint.rule import Finding, Rule
from witness.reading.lint.search import hits, quoted
from witness.reading.lint.vocabulary import DIGITS, NUMBERS, PARTS, VAGUE, VALUES

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
    rf"|\b(?:an?\s+|one\s+)?(?P<part>{'|'.join(PARTS)})\s+(?:of\s+)?{THAN}"
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


def _number(found: re.Match[str]) -> str | None:
    """Return a factor as code would write it."""
    digits = found["digits"] or found["number"] or found["fold"]
    word = (found["word"] or digits or "").lower()
    if word in VALUES:
        return str(VALUES[word])
    if digits:
        return re.sub(r"[,\u2009\u202f]", "", digits)
    part = (found["part"] or found["twice"] or "").lower()
    factor = PARTS.get(part) or EXACT.get(part)
    return str(factor) if factor else None


def _states(source: str, number: str) -> bool:
    """Say whether an ``assert`` compares with a multiple by this number."""
    value = re.escape(number) + r"(?:\.0)?"
    return bool(re.search(rf"(?:[<>]=?|==|[*/]) {value}(?![\w.])|(?<![\w.]){value} (?:\*|[<>]|==)", source))


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
