"""Text and code that Markdown gives back as they were."""

from __future__ import annotations

from typing import Any

import pytest
from markdown_it import MarkdownIt

from witness.export.escape import code_block, code_span, escaped, line_starts


def rendered(markdown: str) -> Any:
    """Return the text that a reader of Markdown sees."""
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown)
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"], markdown
    parts = {"softbreak": "\n", "hardbreak": "\n"}
    return "".join(parts.get(child.type, child.content) for child in tokens[1].children or [])


@pytest.mark.parametrize(
    "text",
    [
        "a*b* **c** _d_ __e__ a_b_c _",
        "[link](x) ![image](y) [ref] <b> <!-- c --> <https://x.y>",
        "&amp; &#60; & a",
        "\\* \\\\ a\\b \\",
        "# heading",
        "1. one\n- two\n+ three\n> four\n12) five",
        "text\n===\nmore\n---",
        "~~gone~~ `code`",
        "3.5 and 1.x - y",
        "* * *",
        "***",
    ],
)
def test_text_is_read_as_text(text: str) -> None:
    assert rendered(line_starts(escaped(text))) == text


@pytest.mark.parametrize("text", ["a", "`", "``a`", " a ", "a``b", "*b*", "\\"])
def test_code_is_read_as_code(text: str) -> None:
    (_, inline, _) = MarkdownIt("commonmark").parse(code_span(text))
    (child,) = inline.children or []
    assert (child.type, child.content) == ("code_inline", text)
    (block,) = MarkdownIt("commonmark").parse(code_block(f"```\n{text}", "python"))
    assert (block.type, block.content) == ("fence", f"```\n{text}\n")
