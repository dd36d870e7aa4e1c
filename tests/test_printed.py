"""IR among printed text is found, whole and apart, whatever stands around it."""

from __future__ import annotations

from pathlib import Path

import pytest

from witness.lexers import LEXERS
from witness.lexers.printed import split

HERE = Path(__file__).parent / "lexers"
CASES = sorted(path for name in LEXERS for path in HERE.glob(f"{name}/*/*.txt"))
JAXPR = "{ lambda ; a:f32[]. let b:f32[] = sin a in (b,) }"


def found(text: str) -> list[tuple[str | None, str]]:
    """Return the parts of a text, and make sure that they are the text."""
    parts = split(text)
    assert "".join(part.text for part in parts) == text
    return [(part.language, part.text.strip()) for part in parts]


@pytest.mark.parametrize("path", CASES, ids=lambda path: str(path.relative_to(HERE).with_suffix("")))
@pytest.mark.parametrize(
    ("before", "after"),
    [("", ""), ("step 1\n\nloss: 0.3\n", "\ndone\n"), ("forward: ", "\n{ not: IR }\n"), (f"{JAXPR}\n", f"\n{JAXPR}")],
)
def test_recorded_ir_is_found_whole(path: Path, before: str, after: str) -> None:
    language, text = path.relative_to(HERE).parts[0], path.read_text().strip()
    around = [[("jaxpr" if JAXPR in part else None, part.strip())] if part else [] for part in (before, after)]
    assert found(before + text + after) == [*around[0], (language, text), *around[1]]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "0.3\n",
        "{ lambda calculus }",
        "{ lambda ; a. x",
        "f = lambda x: {'a': 1}; y",
        "module @x was lowered\n",
        "module @x {\n",
        "HloModule jit_f, is_scheduled=true",
        "HloModule jit_f, is_scheduled=true\n\nand then nothing",
        "#loc = 5\n",
        "FileNames\n1 a\n",
    ],
)
def test_other_text_is_left_alone(text: str) -> None:
    assert {language for language, _ in found(text)} <= {None}


def test_several_on_one_line_stand_apart() -> None:
    text = f"f = {JAXPR}, and g: {JAXPR} again"
    assert [language for language, _ in found(text)] == [None, "jaxpr", None, "jaxpr", None]


def test_a_brace_too_many_ends_with_the_indented_lines() -> None:
    text = "{ lambda ; a:f32[]. let\n    debug_callback[fmt={ {}] a\n  in (a,) }"
    assert found(f"{text}\nnext line }}\n{JAXPR}") == [("jaxpr", text), (None, "next line }"), ("jaxpr", JAXPR)]


def test_jaxprs_that_are_shared_belong_to_the_one_that_shares_them() -> None:
    text = "let f = { lambda ; a:f32[]. let  in (a,) } in\nlet g = { lambda ; a:f32[]. let  in (a,) } in\n" + JAXPR
    assert found(f"x\n{text}\ny") == [(None, "x"), ("jaxpr", text), (None, "y")]


@pytest.mark.parametrize(
    "text",
    [
        "{ lambda ; a. let \n",
        "module @x {\n",
        "HloModule a, b=c\n\n",
        "HloModule a, b=c\n%a (x) -> y {\n",
        "%a (x) -> y {\n",
        "let a = { lambda ; a. let in (a,) } in\n",
        "{ lambda ; {",
        "#loc = 5\n",
    ],
)
def test_a_megabyte_of_beginnings_takes_no_longer_than_any_other(text: str) -> None:
    found(text * (1_000_000 // len(text)))
