"""What loops leave in names that had values: what is read below them is found, in whatever piece of code."""

from __future__ import annotations

import ast

import pytest

from witness.python.loop_names import LoopNames


def read(*pieces: str) -> list[tuple[str, int, int, int]]:
    """Return what pieces of code read of what loops left, each piece on a line of its own hundred."""
    names = LoopNames()
    found = [it for number, piece in enumerate(pieces) for it in names.run(ast.parse(piece), 100 * number + 1)]
    return [(it.name, it.value, it.loop, it.read) for it in found]


def test_a_name_is_followed_from_piece_to_piece() -> None:
    assert read("a = 1", "\nfor a in (2, 3):\n    print(a)", "print(a)") == [("a", 1, 102, 201)]


@pytest.mark.parametrize(
    "reading",
    [
        "b = a",
        "a += 1",
        "a: int = a",
        "b = [a for _ in (1, 2)]",
        "b = {x: a for x in (1, 2)}",
        "f(lambda b=a: b)",
        "def f(b=a): pass",
        "@a\ndef f(): pass",
        "class A(a): pass",
        "for b in a: pass",
        "while a: break",
        "with a as b: pass",
        "if (a := a): pass",
        "try: pass\nexcept a: pass",
        "match a:\n    case 1: pass",
        "assert a",
        "del b[a]",
    ],
)
def test_whatever_reads_it_is_found(reading: str) -> None:
    assert [name for name, *_ in read("a, b = 1, [2]\nfor a in (3, 4): pass", reading)] == ["a"]


@pytest.mark.parametrize(
    "between",
    [
        "a = 5",
        "a, b = 5, 6",
        "import a",
        "import b as a",
        "import a.b",
        "from b import a",
        "def a(): pass",
        "class a: pass",
        "with b as a: pass",
        "if b:\n    a = 5",
        "(a := 5)",
        "[a] = [5]",
    ],
)
def test_a_value_that_is_bound_below_the_loop_is_a_value(between: str) -> None:
    assert read("a, b = 1, 2\nfor a in (3, 4): pass", between, "print(a)") == []


@pytest.mark.parametrize(
    "piece",
    [
        "for a in (1, 2): pass\nprint(a)",
        "for a in (1, 2): pass\nfor a in (3, 4): pass\nprint(a)",
        "a = 1\nfor b in (2, 3):\n    a = b\nprint(a)",
        "a = 1\nfor a in (2, 3):\n    a = 4\nprint(a)",
        "a = 1\nfor b in (2, 3): pass\nprint(a)",
        "a = 1\nb = [a for a in (2, 3)]\nprint(a)",
        "a = [1]\nfor a in a: print(a)",
        "a = [1, 2]\nfor a[0] in (2, 3): pass\nprint(a)",
        "a = 1\nfor a in (2, 3): pass\nprint([a for a in (4, 5)])",
        "a = 1\nfor a in (2, 3): pass\ndef f(): return a",
        "a = 1\nfor a in (2, 3): pass\nf = lambda: a",
    ],
)
def test_nothing_else_is_found(piece: str) -> None:
    assert read(piece) == []


def test_a_second_loop_does_not_hide_the_first() -> None:
    assert read("a = 1", "for a in (2, 3): pass", "for a in (4, 5): pass\nprint(a)") == [("a", 1, 201, 202)]
