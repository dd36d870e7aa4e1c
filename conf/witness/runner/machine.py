"""What is known of this machine, for the scrubber."""

from __future__ import annotations

import getpass
import os
import site
import socket
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

from ipykernel.compiler import murmur2_x86

from witness.reading.plan import Plan
from witness.records.scrub import Machine

EVERYWHERE = ("/", "/bin", "/opt", "/root", "/usr", "/usr/bin", "/usr/local")
"""Places that are the same on every machine."""

CELL_SEED = 0xC70F6907
"""The seed with which ipykernel names the file of a cell (``ipykernel.compiler.get_tmp_hash_seed``)."""


def machine(records: Path, source: Path | None) -> Machine:
    """Return the places, people and secrets of this machine that no record may show."""
    places: dict[str, str] = {}

    def known(path: str | Path | None, shown: str) -> None:
        if path and str(path) not in EVERYWHERE:
            for spelling in (str(path), str(Path(path).resolve())):
                places.setdefault(spelling.rstrip("/"), shown)

    for packages in (sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), site.getusersitepackages()):
        places[f"{packages}/"] = ""
        known(packages, "site-packages")
    known(sysconfig.get_path("stdlib"), "python")
    known(records, "records")
    if source and str(source.parent) not in EVERYWHERE:
        places[f"{source.parent}/"] = ""
        known(source.parent, ".")
    known(sys.prefix, "environment")
    known(sys.base_prefix, "python")
    known(Path.home(), "~")
    return Machine(
        places=list(places.items()),
        hosts=_hosts(),
        users=_users(),
        secrets=[os.environ[n] for n in ("PATH",) if n in os.environ],
    )


def cell_names(plan: Plan, pid: int) -> Mapping[str, str]:
    """Return the file that ipykernel names for each cell of a page, and what a reader sees instead.

    A cell that shows an example file is that file, for both have the same lines.
    """
    import tempfile

    folder = Path(tempfile.gettempdir()) / f"ipykernel_{pid}"
    return {
        str(folder / f"{murmur2_x86(cell.source, CELL_SEED)}.py"): cell.shows or f"<cell {cell.number}>"
        for cell in reversed(plan.cells)
    }


def _hosts() -> list[str]:
    name = socket.gethostname()
    return sorted({name, name.split(".")[0]} - {"", "localhost"})


def _users() -> list[str]:
    try:
        return [getpass.getuser()]
    except (KeyError, OSError):
        return []
