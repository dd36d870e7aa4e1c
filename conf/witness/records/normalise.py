"""Normalisation: what may differ between two right executions leaves a text before it is compared.

Applied to the expected text and to what a page did alike. Each rule knows a shape; none knows numbers as such:
a float is compared as it is printed, unless its cell says `:rtol:`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class NormalisationRule:
    """One rule."""

    name: str
    about: str
    """What differs, and what stands for it: the documentation quotes this."""
    apply: Callable[[str], str]


def _shape(pattern: str, replacement: str) -> Callable[[str], str]:
    compiled = re.compile(pattern, re.MULTILINE)
    return lambda text: compiled.sub(replacement, text)


def _ends(text: str) -> str:
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).rstrip("\n")


DURATION = r"[\d.]+ ?(?:ns|[µμu]s|ms|s|min|h)(?: [\d.]+ ?(?:ns|[µμu]s|ms|s|min))*"

RULES = (
    NormalisationRule("ends", "blanks at the ends of lines, and empty lines at the end of a text, are dropped", _ends),
    NormalisationRule(
        "addresses",
        "an object's address, ` at 0x7f…`, reads ` at 0x…`",
        _shape(r"(?<= at )0x[0-9a-fA-F]{6,16}\b", "0x…"),
    ),
    NormalisationRule(
        "cells",
        "a cell's number, `<cell 5>`, reads `<cell>`: a cell inserted above changes no text below",
        _shape(r"<cell \d+>", "<cell>"),
    ),
    NormalisationRule(
        "library-lines",
        "a line of a library's file, `jax/_src/core.py:812`, reads `jax/_src/core.py:…`",
        _shape(r"(?<![\w/.-])((?:[\w.-]+/)+[\w.-]+\.py)(:|\", line )\d+", r"\1\2…"),
    ),
    NormalisationRule(
        "timeit",
        "the line that `%timeit` prints reads `…`",
        _shape(rf"^{DURATION} ± {DURATION} per loop \(mean ± std\. dev\. of [\d,]+ runs?, [\d,]+ loops? each\)$", "…"),
    ),
    NormalisationRule(
        "time",
        "the lines that `%time` prints read `CPU times: …` and `Wall time: …`",
        _shape(
            rf"^(CPU times: )user {DURATION}, sys: {DURATION}, total: {DURATION}$|^(Wall time: ){DURATION}$", r"\1\2…"
        ),
    ),
    NormalisationRule(
        "log-heads",
        "the time, the process and the line in the head of what XLA logs read `…`",
        _shape(
            r"^(?:(?P<level>[IWEF])\d{4} [\d:.]+ +\d+ |\d{4}-\d\d-\d\d [\d:.]+: (?P<old>[IWEF]) )"
            r"(?P<file>[\w./-]+\.(?:cc|h)):\d+\]",
            r"\g<level>\g<old>… \g<file>:…]",
        ),
    ),
    NormalisationRule(
        "log-noise",
        "what XLA logs about itself, not about the page, is dropped: that its log starts, that it was slow",
        _shape(
            r"^WARNING: All log messages before absl::InitializeLog\(\) is called are written to STDERR\n?"
            r"|^[IWEF]… \S*slow_operation_alarm\.cc:…\].*\n?(?:\*{10,}\n\[Compiling module .*\n\*{10,}\n?)?",
            "",
        ),
    ),
)


def own_rules(pairs: Sequence[tuple[str, str]]) -> tuple[NormalisationRule, ...]:
    """Return a site's own rules from pairs of a pattern, whose ``^`` and ``$`` match at lines, and its replacement.

    Raises ValueError, which names the rule that is none.
    """
    rules = []
    for pair in pairs:
        try:
            pattern, replacement = pair
            apply = _shape(pattern, replacement)
            apply("")  # this reads the replacement, too
            rules.append(NormalisationRule(pattern, f"`{pattern}` reads `{replacement}`", apply))
        except (TypeError, ValueError, IndexError, re.error) as error:
            raise ValueError(f"{pair!r} is no pair of a pattern and a replacement: {error}") from error
    return tuple(rules)


def normalise(text: str) -> str:
    r"""Return a text as it is compared.

    >>> normalise("<function f at 0x7f3a5c0d9e40>  \n")
    '<function f at 0x…>'
    >>> normalise("0.30000000000000004")
    '0.30000000000000004'
    """
    for rule in RULES:
        text = rule.apply(text)
    return _ends(text)
