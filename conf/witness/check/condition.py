"""The condition of an overlay: for which environments an expected text holds, such as ``jax<0.11 device=gpu``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

VERSIONS = ("jax", "jaxlib", "numpy", "python")
TERM = re.compile(r"(?P<name>[a-z]+)(?P<rest>[<>=!~].+)")


class NoCondition(ValueError):
    """The text is no condition; the message says why."""


@dataclass(frozen=True)
class Condition:
    """Terms that must all hold."""

    text: str

    def __post_init__(self) -> None:
        """Raise NoCondition where the text is none."""
        if not self._terms():
            raise NoCondition("an overlay needs a condition, such as `@ jax<0.11`")

    def holds(self, environment: Mapping[str, Any]) -> bool:
        """Return whether it holds in an environment, given as in a record.

        >>> Condition("jax>=0.10,<0.11 device=cpu").holds({"jax": "0.10.2", "platform": "cpu"})
        True
        >>> Condition("jax<0.11").holds({"jax": "0.12.0.1"})
        False
        """
        return all(
            environment.get("platform") == wanted
            if isinstance(wanted, str)
            else bool(environment.get(name)) and wanted.contains(str(environment[name]), prereleases=True)
            for name, wanted in self._terms()
        )

    def _terms(self) -> list[tuple[str, str | SpecifierSet]]:
        found: list[tuple[str, str | SpecifierSet]] = []
        for term in self.text.split():
            match = TERM.fullmatch(term)
            name, rest = (match["name"], match["rest"]) if match else ("", "")
            if name == "device" and re.fullmatch(r"=\w+", rest):
                found.append((name, rest[1:]))
            elif name in VERSIONS:
                try:
                    found.append((name, SpecifierSet(rest)))
                except InvalidSpecifier as error:
                    raise NoCondition(f"`{term}` is no range of versions") from error
            else:
                known = ", ".join([*(f"{name}<…" for name in VERSIONS), "device=…"])
                raise NoCondition(f"`{term}` is no condition; write {known}, without blanks inside")
        return found


def condition_for(environment: Mapping[str, Any], base: Mapping[str, str], others: list[Condition]) -> Condition | None:
    """Return the condition of an overlay for an environment, or None where the base text is its own.

    The base belongs to the newest JAX that it was accepted on, and to one kind of device. ``others`` are a cell's
    overlays: the new condition shares no environment with those for older versions of JAX.
    """
    terms = []
    ours, theirs = minor(str(environment.get("jax") or "0")), minor(base.get("jax", "0"))
    if ours < theirs:
        upper = f"{ours[0]}.{ours[1] + 1}"
        older = [match[1] for it in others if (match := re.search(r"\bjax\S*<(\d+\.\d+)(?!\S*\.\*)", it.text))]
        lower = max((bound for bound in older if minor(bound) <= ours), key=minor, default=None)
        terms.append(f"jax>={lower},<{upper}" if lower else f"jax<{upper}")
    if environment.get("platform") != base.get("device"):
        terms.append(f"device={environment.get('platform')}")
    return Condition(" ".join(terms)) if terms else None


def minor(version: str) -> tuple[int, int]:
    """Return the first two numbers of a version.

    >>> minor("0.12.0.1")
    (0, 12)
    """
    numbers = [int(number) for number in re.findall(r"\d+", version)[:2]]
    return (numbers[0], numbers[1]) if len(numbers) == 2 else (0, 0)
