"""IR among printed text is found, whole and apart, whatever stands around it."""

from __future__ import annotations

from pathlib import Path

import pytest

from witness.lexers import LEXERS
from witness.lexers.printed import split

HERE = Path(__file__).parent / "lexers"
CASES = sorted(path for name in LEXERS for path in HERE.glob(f"{name}/*/*.txt"))
JAXPR = "{ lambda ; a:f32[]. let b:f32[] = sin a in (b,) }"
LINES = "{ lambda ; a:f32[]. let\n    b:f32[] = sin a\n  in (b,) }"


def found(text: str) -> list[tuple[str | None, str]]:
    """Return the parts of a text, and make sure that they are the text, and that none ends within a line."""
    parts = split(text)
    assert "".join(part.text for part in parts) == text
    assert all(part.text.endswith("\n") for part in parts[:-1])
    return [(part.language, part.text.strip()) for part in parts]


@pytest.mark.parametrize("path", CASES, ids=lambda path: str(path.relative_to(HERE).with_suffix("")))
@pytest.mark.parametrize(
    ("before", "after"),
    [("", ""), ("step 1\n\nloss: 0.3\n", "\ndone\n"), ("forward: ", "\n{ not: IR }\n"), (f"{JAXPR}\n", f"\n{JAXPR}")],
)
def test_recorded_ir_is_found_whole(path: Path, before: str, after: str) -> None:
    language, text = path.relative_to(HERE).parts[0], path.read_text().strip()
    around = [[("jaxpr" if JAXPR in part else None, part.strip())] if part else [] for part in (before, after)]
    label = before if before.endswith(" ") else ""
    assert found(before + text + after) == [*([] if label else around[0]), (language, label + text), *around[1]]


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


@pytest.mark.parametrize(
    "text",
    [
        f"f = {JAXPR}, and g: {JAXPR} again",
        f"f = {JAXPR} g = {JAXPR}",
        f"the jaxpr: {LINES}.",
        f"{LINES} {LINES}",
        f"[{LINES}, {LINES}]",
        "\n".join(f"{line:40} | a note" for line in LINES.split("\n")),
        "\n".join(f"{line:40} | " + note for line, note in zip(LINES.split("\n"), "abc", strict=True)),
    ],
)
def test_text_beside_ir_makes_it_text(text: str) -> None:
    assert found(text) == [(None, text)]
    assert found(f"step 1\n{text}\n{LINES}\ndone") == [(None, f"step 1\n{text}"), ("jaxpr", LINES), (None, "done")]


@pytest.mark.parametrize("label", ["forward: ", "f = ", "x -> ", "(the second)  "])
def test_what_is_said_of_ir_on_its_first_line_stays_with_it(label: str) -> None:
    assert found(f"step 1\n{label}{LINES}\ndone") == [(None, "step 1"), ("jaxpr", label + LINES), (None, "done")]


def test_lines_after_ir_keep_their_indentation() -> None:
    assert [part.text for part in split(f"{LINES}\n \n    done")] == [f"{LINES}\n \n", "    done"]


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
        "{ lambda ; a. let in (a,) } ",
        "{ lambda ; a } ",
        "{ lambda ; a. let\n in (a,) } ",
        "#loc = 5\n",
    ],
)
def test_a_megabyte_of_beginnings_takes_no_longer_than_any_other(text: str) -> None:
    found(text * (1_000_000 // len(text)))
