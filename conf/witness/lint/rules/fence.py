"""Rules on fences: a cell that is not exactly one, at the top level, is shown or dropped and never run."""

from __future__ import annotations

import re
from collections.abc import Iterator

from witness.lint.page import Page
from witness.lint.rule import Finding, Rule
from witness.reading.known_names import near

LIKE_CELL = re.compile(r"\{?\s*code[-_ ]?cells?\b\s*\}?", re.IGNORECASE)
LOOSE_CELL = re.compile(r"^\s*(?P<marks>[`~:]{1,2}|[`~:]{3,})\s*\{\s*code[-_ ]?cells?\s*\}", re.IGNORECASE)


def malformed(page: Page) -> Iterator[Finding]:
    """What looks like a cell and is none."""
    for fence in page.fences:
        like = LIKE_CELL.match(fence.info) or near(fence.directive or "", ["code-cell"], 0.8)
        if like and not fence.info.startswith("{code-cell}") and fence.marker:
            yield Finding(fence.line, f"`{fence.marker}{fence.info}` is not a cell and would only be shown")
        elif not fence.marker:
            for offset, line in enumerate(fence.content.split("\n")):
                if LOOSE_CELL.match(line):
                    yield Finding(
                        fence.line + offset, "the fence is indented by four columns or more, so it is no cell"
                    )
    for passage in page.passages:
        for offset, line in enumerate(passage.source.split("\n")):
            if LOOSE_CELL.match(line):
                yield Finding(passage.line + offset, "this line opens no fence, so its cell would be shown as text")


def colons(page: Page) -> Iterator[Finding]:
    """A cell between colons, which is a directive to MyST and no cell to MyST-NB."""
    for fence in page.fences:
        if fence.marker[:1] == ":" and fence.info.startswith("{code-cell}"):
            yield Finding(fence.line, "a cell between colons is never executed")


def nested(page: Page) -> Iterator[Finding]:
    """A cell inside another block."""
    for fence in page.fences:
        if fence.inside and fence.info.startswith("{code-cell}") and fence.marker[:1] != ":":
            mend = None
            if fence.inside in ("{exercise}", "{solution}"):
                name = fence.inside[1:-1]
                mend = f"open with {{{name}-start}} and close with {{{name}-end}}, so that the cell is on the top level"
            yield Finding(fence.line, f"a cell inside {fence.inside} is never executed", mend=mend)


def unclosed(page: Page) -> Iterator[Finding]:
    """A fence that runs to the end of what it is in, or swallows the next one."""
    for fence in page.fences:
        if not fence.marker:
            continue
        opens = re.compile(r"\s*" + re.escape(fence.marker) + r"\s*\{[\w:-]+\}")
        swallowed = [n for n, line in enumerate(fence.content.split("\n"), fence.line + 1) if opens.match(line)]
        if not fence.closed:
            yield Finding(fence.line, f"no line closes `{fence.marker}{fence.info}`")
        elif swallowed:
            yield Finding(
                fence.line,
                f"`{fence.marker}{fence.info}` is still open where line {swallowed[0]} opens another",
                mend=f"close it with `{fence.marker}`, or give it one mark more than what it holds",
            )


RULES = (
    Rule(
        "malformed-cell",
        "Whatever looks like a code cell is one.",
        "open it with ```{code-cell} python at the beginning of a line",
        malformed,
        strict=False,
    ),
    Rule(
        "colon-cell",
        "A code cell stands between backticks, not colons.",
        "open it with ```{code-cell} python and close it with ```",
        colons,
        strict=False,
    ),
    Rule(
        "nested-cell",
        "Code cells stand at the top level of a page.",
        "move the cell out; MyST-NB executes cells at the top level only",
        nested,
        strict=False,
    ),
    Rule(
        "unclosed-fence",
        "Every fence is closed by a line of its own marks.",
        "close it with a line of the same marks",
        unclosed,
        strict=False,
    ),
)
