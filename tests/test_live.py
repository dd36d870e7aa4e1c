"""How the value of an expression comes out of a kernel."""

from __future__ import annotations

import builtins
import json
from keyword import iskeyword
from typing import Any

import numpy
import pytest

from witness.runner.expressions import ANSWER, scalar


def told(expression: str, **names: Any) -> Any:
    """Return what a kernel would answer: the name of a type, and the value."""
    return json.loads(eval(scalar(expression), names)._repr_mimebundle_()[ANSWER])


@pytest.mark.parametrize("name", [name for name in dir(builtins) if name[0] != "_" and not iskeyword(name)])
def test_a_page_may_call_its_own_things_as_it_likes(name: str) -> None:
    assert told("1 + 1", **{name: "dense"}) == ["int", 2]
    assert told(name, **{name: "dense"}) == ["str", "dense"]


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ("True", ["bool", True]),
        ("numpy.float32(0.5)", ["float32", 0.5]),
        ("numpy.array(3)", ["ndarray", 3]),
        ("numpy.array([3])", ["ndarray", None]),
        ("None", ["NoneType", None]),
        ("1, 2", ["tuple", None]),
        ("'}' + \"'\"", ["str", "}'"]),
    ],
)
def test_a_scalar_comes_as_it_is_and_nothing_else_comes(expression: str, answer: list[Any]) -> None:
    assert told(expression, numpy=numpy) == answer
