"""The page lint: from a page's text to what is wrong with it, before anything runs."""

from __future__ import annotations

from pathlib import Path

from witness.lint.page import read_page
from witness.lint.rule import Rule
from witness.lint.rules import RULES
from witness.records.diagnostic import Diagnostic

UTF8 = Rule("not-utf8", "A page is UTF-8 text.", "save the file as UTF-8", lambda page: iter(()), strict=False)
"""The one rule that text cannot break: only bytes can."""


def lint(text: str, path: Path, *, strict: bool = True) -> list[Diagnostic]:
    """Return what is wrong with a page, in line order.

    Without ``strict`` only the rules hold that hold for every site: those whose breach leaves a page silently wrong.
    """
    page = read_page(text, path)
    found_all = [
        Diagnostic(str(path), found.line, rule.name, f"{found.fault}; {found.mend or rule.mend}", column=found.column)
        for rule in RULES
        if strict or not rule.strict
        for found in rule.find(page)
    ]
    return sorted(found_all, key=lambda it: (it.line, it.column or 0, it.rule))


def lint_bytes(data: bytes, path: Path, *, strict: bool = True) -> list[Diagnostic]:
    """Return what is wrong with a file, as ``lint`` does; one that is not UTF-8 gets that one diagnostic."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = error.start - before.rfind(b"\n")
        fault = f"the byte 0x{data[error.start]:02x} in column {column} is not UTF-8"
        return [Diagnostic(str(path), line, UTF8.name, f"{fault}; {UTF8.mend}", column=column)]
    return lint(text, path, strict=strict)
