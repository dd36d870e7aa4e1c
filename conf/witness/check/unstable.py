"""Text that no two releases of a compiler print alike, and that is therefore not compared: optimised HLO."""

from __future__ import annotations

import re

SHAPE = r"(?:\([^()\n]*\)|[a-z]+\d*(?:e\dm\d\w*)?\[[\d,<=]*\](?:\{[^{}\n]*\})?)"
MODULE = r"HloModule [\w.$-]+"
INSTRUCTION = rf"\s*(?:ROOT )?%?[\w.-]+ = {SHAPE} [a-z][\w-]*\("
COMPUTATION = r"(?:ENTRY )?%[\w.-]+ \([^\n]*\) -> [^\n]*\{$"
HLO = re.compile(rf"^(?:{MODULE}|{INSTRUCTION}|{COMPUTATION})", re.MULTILINE)


def hlo(text: str) -> str | None:
    """Return the first line of HLO in a text, whole module or a part of one, or None.

    >>> hlo("ENTRY %main.4 (x: f32[3]) -> f32[3] {")
    'ENTRY %main.4 (x: f32[3]) -> f32[3] {'
    >>> hlo("{ lambda ; a:f32[]. let b:f32[] = sin a in (b,) }")
    """
    found = HLO.search(text)
    return text[found.start() :].lstrip("\n").split("\n", 1)[0].strip() if found else None
