"""An environment for each version of JAX: all else is as the book's lock says. Needs a package index."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".build" / "drift"
OLDEST = "0.10.2"


class NoEnvironment(Exception):
    """It cannot be made; the message is one line."""


def uv(*arguments: str, check: bool = True, given: str = "") -> str:
    """Return what uv prints. Raises NoEnvironment with its last line where it must succeed and does not."""
    done = subprocess.run(["uv", *arguments], cwd=ROOT, input=given, capture_output=True, text=True, check=False)
    if done.returncode and check:
        raise NoEnvironment(f"uv {' '.join(arguments[:2])}: {(done.stderr.strip().splitlines() or ['failed'])[-1]}")
    return "" if done.returncode else done.stdout


def resolved(python: str, need: str, *, pre: bool = False) -> str | None:
    """Return the version of JAX that a requirement gives a Python, or None."""
    options = ["--prerelease=allow"] if pre else []
    text = uv(
        *("pip", "compile", "--quiet", "--no-header", "--no-annotate", f"--python-version={python}"),
        *options,
        "-",
        check=False,
        given=need,
    )
    found = re.search(r"^jax==(\S+)", text, re.MULTILINE)
    return found[1] if found else None


def versions(python: str) -> list[str]:
    """Return the oldest version that the book holds for, the newest, and the newest pre-release, where there is one."""
    found = [OLDEST, resolved(python, "jax"), resolved(python, "jax", pre=True)]
    return list(dict.fromkeys(version for version in found if version))


def pythons() -> dict[str, str]:
    """Return the interpreters to try, by their version: this one first, then the newest that are installed."""
    here = "{}.{}".format(*sys.version_info)
    others = [other for other in ("3.13", "3.12", "3.11") if other != here]
    found = {other: uv("python", "find", "--no-python-downloads", other, check=False).strip() for other in others}
    return {here: sys.executable, **{other: path for other, path in found.items() if path}}


def choose(wanted: Sequence[str]) -> dict[str, str]:
    """Return the Python for each version: one for all where there is one, else the first that can have it.

    Raises NoEnvironment.
    """
    found = list(pythons())
    can = {python: {version for version in wanted if resolved(python, f"jax=={version}")} for python in found}
    for python in found:
        if can[python] == set(wanted):
            return dict.fromkeys(wanted, python)
    chosen = {}
    for version in wanted:
        able = [python for python in found if version in can[python]]
        if not able:
            raise NoEnvironment(f"jax {version} cannot be installed for Python {', '.join(found)}")
        chosen[version] = able[0]
    return chosen


def constraints(lock: str) -> str:
    """Return what a lock pins, without its hashes and without JAX."""
    pins = re.findall(r"^([A-Za-z0-9][^\\\n]*?) \\$", lock, re.MULTILINE)
    return "\n".join(pin for pin in pins if not re.match(r"jax(lib)?==", pin))


def make(version: str, python: str) -> Path:
    """Return the interpreter of an environment with a version of JAX, made if need be. Raises NoEnvironment."""
    folder = ROOT / ".nox" / f"drift-{version}-py{python}"
    interpreter, stamp = folder / "bin" / "python", folder / "installed.txt"
    lock = constraints((ROOT / "requirements.txt").read_text("utf-8"))
    if stamp.exists() and stamp.read_text("utf-8") == lock:
        return interpreter
    uv("venv", "--quiet", "--clear", "--no-python-downloads", f"--python={pythons()[python]}", str(folder))
    FOLDER.mkdir(parents=True, exist_ok=True)
    limits = FOLDER / f"constraints-{version}.txt"
    limits.write_text(lock, "utf-8")
    options = ["--quiet", f"--python={interpreter}", f"--constraint={limits}", "--group=book", "--prerelease=allow"]
    uv("pip", "install", *options, f"jax=={version}", f"jaxlib=={version}", "--editable", ".")
    stamp.write_text(lock, "utf-8")
    return interpreter
