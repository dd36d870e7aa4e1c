"""Which arrays a statement made, and which of them were waited for."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator

from witness.records.timing import Kind


class ArrayDependencies:
    """The programs that ran, what each was given and gave, and whether anyone waited for it.

    Who waits for a result has waited for all that it was made from. Arrays are held weakly: to watch keeps none alive.
    """

    def __init__(self, existing: Iterable[object] = ()) -> None:
        self.unsure = False
        """Whether something happened whose meaning is not known."""
        self._existing = {id(array): weakref.ref(array) for array in existing}
        self._known: dict[int, tuple[weakref.ref[object], int]] = {}
        self._parents: list[list[int]] = []
        self._done: set[int] = set()
        self._returned: set[int] = set()
        self._strangers: set[int] = set()

    def ran(self, inputs: Iterable[object], outputs: Iterable[object]) -> None:
        """Take in one program."""
        parents = [number for array in inputs if (number := self._number(array)) is not None]
        made = self._program(parents)
        for array in outputs:
            self._known[id(array)] = (weakref.ref(array), made)

    def view(self, array: object, parts: Iterable[object]) -> None:
        """Take in arrays that are parts of another one."""
        if (number := self._number(array)) is not None:
            for part in parts:
                self._known[id(part)] = (weakref.ref(part), number)

    def awaited(self, array: object, *, ours: bool = True) -> None:
        """Take in that an array was waited for, or converted to something on the host.

        ``ours`` says that the statement's own thread did so: in others, JAX hands callbacks arrays of unknown origin.
        """
        number = self._number(array)
        if self._exists(array) or (number is None and not ours):
            return
        if number is None:
            self.ran((), (array,))
            number = len(self._parents) - 1
            self._strangers.add(number)
        pending = [number]
        while pending:
            number = pending.pop()
            if number not in self._done:
                self._done.add(number)
                pending += self._parents[number]

    def returned(self, array: object) -> None:
        """Take in that an array is what a statement gave, or what it bound to a name."""
        if self._exists(array):
            return
        if self._number(array) is None:
            self.ran((), (array,))  # no program made it: it was copied to the device
        self._returned.update(self._numbers((array,)))

    def kind(self) -> Kind:
        """Return what a clock would have seen of all this.

        What a statement gave decides, where it gave arrays at all: something left aside on the way does not matter. It
        is dispatch when nobody waited for one of them, or for anything; where it gave none, and some was waited for and
        some was not, or where an array of unknown origin was waited for, it is unknown.
        """
        every = set(range(len(self._parents)))
        left = every - self._done
        if left & self._returned:
            return "unknown" if self.unsure or self._strangers - self._returned else "dispatch"
        if self.unsure:
            return "unknown"
        if not every:
            return "none"
        if not left:
            return "execution"
        if self._returned:
            return "unknown" if left & self._alive() else "execution"
        return "unknown" if self._done else "dispatch"

    def _program(self, parents: list[int]) -> int:
        self._parents.append(parents)
        return len(self._parents) - 1

    def _exists(self, array: object) -> bool:
        known = self._existing.get(id(array))
        return known is not None and known() is array

    def _number(self, array: object) -> int | None:
        known = self._known.get(id(array))
        return known[1] if known is not None and known[0]() is array else None

    def _numbers(self, arrays: Iterable[object]) -> Iterator[int]:
        return (number for array in arrays if (number := self._number(array)) is not None)

    def _alive(self) -> set[int]:
        return {number for reference, number in self._known.values() if reference() is not None}
