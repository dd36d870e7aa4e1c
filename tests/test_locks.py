"""The locks: each holds its group, pins everything by hash, and agrees with the others."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]


PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


GROUPS = {**PROJECT["dependency-groups"], **PROJECT["project"]["optional-dependencies"]}


LOCKS = sorted(ROOT.glob("requirements*.txt"))


def pins(lock: Path) -> list[tuple[Requirement, int]]:
    """Return each requirement that a lock pins, with its number of hashes."""
    entry = re.compile(r"^(\S.*?) \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.MULTILINE)
    return [(Requirement(line), hashes.count("--hash")) for line, hashes in entry.findall(lock.read_text())]


def name_of(requirement: str) -> str:
    return canonicalize_name(Requirement(requirement).name)


def needs(group: str) -> set[str]:
    """Return the names that a dependency group asks for, with those of the groups it includes."""
    names: set[str] = set()
    for need in GROUPS[group]:
        names |= needs(need["include-group"]) if isinstance(need, dict) else {name_of(need)}
    return names


def lock_of(group: str) -> Path:
    return ROOT / ("requirements.txt" if group == "book" else f"requirements-{group}.txt")


def pinned(lock: Path, name: str, python: str) -> str:
    """Return the one version of a package that a lock gives a Python on Linux."""
    there = {"python_version": python, "python_full_version": f"{python}.9", "sys_platform": "linux"}
    found = [
        str(pin.specifier)
        for pin, _ in pins(lock)
        if pin.name == name and (pin.marker is None or pin.marker.evaluate(there))
    ]
    assert len(found) == 1, f"{lock.name} gives Python {python} {found} for {name}"
    return found[0]


def test_every_group_has_its_lock() -> None:
    assert [lock.name for lock in LOCKS] == sorted(lock_of(group).name for group in GROUPS)


@pytest.mark.parametrize("group", GROUPS)
def test_a_lock_holds_its_group(group: str) -> None:
    wanted = needs(group)
    if group != "nox":
        wanted |= needs("book") | set(map(name_of, PROJECT["project"]["dependencies"]))
    assert wanted - {pin.name for pin, _ in pins(lock_of(group))} == set()


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_pins_everything_by_hash(lock: Path) -> None:
    lines = [line for line in lock.read_text().splitlines() if line and not line.startswith((" ", "#"))]
    assert len(lines) == len(pins(lock)) > 0
    assert all(re.match(r"==[^,*]+$", str(pin.specifier)) and pin.url is None for pin, _ in pins(lock))


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
@pytest.mark.parametrize("group", ["book", "dask", "dev", "cuda13", "tpu"])
def test_jax_is_the_one_this_python_can_have(group: str, python: str) -> None:
    wanted = "==0.10.2" if python == "3.11" else "==0.12"
    for name in ("jax", "jaxlib"):
        assert pinned(lock_of(group), name, python).startswith(wanted)


def test_locks_agree() -> None:
    ours = {(pin.name, str(pin.marker)): str(pin.specifier) for pin, _ in pins(lock_of("dev"))}
    other = [
        f"{lock.name}: {pin}, not {ours[key]}"
        for lock in LOCKS
        for pin, _ in pins(lock)
        if (key := (pin.name, str(pin.marker))) in ours and ours[key] != str(pin.specifier)
    ]
    assert other == []
