"""For which types JAX worked on a function: those of its arguments and of its results."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TypeVar

T = TypeVar("T")

RAISED = "(error)"
"""What stands for results that never were: the body raised an error."""

MAX_TYPES = 8
"""What is shown in full: of more, the first few."""
FIRST = 6

DTYPE = re.compile(r"([\w<>]+)\[")


@dataclass(frozen=True)
class Signature:
    """The types of a function's arguments and results, leaf by leaf, as JAX writes them.

    ``float32[2,3]`` is an array; ``~float32[]`` is one with a weak type, which a Python number has. Static arguments
    have none.
    """

    arguments: tuple[str, ...]
    results: tuple[str, ...] | None
    """None where the body raised an error."""
    traced: int = 0
    """How often the body ran for them; 0 where a trace was there already, or a program was made without one."""

    @property
    def text(self) -> str:
        """All of it.

        >>> Signature(("float32[3]", "~float32[]"), ("float32[3]",)).text
        'float32[3], ~float32[] → float32[3]'
        """
        return self._text(whole=True)

    @property
    def short(self) -> str:
        """It, with many types folded.

        >>> Signature(tuple(f"float32[{n}]" for n in range(40)), ("float32[]",) * 3).short
        'float32[0], float32[1], float32[2], float32[3], float32[4], float32[5], … 34 more → 3 × float32[]'
        """
        return self._text(whole=False)

    @property
    def dtypes(self) -> set[str]:
        """The dtypes in it; what it takes with a weak type, most often a Python number, does not count.

        >>> sorted(Signature(("float16[3]", "~int32[]"), ("bool[3]",)).dtypes)
        ['bool', 'float16']
        """
        strong = [one for one in self.arguments if not one.startswith("~")]
        found = (DTYPE.search(one) for one in (*strong, *(self.results or ())))
        return {match[1] for match in found if match}

    def covers(self, other: Signature) -> bool:
        """Return whether a program for other types may have been made of this trace: without those it does not use."""
        left = iter(self.arguments)
        return self.results == other.results and all(one in left for one in other.arguments)

    def _text(self, *, whole: bool) -> str:
        results = RAISED if self.results is None else _side(self.results, whole=whole)
        return f"{_side(self.arguments, whole=whole)} → {results}"


def merged(signatures: Iterable[Signature]) -> list[Signature]:
    """Return signatures in the order of their first, equal ones as one."""
    found: dict[Signature, int] = {}
    for it in signatures:
        types = replace(it, traced=0)
        found[types] = found.get(types, 0) + it.traced
    return [replace(types, traced=times) for types, times in found.items()]


def folded(many: Sequence[T]) -> tuple[Sequence[T], Sequence[T]]:
    """Return what is shown of many, and the rest.

    >>> folded("abcdefghi")
    ('abcdef', 'ghi')
    """
    return (many, many[:0]) if len(many) <= MAX_TYPES else (many[:FIRST], many[FIRST:])


def _side(types: Sequence[str], *, whole: bool) -> str:
    groups = [(one, len(list(equal))) for one, equal in groupby(types)]
    parts = [it for one, count in groups for it in ([(f"{count} × {one}", count)] if count > 2 else [(one, 1)] * count)]
    shown, rest = (parts, []) if whole else folded(parts)
    more = [f"… {sum(count for _, count in rest)} more"] if rest else []
    return ", ".join([text for text, _ in shown] + more) or "()"
