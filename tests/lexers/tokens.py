"""The tokens of a text, as a file that can be read and compared."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pygments.lexer import Lexer
from pygments.token import STANDARD_TYPES, Whitespace, _TokenType

Token = tuple[_TokenType, str]


def tokens(lexer: type[Lexer], text: str) -> list[Token]:
    """Return the tokens of a text, which is not changed in any way; empty ones are left out."""
    made: Any = lexer(stripnl=False, ensurenl=False)
    return [(kind, value) for kind, value in made.get_tokens(text) if value]


def transcript(found: Iterable[Token]) -> str:
    """Return tokens as ``text/class``, a line of them for each line of the text, with Pygments' short classes."""
    line: list[str] = []
    lines = [line]
    for kind, value in found:
        if kind is not Whitespace:
            line.append(f"{value.replace(chr(10), '⏎')}/{STANDARD_TYPES[kind]}")
        if "\n" in value:
            line = []
            lines.append(line)
    return "\n".join(" ".join(line) for line in lines if line) + "\n"
