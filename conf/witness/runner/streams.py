"""What a cell printed, as a frontend shows it: pieces of one stream that follow one another are one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import partial
from itertools import groupby
from typing import Any

ESCAPE = "surrogateescape"
UNDECODED = re.compile("[\udc80-\udcff]+")
"""Bytes that were not decoded where they were read, as Python's ``surrogateescape`` keeps them."""
LONE = re.compile("[\ud800-\udfff]")
"""Half a character, or a byte that was no UTF-8."""


def merged(outputs: Iterable[Mapping[str, Any]], errors: str = ESCAPE) -> list[dict[str, Any]]:
    """Return copies of outputs in their order, what follows one another in one stream in one piece.

    What a carriage return overwrote is gone. A character whose bytes came in two pieces is whole; ``errors`` is what
    becomes of bytes that are no UTF-8, in the words of `bytes.decode`, and of half a character.
    """
    copies: list[dict[str, Any]] = []
    instead = "\ufffd" if errors == "replace" else r"\g<0>"
    for stream, pieces in groupby(outputs, lambda output: output.get("name", "")):
        if not stream:
            copies += (json.loads(LONE.sub(instead, json.dumps(output, ensure_ascii=False))) for output in pieces)
            continue
        text = UNDECODED.sub(partial(_decoded, errors=errors), "".join(piece["text"] for piece in pieces))
        copies.append({"output_type": "stream", "name": stream, "text": overwritten(LONE.sub(instead, text))})
    return copies


def overwritten(text: str) -> str:
    r"""Return a text without what a carriage return overwrote; those at the end of a line stay.

    >>> overwritten("10 %\r100 %\r\n")
    '100 %\r\n'
    """
    return "\n".join(map(_line, text.split("\n"))) if "\r" in text else text


def _line(line: str) -> str:
    shown = line.rstrip("\r")
    return shown.rpartition("\r")[2] + line[len(shown) :]


def _decoded(found: re.Match[str], errors: str) -> str:
    return found[0].encode("utf-8", ESCAPE).decode("utf-8", errors)
