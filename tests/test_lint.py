"""The page lint finds each planted fault at its line, and nothing on pages that are right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from witness.cli import main
from witness.lint.linter import UTF8, lint, lint_bytes
from witness.lint.rules import RULES
from witness.records.diagnostic import Diagnostic

CASES = Path(__file__).parent / "lint"
FAILING = sorted(path.name for path in (CASES / "fail").iterdir())
PASSING = sorted(path.name for path in (CASES / "pass").glob("*.md"))
HOST = (CASES / "host.md").read_text("utf-8")


def complaints(path: Path, *, strict: bool = True) -> list[str]:
    """Return the lines that a page's complaints are printed as, from the page's name on."""
    return [str(found).removeprefix(f"{path.parent}/") for found in lint_bytes(path.read_bytes(), path, strict=strict)]


def listed(name: str) -> list[str]:
    return [line for line in (CASES / name).read_text("utf-8").splitlines() if not line.startswith("#")]


def planted(where: str, what: str) -> tuple[int, list[Diagnostic]]:
    """Return the line at which something stands in the host page, and the page's complaints."""
    line = HOST.splitlines().index(where) + 1
    text = HOST.replace(where, what)
    for other in {"PROSE", "CODE"} - {where}:
        text = text.replace(other, "")
    return line, lint(text, CASES / "host.md")


@pytest.mark.parametrize("name", FAILING)
def test_a_wrong_page_gives_the_expected_complaints(name: str) -> None:
    expected = (CASES / "fail" / name / "expected.txt").read_text("utf-8").splitlines()
    assert complaints(CASES / "fail" / name / "page.md") == expected


@pytest.mark.parametrize("name", PASSING)
def test_a_right_page_gives_none(name: str) -> None:
    assert complaints(CASES / "pass" / name) == []


@pytest.mark.parametrize(
    ("where", "case"),
    [("PROSE", c) for c in listed("planted-prose.txt")] + [("CODE", c) for c in listed("planted-code.txt")],
)
def test_a_planted_fault_is_found_at_its_line_and_by_its_rule(where: str, case: str) -> None:
    rule, fault = case.split(": ", 1)
    line, found = planted(where, fault)
    assert {(it.line, it.rule) for it in found} == {(line, rule)}, [str(it) for it in found]


@pytest.mark.parametrize(
    ("where", "what"),
    [("PROSE", c) for c in listed("harmless-prose.txt")] + [("CODE", c) for c in listed("harmless-code.txt")],
)
def test_a_harmless_line_is_left_alone(where: str, what: str) -> None:
    assert [str(it) for it in planted(where, what)[1]] == []


@pytest.mark.parametrize("evidence", ["```{code-cell} python\nassert value == 1\n```", "It is {live}`value`."])
def test_evidence_in_its_section_lets_a_comparative_stand_and_elsewhere_does_not(evidence: str) -> None:
    claim = "It is faster."
    text = HOST.replace("CODE", "").replace("PROSE", claim)
    inside = text.replace("A last sentence.", evidence)
    elsewhere = text.replace("A last sentence.", f"## Another section\n\n{evidence}")
    assert lint(inside, CASES / "host.md") == []
    assert [it.rule for it in lint(elsewhere, CASES / "host.md")] == ["bare-comparative"]


@pytest.mark.parametrize(
    ("claim", "check", "stands"),
    [
        ("More than three times as long.", "assert slow > 3 * fast", True),
        ("More than three times as long.", "assert slow / fast > 3.0", True),
        ("More than three times as long.", "assert slow > 2 * fast", False),
        ("At most half the time.", "assert 2 * fast < slow", True),
        ("Less than half of that.", "assert slow > 2 * fast", True),
        ("Less than half of that.", "assert slow > 3 * fast", False),
        ("More than 3× that.", "assert 3 < slow / fast", True),
        ("Twice as many equations.", "assert len(eqns) == 2 * len(fewer)", True),
        ("Twice as many equations.", "assert len(eqns) == 2", False),
        ("Three times as much.", "assert triple(x) == 3.0 * x", False),
        ("Ten times as fast.", "assert slow > 10.5 * fast", False),
        ("An order of magnitude.", "assert slow > 10 * fast", False),
    ],
)
def test_a_ratio_stands_where_it_is_asserted(claim: str, check: str, stands: bool) -> None:
    text = HOST.replace("PROSE", claim).replace("CODE", check)
    assert [it.rule for it in lint(text, CASES / "host.md")] == ([] if stands else ["typed-ratio"])


def test_each_rule_has_a_failing_case_and_describes_itself() -> None:
    expected = "".join((CASES / "fail" / name / "expected.txt").read_text("utf-8") for name in FAILING)
    failing = set(re.findall(r"^page\.md:\d+: ([\w-]+):", expected, re.MULTILINE))
    failing |= {case.split(":")[0] for case in [*listed("planted-prose.txt"), *listed("planted-code.txt")]}
    names = [rule.name for rule in (*RULES, UTF8)]
    assert failing == set(names)
    assert len(names) == len(set(names))
    for rule in (*RULES, UTF8):
        assert rule.demand.endswith("."), rule.name
        assert rule.mend, rule.name


@pytest.mark.parametrize("name", [name for name in FAILING if name != "not-utf8"])
def test_lines_move_with_the_page(name: str) -> None:
    path = CASES / "fail" / name / "page.md"
    text = path.read_text("utf-8")
    top, title, rest = text.partition("\n# Case\n")
    before = [(it.line, it.rule) for it in lint(text, path)]
    after = [(it.line, it.rule) for it in lint(f"{top}\n\n\n{title}{rest}", path)]
    below = top.count("\n") + 1
    assert after == [(line + 3 if line > below else line, rule) for line, rule in before]


def test_other_line_ends_give_the_same_lines() -> None:
    for name in FAILING:
        path = CASES / "fail" / name / "page.md"
        data = path.read_bytes()
        unix = [(it.line, it.rule) for it in lint_bytes(data, path)]
        assert [(it.line, it.rule) for it in lint_bytes(data.replace(b"\n", b"\r\n"), path)] == unix


def test_columns_point_at_what_is_meant() -> None:
    line, found = planted("PROSE", "So **it took** 3 ms.")
    assert [(it.line, it.column) for it in found] == [(line, 16)]


def test_only_rules_for_every_site_are_left_without_strict() -> None:
    general = {rule.name for rule in (*RULES, UTF8) if not rule.strict}
    for name in FAILING:
        path = CASES / "fail" / name / "page.md"
        all_of_them = lint_bytes(path.read_bytes(), path)
        assert lint_bytes(path.read_bytes(), path, strict=False) == [it for it in all_of_them if it.rule in general]


def test_what_is_wrong_is_one_line_with_page_and_line() -> None:
    message = "`3 ms` is typed by hand; write a live value"
    assert (
        str(Diagnostic("docs/page.md", 41, "typed-measurement", message, column=7))
        == "docs/page.md:41: typed-measurement: `3 ms` is typed by hand; write a live value"
    )


@pytest.mark.parametrize(
    "text", ["", "\n", "---", "---\n", "```", "``` {code-cell}", "\ufeff# A\n", "| a |\n|", "{live}`"]
)
def test_no_text_is_too_odd(text: str) -> None:
    for found in lint(text, Path("page.md")):
        assert 1 <= found.line <= text.count("\n") + 1


def test_github_is_told_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "a,b.md"
    page.write_text("# Title\n\nIt takes 3 ms.\n", "utf-8")
    assert main(["lint", str(page)]) == 1
    assert "::error" not in capsys.readouterr().out
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert main(["lint", str(page)]) == 1
    shown = re.findall(r"^::error file=(.*),line=\d+,col=\d+,title=(.*?)::.", capsys.readouterr().out, re.MULTILINE)
    assert shown
    assert {(file.endswith("a%2Cb.md"), rule) for file, rule in shown} == {(True, "typed-measurement")}
