"""Mutation: each kind of mistake can be made, each is noticed where it shows, and what is not noticed is said."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.building import page
from tests.mutation.code import edits
from tests.mutation.mutant import Edit, Mutant
from tests.mutation.pages import chosen, expectations, mutants
from tests.mutation.report import Report, Tally, equivalents
from tests.mutation.trial import Outcome, Trial
from witness.lint.pages import plans
from witness.runner.environment import Environment, find
from witness.runner.facts import Facts

CELLS = (
    "import jax\nimport jax.numpy as jnp\nx = jnp.arange(4.0)\nunseen = 1 + 1\nprint(x.dtype, 2 * 3)",
    "def f(x, n):\n    return x * n\n\n"
    'g = jax.jit(f, static_argnames="n")\nprint(jax.make_jaxpr(g, static_argnums=1)(x, 2))',
    ":raises: jax.errors.TracerIntegerConversionError\njax.jit(lambda n: list(range(n)))(3)",
    "%timeit -n 1 -r 3 g(x, n=2).block_until_ready()",
)
PROSE = "Values {live}`len(x)` and {live}`float(x[1]):.1f`.\n"
EXPECTED = """\
# Base: jax 0.10, device cpu

=== the first [00000000]
--- stdout
    one 7
@ jax<0.1
--- stdout
    never
@ jax>=0.1
--- stdout
    word
"""


def after(source: str, kind: str) -> list[str]:
    """Return what a cell becomes by each mistake of a kind."""
    found = [edit for edit in edits(source) if edit.kind == kind]
    return [source[: edit.start] + edit.new + source[edit.end :] for edit in found]


@pytest.mark.parametrize(
    ("kind", "source", "mistaken"),
    [
        ("operator", "a + b * c", ["a - b * c", "a + b + c"]),
        ("operator", "é = 'ü' < b and c is not d", ["é = 'ü' >= b and c is not d", "é = 'ü' < b or c is not d",
                                                    "é = 'ü' < b and c is d"]),
        ("operator", "x += 1\nassert not x", ["x -= 1\nassert not x", "x += 1\nassert x"]),
        ("operator", "f'{a + b}'", []),
        ("constant", "f(1, True, 2.5, 'a')", ["f(2, True, 2.5, 'a')", "f(1, False, 2.5, 'a')", "f(1, True, 3.5, 'a')"]),
        ("jit", "@jax.jit\ndef f(x): pass", ["def f(x): pass"]),
        ("jit", "@partial(jax.jit, static_argnums=0)\ndef f(x): pass", ["def f(x): pass"]),
        ("jit", "jax.jit(f, static_argnums=0)(2)", ["f(2)"]),
        ("static", "jax.jit(f, static_argnums=0)", ["jax.jit(f, static_argnums=1)"]),
        ("static", "jax.jit(f, static_argnums=(1, 0))", ["jax.jit(f, static_argnums=(2, 0))"]),
        ("static", "jax.jit(lambda x, n: x, static_argnames='n')", ['jax.jit(lambda x, n: x, static_argnames="x")']),
        ("static", "jax.jit(f, static_argnames='n')", []),
        ("dtype", "jnp.float32(1)", ["jnp.float16(1)"]),
        ("dtype", "jnp.zeros(3)", ["jnp.zeros(3, dtype=int)"]),
        ("dtype", "jnp.arange(4.0)", ["jnp.arange(4)"]),
        ("dtype", "jnp.array([1, 2])", ["jnp.array([1, 2], dtype=float)"]),
        ("dtype", "x.astype('int8')", ["x.astype('int32')"]),
        ("await", "f(x).block_until_ready()\njax.block_until_ready(y)", ["f(x)\njax.block_until_ready(y)",
                                                                        "f(x).block_until_ready()\ny"]),
        ("await", "t = %timeit -o -n 1 f(x).block_until_ready()", ["t = %timeit -o -n 1 f(x)"]),
        ("constant", "no = = python", []),
        ("constant", "jax.random.key(0), np.random.default_rng(7), f(0)",
         ["jax.random.key(0), np.random.default_rng(7), f(1)"]),
        ("constant", "jax.make_jaxpr(f)(2.0, 3)", ["jax.make_jaxpr(f)(2.0, 4)"]),
        ("constant", "f.lower(2.0, g(2.0))", ["f.lower(2.0, g(3.0))"]),
        ("operator", "assert 2 * a < b * c", ["assert 2 * a >= b * c", "assert 2 * a < b + c"]),
        ("constant", "assert 2 * a < b + 1 and c == 3", ["assert 2 * a < b + 2 and c == 3",
                                                        "assert 2 * a < b + 1 and c == 4"]),
    ],
)  # fmt: skip
def test_a_mistake_of_each_kind(kind: str, source: str, mistaken: list[str]) -> None:
    assert sorted(after(source, kind)) == sorted(mistaken)


@pytest.mark.parametrize(
    ("source", "mistaken"),
    [
        ("%timeit -n 3 f(1)", ["%timeit -n 3 f(2)"]),
        ("é = %timeit -o -q -r 25 f(1)", ["é = %timeit -o -q -r 25 f(2)"]),
        ("!sleep 1\nx = a + b", ["!sleep 1\nx = a - b"]),
        ("%%timeit -n 1\nf(1)", ["%%timeit -n 1\nf(2)"]),
        ("%%bash\nsleep 1", []),
    ],
)
def test_only_python_is_mistaken_in_its_place(source: str, mistaken: list[str]) -> None:
    assert [source[: edit.start] + edit.new + source[edit.end :] for edit in edits(source)] == mistaken


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> tuple[Trial, list[Mutant]]:
    """Return a book of one page that is right and checked, and all mutants of it."""
    folder = tmp_path_factory.mktemp("mutation")
    for name in ("docs", "examples", "expected", "trial"):
        (folder / name).mkdir()
    (folder / "docs" / "index.md").write_text("# Index\n", "utf-8")
    path = folder / "docs" / "page.md"
    path.write_text(page(*CELLS, prose=PROSE), "utf-8")
    facts = Facts(folder / "trial" / "records", reproducible=True)
    try:
        pages, environment = plans([str(path)]), find(facts)
    finally:
        facts.close()
    accept(folder, environment)
    trial = Trial(environment, folder / "trial", folder / "examples", folder / "expected")
    assert trial.sound(pages.plans) == []
    return trial, list(mutants(pages.plans[0], path.read_text("utf-8"), 0))


def accept(folder: Path, environment: Environment) -> None:
    """Make what the page does its expected text."""
    from witness.__main__ import main

    arguments = ["check", "--accept", str(folder / "docs"), "--expected", str(folder / "expected")]
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("CI", raising=False)
        assert main([*arguments, "--records", str(folder / "records")]) == 0


@pytest.mark.slow
def test_what_shows_is_noticed_and_what_does_not_survives(book: tuple[Trial, list[Mutant]]) -> None:
    trial, found = book
    assert {mutant.kind for mutant in found} == {
        *("operator", "constant", "jit", "static", "dtype", "await", "raises", "live"),
    }
    line = "%timeit -n 1 -r 3 g(x, n=2)"
    fates = {
        ("unseen = 1 + 1", "unseen = 1 - 1"): "",
        ("print(x.dtype, 2 * 3)", "print(x.dtype, 2 + 3)"): "check",
        ("x = jnp.arange(4.0)", "x = jnp.arange(4)"): "check",
        ('g = jax.jit(f, static_argnames="n")', "g = f"): "check",
        ('g = jax.jit(f, static_argnames="n")', 'g = jax.jit(f, static_argnames="x")'): "run",
        (f"{line}.block_until_ready()", line): "check",
    }
    shows = [mutant for mutant in found if mutant.kind in ("raises", "live")]
    tried = [mutant for mutant in found if (mutant.before, mutant.after) in fates]
    outcomes = {outcome.mutant: outcome.caught for outcome in trial.outcomes([*shows, *tried])}
    assert {(mutant.before, mutant.after): outcomes[mutant].partition(":")[0] for mutant in tried} == fates
    assert len(tried) == len(fates)
    assert all(outcomes[mutant] for mutant in shows)


@pytest.mark.slow
def test_each_line_of_expected_text_is_compared(book: tuple[Trial, list[Mutant]]) -> None:
    trial, _ = book
    (plan,) = trial.plans.values()
    path = trial.expected / "page.txt"
    found = list(expectations(plan, "page.txt", path.read_text("utf-8"), {"jax": trial.environment.jax}))
    assert len(found) >= 5
    assert [str(it.mutant) for it in trial.outcomes(found) if not it.caught] == []


@pytest.mark.slow
def test_only_expected_text_of_this_environment_is_changed(book: tuple[Trial, list[Mutant]]) -> None:
    (plan,) = book[0].plans.values()
    found = list(expectations(plan, "page.txt", EXPECTED, {"jax": "0.12"}))
    assert [(mutant.line, mutant.before, mutant.after) for mutant in found] == [(11, "word", "wor")]


@pytest.mark.slow
def test_pages_that_are_not_right_are_told_apart(book: tuple[Trial, list[Mutant]]) -> None:
    trial, _ = book
    path = trial.expected / "page.txt"
    text = path.read_text("utf-8")
    try:
        path.write_text(text.replace("float32 6", "float32 7"), "utf-8")
        assert trial.sound(list(trial.plans.values())) == ["docs/page.md: check: differs"]
    finally:
        path.write_text(text, "utf-8")


def test_the_report_counts_by_kind_and_explains_survivors() -> None:
    def mutant(kind: str, new: str) -> Mutant:
        return Mutant("page", "docs/page.md", "one\na = 1\n", Edit(kind, 8, 9, new))

    outcomes = [Outcome(mutant("constant", "2"), "check: differs"), Outcome(mutant("constant", "3"), "")]
    outcomes += [Outcome(mutant("constant", "4"), ""), Outcome(mutant("expected", "5"), "")]
    report = Report(outcomes, {"docs/page.md: constant: a = 1  →  a = 4": "it is not used"})
    assert report.tally("constant") == report.tally() == Tally(made=3, caught=1, equivalent=1)
    assert report.tally().rate == 0.5
    assert not report.holds
    table, survivors = list(report.lines())[:4], list(report.lines())[4:]
    assert [line.split()[:5] for line in table[1:3]] == [
        ["constant", "3", "1", "1", "50.0%"],
        ["expected", "1", "0", "0", "0.0%"],
    ]
    assert survivors == [
        "survived: docs/page.md:2: constant: a = 1  →  a = 3",
        "survived: docs/page.md:2: expected: a = 1  →  a = 5",
        "survived: docs/page.md:2: constant: a = 1  →  a = 4",
        "    equivalent: it is not used",
    ]
    assert Report(outcomes[:1], {}).holds
    assert not Report(outcomes[2:3], report.known).holds


def test_an_edit_of_one_page_leaves_the_choice_of_other_mutants_as_it_was(book: tuple[Trial, list[Mutant]]) -> None:
    found = book[1]
    tried = chosen(found, 5, 0)
    assert tried == chosen(reversed(found), 5, 0) != chosen(found, 5, 1)
    others = [mutant for mutant in found if mutant is not tried[2]]
    assert [mutant for mutant in tried if mutant is not tried[2]] == chosen(others, 4, 0)


def test_a_mutant_is_explained_once(tmp_path: Path) -> None:
    path = tmp_path / "equivalent.toml"
    path.write_text('[[equivalent]]\nwhy = "so"\nmutants = ["a", "b"]\n', "utf-8")
    assert equivalents(path) == {"a": "so", "b": "so"}
    path.write_text('[[equivalent]]\nwhy = "so"\nmutants = ["a", "a"]\n', "utf-8")
    with pytest.raises(ValueError, match="twice: a"):
        equivalents(path)


def test_what_is_recorded_as_equivalent_is_a_mutant_still() -> None:
    from tests.mutation.__main__ import DOCS, EQUIVALENT

    found: list[Mutant] = []
    for plan in plans([str(DOCS)]).plans:
        text = (DOCS / f"{plan.page}.md").read_text("utf-8")
        found += mutants(plan, text, 0)
    known = set(equivalents(EQUIVALENT))
    assert known - {mutant.name for mutant in found} == set()
    for kind in {mutant.kind for mutant in found}:
        made = [mutant.name in known for mutant in found if mutant.kind == kind]
        assert sum(made) <= 0.15 * len(made), f"{kind}: the list of what is no mistake is no place for weak pages"


def test_the_program_says_what_it_takes(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.mutation.__main__ import main

    monkeypatch.setattr(sys, "argv", ["mutation", "--kind", "nothing"])
    with pytest.raises(SystemExit):
        main()
    assert "invalid choice: 'nothing'" in capsys.readouterr().err
