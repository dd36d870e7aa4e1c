"""What is kept as JSON comes back as it was, and what is something else is named."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from witness.records.codec import Row, decode, encode


@dataclass(frozen=True)
class Point(Row):
    """One of many."""

    x: int
    y: float


@dataclass(frozen=True)
class Shape:
    """One that holds others."""

    name: str
    points: Sequence[Point] = ()
    kind: Literal["open", "closed"] = "open"
    span: tuple[int, float] = (0, 0.0)
    marks: tuple[str, ...] | None = None
    inner: Shape | None = None
    data: dict[str, list[int]] = field(default_factory=dict)
    free: Any = None
    size: int = field(init=False, default=0)


SHAPES = [
    Shape("empty", []),
    Shape(
        "full", [Point(1, 2.5), Point(-1, 0)], "closed", (3, 1), ("a", "b"), Shape("in", []), {"x": [1]}, {"y": [None]}
    ),
]


@pytest.mark.parametrize("shape", SHAPES)
def test_it_comes_back_as_it_was(shape: Shape) -> None:
    assert decode(Shape, json.loads(json.dumps(encode(shape)))) == shape


def test_a_row_is_a_list() -> None:
    assert encode(Point(1, 2.0)) == [1, 2.0]
    assert decode(list[Point], [[1, 2.0]]) == [Point(1, 2.0)]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([], "[] is not an object"),
        ({}, "{} is not an object with `name`"),
        ({"name": 3}, "`name` is 3, not a text"),
        ({"name": "n", "points": [[1]]}, "`points[0]` is [1], not a list of 2"),
        ({"name": "n", "points": [[1, 2.0], [True, 2.0]]}, "`points[1][0]` is True, not a whole number"),
        ({"name": "n", "kind": "round"}, "`kind` is 'round', not 'open' or 'closed'"),
        ({"name": "n", "kind": []}, "`kind` is [], not 'open' or 'closed'"),
        ({"name": "n", "span": [1, "a"]}, "`span[1]` is 'a', not a number"),
        ({"name": "n", "inner": {"name": "m", "marks": 3}}, "`inner.marks` is 3, not a list"),
        ({"name": "n", "data": {"x": ["1"]}}, "`data.x[0]` is '1', not a whole number"),
        ({"name": "n", "colour": "red"}, "`colour` is 'red', not known"),
    ],
)
def test_what_is_something_else_is_named(data: Any, said: str) -> None:
    with pytest.raises(ValueError) as error:  # noqa: PT011  # its text is what is tested
        decode(Shape, data)
    assert str(error.value) == said


def test_what_is_nested_too_deeply_is_an_error() -> None:
    data: dict[str, Any] = {"name": "n"}
    for _ in range(100_000):
        data = {"name": "n", "inner": data}
    with pytest.raises(ValueError, match="nested too deeply"):
        decode(Shape, data)


def test_what_json_cannot_hold_is_an_error() -> None:
    with pytest.raises(TypeError, match="complex cannot be kept as JSON"):
        encode({"a": [1j]})
