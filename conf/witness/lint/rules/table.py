"""A rule on tables: results are tabulated by a cell."""

from __future__ import annotations

import re
from collections.abc import Iterator

from witness.lint.page import Page
from witness.lint.rule import Finding, Rule

RESULT = re.compile(
    r"[`*_~\s]*(?:[✓✔✗✘×☑☒✅❌–—-]+|[-+~≈<>]?\d[\d.,\s]*(?:\s?(?:%|×|x|[nµmu]?s|[kMG]i?B))?|[A-Z]|yes|no|true|false|ok|works?|fails?"
    r"|(?:\w+\.)*\w+(?:Error|Exception))[`*_~\s]*(?:\]\(.*\))?",
    re.IGNORECASE,
)


def results(page: Page) -> Iterator[Finding]:
    """Tables with results in them, on a page that has cells."""
    if not page.cells:
        return
    for table in page.tables:
        for line, entries in table.rows():
            found = next((entry for entry in entries if RESULT.fullmatch(entry.removeprefix("["))), None)
            if found:
                yield Finding(line, f"the entry `{found}` of a table is typed by hand")
    for passage in page.passages:
        for tag in re.finditer(r"<table\b", passage.no_code, re.IGNORECASE):
            yield Finding(passage.place(tag.start())[0], "an HTML table is typed by hand")
    for fence in page.fences:
        if fence.directive in ("list-table", "csv-table"):
            entries = re.split(r"[,\n]|(?:^|\s)[*-]\s", fence.content)
            if any(RESULT.fullmatch(entry.strip()) for entry in entries if entry.strip() and ":" not in entry):
                yield Finding(fence.line, f"a `{fence.directive}` with results is typed by hand")


RULES = (
    Rule(
        "typed-table",
        "Tables of results are made by a cell; a table typed by hand holds words.",
        "let a cell make the table, with `IPython.display.Markdown`",
        results,
    ),
)
