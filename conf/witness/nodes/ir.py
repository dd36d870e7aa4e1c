"""IR among a cell's outputs: operations in view, where they come from folded away."""

from __future__ import annotations

import re
from dataclasses import dataclass

from docutils import nodes

from witness.nodes.block import folded
from witness.nodes.fold import fold, scroll
from witness.nodes.listing import listing
from witness.nodes.text import amount, lines, plain

NAMES = {"jaxpr": "Jaxpr", "stablehlo": "StableHLO", "hlo": "HLO"}
"""What readers call each language."""

WHOLE = 60
"""Lines that are shown at once; longer IR scrolls within itself."""

FOLDED = 400
"""Lines from which IR is opened on demand."""

COLOURED = 1500
"""Lines up to which IR is highlighted; a page stays light."""

STRING = r'"(?:[^"\\\n]|\\.)*"'
METADATA = re.compile(rf", metadata=\{{(?:[^{{}}\"\n]|{STRING}|\{{[^{{}}\n]*\}})*\}}")
TABLES = re.compile(r"^(?:FileNames|FunctionNames|FileLocations|StackFrames)\n(?:\d+ .*\n?)*\n?", re.MULTILINE)
HEADER = re.compile(r"\s*HloModule .*\n+")
ALIASES = re.compile(r"^#[\w.-]+ = (?:loc\(.*|\[?unknown\]?|\".*|[^!].*)\n(?: at .*\n)*", re.MULTILINE)
LOCATION = re.compile(
    rf" loc\((?:[^()\"\n]|{STRING}|\((?:[^()\"\n]|{STRING}|\((?:[^()\"\n]|{STRING})*\))*\))*\)(?=[,):]|$| ->)",
    re.MULTILINE,
)


@dataclass(frozen=True)
class View:
    """A text of IR in two parts."""

    shown: str
    """The operations."""
    rest: str = ""
    """Where they come from, and what heads the module; nothing of it stands in ``shown``."""
    what: str = ""
    """What the rest is."""


def view(text: str, language: str) -> View:
    """Return what a reader sees at first of a text, and the rest; a jaxpr is all in view."""
    if language == "hlo":
        return _hlo(text)
    if language == "stablehlo":
        return _stablehlo(text)
    return View(text)


def _hlo(text: str) -> View:
    header = HEADER.match(text)
    parts = [header[0].strip()] if header else []
    body = text[header.end() :] if header else text
    parts += [table.strip() for table in TABLES.findall(body)]
    body = TABLES.sub("", body)
    parts += _taken(METADATA, body)
    return View(_tidy(METADATA.sub("", body)), "\n".join(parts), "Header, tables and metadata")


def _stablehlo(text: str) -> View:
    parts = [alias.strip() for alias in ALIASES.findall(text + "\n")]
    if not parts:
        return View(text)
    body = ALIASES.sub("", text + "\n")
    parts += _taken(LOCATION, body)
    return View(_tidy(LOCATION.sub("", body)), "\n".join(parts), "Locations")


def _taken(pattern: re.Pattern[str], body: str) -> list[str]:
    """Return what the pattern takes out of each line, after the name that the line defines."""
    taken = []
    for line in body.split("\n"):
        if found := [match[0].lstrip(", ") for match in pattern.finditer(line)]:
            name = line.removeprefix("ROOT ").split("=", 1)[0].strip().removeprefix("ROOT ") if " = " in line else ""
            taken.append(" ".join([name, *found]).strip())
    return taken


def _tidy(text: str) -> str:
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n")


def ir(text: str, language: str) -> list[nodes.Element]:
    """Return the nodes of a text of IR; where it is long they say how long."""
    text = plain(text).strip("\n")
    seen = view(text, language)
    found: list[nodes.Element] = [_listing(seen.shown, language)]
    if seen.rest:
        found.append(
            folded(seen.rest, f"{seen.what}, {amount(lines(seen.rest), 'line')}", ["witness-ir-rest"], what=seen.what)
        )
    return found


def _listing(text: str, language: str) -> nodes.Element:
    size = lines(text)
    node = listing(text, text, language=language if size <= COLOURED else "text", classes=["output", "witness-ir"])
    label = f"{NAMES[language]}, {amount(size, 'line')}"
    if size <= WHOLE:
        return node
    region = scroll("", node, label=label)
    if size > FOLDED:
        return fold("", region, summary=label)
    return nodes.container(
        "", nodes.paragraph(label, label, classes=["witness-size"]), region, classes=["witness-long"]
    )
