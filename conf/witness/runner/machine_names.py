"""What is known of this machine, for the scrubber."""

from __future__ import annotations

import os
import site
import socket
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ipykernel.compiler import murmur2_x86

from witness.kernels.manager import PAGE, TEMPORARY, Kernel
from witness.reading.plan import Cell, Plan
from witness.records.place import tells
from witness.records.scrub import Machine, MachinePath

EVERYWHERE = (
    *("/", "/bin", "/dev/shm", "/home", "/opt", "/private/tmp", "/root", "/tmp", "/Users", "/var/tmp"),
    *("/usr", "/usr/bin", "/usr/lib", "/usr/local", "/usr/local/bin", "/usr/local/lib"),
)
"""Places that are the same on every machine."""

PACKAGES = ("site-packages", "dist-packages")

CELL_SEED = 0xC70F6907
"""The seed with which ipykernel names the file of a cell (``ipykernel.compiler.get_tmp_hash_seed``)."""


@dataclass(frozen=True)
class Interpreter:
    """Where a Python finds what it imports, and where its kernel believes cells to be."""

    path: Sequence[str]
    """``sys.path``."""
    library: str
    """The folder of the standard library."""
    prefixes: Sequence[str]
    """The folders of its environment and of what that was made of."""
    files: str = ""
    """The folder that it names for the files of cells, if it is a kernel's."""


def machine(records: Path, source: Path | None) -> Machine:
    """Return the places, hosts and secrets of this machine that no record may show."""
    packages = (sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), site.getusersitepackages())
    path = [*sys.path, *(folder for folder in packages if Path(folder).exists())]
    here = Interpreter(path, sysconfig.get_path("stdlib"), (sys.prefix, sys.base_prefix))
    places = [
        *_packages(here),
        *_at(records, "records"),
        *(_of_source(source) if source else ()),
        *_prefixes(here),
        *_at(Path.home(), "~"),
        *_at(tempfile.gettempdir(), "<temporary>"),
    ]
    return Machine(
        places=[*places, *_others(here, places)],
        hosts=_hosts(),
        secrets=_secrets(),
    )


def of_page(known: Machine, plan: Plan, kernel: Kernel | None, interpreter: Interpreter | None) -> Machine:
    """Return what is known of this machine and of what a page had there: its folder, its kernel, its cells."""
    places: list[MachinePath] = []
    if kernel:
        folder = kernel.folder
        places += [*_at(folder / PAGE, "."), *_at(folder / TEMPORARY, "<temporary>")]
        places += [*_at(folder, "<temporary>"), *_at(folder.parent, "<temporary>")]
        places += _at(f"/proc/{kernel.pid}", "/proc/N")
    if interpreter:
        places += [*_packages(interpreter), *known.places, *_prefixes(interpreter)]
        places += _others(interpreter, places)
    else:
        places += known.places
    return replace(
        known,
        places=places,
        pid=kernel.pid if kernel else None,
        files=interpreter.files if interpreter else "",
        cells=_cells(plan, interpreter.files) if interpreter else {},
    )


def cell_hash(cell: Cell) -> int:
    """Return the number by which ipykernel names the file of a cell."""
    return int(murmur2_x86(cell.source, CELL_SEED))


def cell_line(cell: Cell, calls: Iterable[tuple[str, int]], plan: Plan) -> int:
    """Return the line of a cell's code, from 1, that the innermost of these calls in it is on; 1 without any.

    A call is a file and a line in it; equal code on a page has the next number.
    """
    twins = range(cell_hash(cell), cell_hash(cell) + len(plan.cells))
    lines = [line for file, line in calls if (stem := Path(file).stem).isdecimal() and int(stem) in twins]
    return max(1, min(lines[-1], cell.source.count("\n") + 1)) if lines else 1


def cell_name(cell: Cell) -> str:
    """Return what a reader sees instead of the file of a cell: one that shows an example file is that file.

    Both have the same lines.
    """
    return cell.shows or f"<cell {cell.number}>"


def _cells(plan: Plan, folder: str) -> Mapping[str, str]:
    """Return the file that ipykernel names for each cell of a page, and what a reader sees instead."""
    return {f"{folder}/{cell_hash(cell)}.py": cell_name(cell) for cell in reversed(plan.cells) if not cell.skip}


def _packages(it: Interpreter) -> Iterator[MachinePath]:
    for folder in it.path:
        if Path(folder).name in PACKAGES:
            yield from _below(folder, "", "site-packages")
    yield from _at(it.library, "python")


def _prefixes(it: Interpreter) -> Iterator[MachinePath]:
    for folder, shown in zip(it.prefixes, ("environment", "python"), strict=True):
        yield from _at(folder, shown)


def _others(it: Interpreter, known: Sequence[MachinePath]) -> Iterator[MachinePath]:
    """Yield the other folders that a Python imports from, as that of a package in development."""
    for folder in it.path:
        if not any(f"{folder}/".startswith(f"{place.rstrip('/')}/") for place, _ in known):
            yield from _below(folder, "", ".")


def _of_source(source: Path) -> Iterator[MachinePath]:
    """Yield a site's folder by what is above it, which is its project's, as far as that may be."""
    if str(source.parent) in EVERYWHERE or source.parent == Path.home():
        yield from _at(source, source.name)
    else:
        yield from _below(source.parent, "", ".")


def _below(folder: str | Path, below: str, at: str) -> Iterator[MachinePath]:
    for path, _ in _at(folder, at):
        yield from ((f"{path}/", below), (path, at))


def _at(folder: str | Path, shown: str) -> Iterator[MachinePath]:
    """Yield the spellings of an absolute path, with what a reader sees instead; IPython writes ``~`` for the home."""
    home = str(Path.home())
    for path in dict.fromkeys((str(folder).rstrip("/"), str(Path(folder).resolve()))):
        if path.startswith("/") and path not in EVERYWHERE:
            yield path, shown
            if path.startswith(f"{home}/"):
                yield f"~{path.removeprefix(home)}", shown


def _secrets() -> list[str]:
    """Return the values of variables that no page may show: the search path, where it is not that of any machine."""
    path = os.environ.get("PATH", "")
    return [path] if any(map(tells, path.split(os.pathsep))) else []


def _hosts() -> list[str]:
    name = socket.gethostname()
    return sorted({name, name.split(".")[0]} - {"", "localhost"})
