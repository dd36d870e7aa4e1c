"""One codec for all that is kept as JSON: dataclasses become objects, and are read back by the types of their fields.

It is our own because the kernel extension runs where only the page's own packages are.
"""

from __future__ import annotations

import reprlib
import types
from collections.abc import Callable, Sequence
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")
Reader = Callable[[Any], Any]

SAID = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "an object",
}


class Misfit(ValueError):
    """Data that is not of a type: which part of it, what it is, and what it should be."""

    def __init__(self, got: Any, expected: str) -> None:
        super().__init__(got, expected)
        self.path = ""
        self.got = reprlib.repr(got)
        self.expected = expected

    def within(self, part: str) -> Misfit:
        """Return it as the misfit of what has this part: a field's name, or ``[3]``."""
        self.path = part + ("." if part and self.path and self.path[0] != "[" else "") + self.path
        return self

    def __str__(self) -> str:
        return (
            f"`{self.path}` is {self.got}, not {self.expected}" if self.path else f"{self.got} is not {self.expected}"
        )


class Row:
    """A dataclass that is written as the list of its fields, for there are many of it."""

    __slots__ = ()


def encode(item: Any) -> Any:
    """Return JSON data that :func:`decode` reads back: a dataclass as an object, a tuple as a list.

    Raises TypeError where there is something else in it.
    """
    kind = type(item)
    if item is None or isinstance(item, (str, int, float)):
        return item
    if isinstance(item, (list, tuple)):
        return [encode(each) for each in item]
    if isinstance(item, dict):
        return {name: encode(each) for name, each in item.items()}
    if not is_dataclass(kind):
        raise TypeError(f"{kind.__qualname__} cannot be kept as JSON")
    found = {field.name: encode(getattr(item, field.name)) for field in fields(kind)}
    return [*found.values()] if isinstance(item, Row) else found


def decode(kind: type[T], data: Any, name: str = "") -> T:
    """Return what JSON data says, as a dataclass or another type, such as ``list[Call]``.

    Raises ValueError: a `Misfit`, which names the part that is unknown, missing without a default, or not of its type,
    within data of this ``name``; or what the dataclass itself says.
    """
    try:
        return cast("T", _part(name, kind, data))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


@cache
def _reader(kind: Any) -> Reader:
    """Return the function that reads one type."""
    origin, arguments = get_origin(kind) or kind, get_args(kind)
    if kind is Any:
        return lambda data: data
    if is_dataclass(kind):
        return _object(kind)
    if origin is Literal:
        return _checked(lambda data: data in arguments, " or ".join(map(repr, arguments)))
    if origin in (types.UnionType, Union):
        (each,) = (it for it in arguments if it is not type(None))
        return lambda data: None if data is None else _reader(each)(data)
    if origin in (list, Sequence):
        return lambda data: [*_items(_is(list, data), arguments[0])]
    if origin is tuple and arguments[-1] is Ellipsis:
        return lambda data: tuple(_items(_is(list, data), arguments[0]))
    if origin is tuple:
        return lambda data: tuple(_row(_is(list, data), arguments))
    if origin is dict:
        return lambda data: {name: _part(str(name), arguments[1], each) for name, each in _is(dict, data).items()}
    if kind is float:
        return _checked(lambda data: isinstance(data, (float, int)) and not isinstance(data, bool), SAID[kind])
    return lambda data: _is(kind, data)


def _checked(fits: Callable[[Any], bool], expected: str) -> Reader:
    def read(data: Any) -> Any:
        if not fits(data):
            raise Misfit(data, expected)
        return data

    return read


def _is(kind: type[T], data: Any) -> T:
    if not isinstance(data, kind) or (isinstance(data, bool) and kind is not bool):
        raise Misfit(data, SAID[kind])
    return data


def _items(data: Sequence[Any], kind: Any) -> Sequence[Any]:
    """Read the items of a list, which are all of one type."""
    if kind in (str, int, bool, Any) and all(type(each) is kind for each in data):
        return data
    return _row(data, [kind] * len(data))


def _row(data: Sequence[Any], kinds: Sequence[Any]) -> Sequence[Any]:
    if len(data) != len(kinds):
        raise Misfit(data, f"a list of {len(kinds)}")
    return [_part(f"[{number}]", kind, each) for number, (kind, each) in enumerate(zip(kinds, data, strict=True))]


def _part(name: str, kind: Any, data: Any) -> Any:
    try:
        return _reader(kind)(data)
    except Misfit as misfit:
        raise misfit.within(name) from None


def _object(kind: Any) -> Reader:
    hints = get_type_hints(kind)
    known = {field.name: hints[field.name] for field in fields(kind) if field.init}
    needed = {field.name for field in fields(kind) if field.init and field.default is field.default_factory is MISSING}
    made = {field.name for field in fields(kind)} - known.keys()

    def read(data: Any) -> Any:
        if issubclass(kind, Row):
            return kind(*_row(_is(list, data), [*known.values()]))
        given = _is(dict, data)
        if missing := needed - given.keys():
            raise Misfit(given, "an object with " + " and ".join(f"`{name}`" for name in sorted(missing)))
        values = {}
        for name, each in given.items():
            if name in known:
                values[name] = _part(name, known[name], each)
            elif name not in made:
                raise Misfit(each, "known").within(name)
        return kind(**values)

    return read
