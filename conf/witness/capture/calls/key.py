"""How a call of a jitted function looks to JAX: what its caches go by, in words, to be compared with another's."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from witness import jax_private

OPTIONS = ("static_argnums", "static_argnames", "donate_argnums")

SHORT = 60
"""Characters of a value that are shown."""


@dataclass(frozen=True)
class Leaf:
    """One array or number that is handed over."""

    type: str
    kind: str
    """Its class."""
    placed: str
    """Where it was put by name."""

    @classmethod
    def of(cls, value: Any) -> Leaf:
        """Return what JAX sees of a leaf."""
        import jax

        try:
            seen = str(jax.typeof(value))
        except TypeError:
            seen = f"an object of class {type(value).__name__}"
        placed = f"committed to {_place(value.sharding)}" if getattr(value, "committed", False) else "not committed"
        kind = "jax.Array" if isinstance(value, jax.Array) else type(value).__name__
        return cls(seen, kind, placed)

    def unlike(self, before: Leaf) -> Iterator[str]:
        """Yield what differs from an earlier one; the class only where the type does not."""
        if self.type != before.type:
            yield _changed(self.type, before.type)
        elif self.kind != before.kind:
            yield _changed(self.kind, before.kind)
        if self.placed != before.placed:
            yield _changed(self.placed, before.placed)


@dataclass(frozen=True)
class Key:
    """How one call looks."""

    style: Mapping[str, str]
    structure: Mapping[str, str]
    leaves: Mapping[str, Leaf]
    static: Mapping[str, Any]
    options: str
    """What was said to ``jit``."""
    settings: Mapping[str, str]

    @classmethod
    def of(cls, function: Any, arguments: tuple[Any, ...], named: Mapping[str, Any]) -> Key:
        """Return how a call looks."""
        import jax

        info = getattr(function, "_jit_info", None)
        numbers, names = getattr(info, "static_argnums", ()), getattr(info, "static_argnames", ())
        positions = dict(zip(_parameters(function, len(arguments)), arguments, strict=True))
        fixed = {name for n, name in enumerate(positions) if n in numbers or n - len(positions) in numbers} | {*names}
        given = {**positions, **named}
        leaves, structure = {}, {}
        for name, value in given.items():
            if name not in fixed:
                found, tree = jax.tree_util.tree_flatten_with_path(value)
                structure[name] = str(tree).removeprefix("PyTreeDef(").removesuffix(")")
                leaves.update({name + jax.tree_util.keystr(path): Leaf.of(leaf) for path, leaf in found})
        return cls(
            {**dict.fromkeys(positions, "given by position"), **dict.fromkeys(named, "given by name")},
            structure,
            leaves,
            {name: value for name, value in given.items() if name in fixed},
            ", ".join(f"{it}={getattr(info, it, None)}" for it in OPTIONS),
            {name: _short(value) for name, value in jax_private.settings().items()},
        )

    def unlike(self, before: Key) -> list[str]:
        """Return what differs from an earlier call, each in words."""
        lines = [f"{name}: {words}" for name, words in _unlike(self.style, before.style, "not given")]
        common = [name for name in self.structure if name in before.structure]
        changed = [name for name in common if self.structure[name] != before.structure[name]]
        lines += [f"{name}: {_changed(self.structure[name], before.structure[name])}" for name in changed]
        for path, leaf in self.leaves.items():
            if path in before.leaves:
                lines += [f"{path}: {words}" for words in leaf.unlike(before.leaves[path])]
        for name, value in self.static.items():
            if name in before.static and not _same(value, before.static[name]):
                lines.append(f"{name}: {_changed(f'static {_short(value)}', _short(before.static[name]))}")
        lines += [f"{name}: {words}" for name, words in _unlike(self.settings, before.settings, "not set")]
        return lines + ([_changed(self.options, before.options)] if self.options != before.options else [])


def _place(sharding: Any) -> str:
    devices = list(sharding.device_set)
    return f"{devices[0].platform}:{devices[0].id}" if len(devices) == 1 else str(sharding)


def _unlike(now: Mapping[str, str], before: Mapping[str, str], absent: str) -> Iterator[tuple[str, str]]:
    for name in {**now, **before}:
        if now.get(name) != before.get(name):
            yield name, _changed(now.get(name, absent), before.get(name, absent))


def _changed(now: str, before: str) -> str:
    return f"{now}, before {before}"


def _same(one: Any, other: Any) -> bool:
    try:
        return type(one) is type(other) and bool(one == other)
    except Exception:  # an array is no truth value
        return False


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= SHORT else f"{text[: SHORT - 1]}…"


def _parameters(function: Callable[..., Any], count: int) -> list[str]:
    """Return names for the first arguments."""
    try:
        known = [*inspect.signature(function).parameters.values()]
    except (TypeError, ValueError):
        known = []
    named = [it.name for it in known if it.kind <= it.POSITIONAL_OR_KEYWORD]
    return (named + [f"argument {n + 1}" for n in range(len(named), count)])[:count]
