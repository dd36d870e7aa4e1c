"""What JAX finds on this machine, and the cheap signs by which the answer is kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from witness.records.store import write_whole
from witness.runner.variables import decisive, needed

NODES = ("/dev/nvidia*", "/dev/accel*", "/dev/kfd", "/dev/vfio/*", "/proc/driver/nvidia/version")
"""Cheap signs of an accelerator and its driver."""


class Facts:
    """What JAX finds on this machine, asked in a process of its own while the build goes on with other things."""

    def __init__(self, folder: Path) -> None:
        """Begin to ask, unless the answer is kept below ``folder`` and no cheap sign has changed.

        So a build that changes nothing imports no JAX.
        """
        self._kept = folder / "facts.json"
        self.flags = decisive()
        self.plugins = _plugins()
        self._signs = {
            "python": sys.version,
            "prefix": sys.prefix,
            "versions": {name: installed(name) for name in ("jax", "jaxlib", "numpy")},
            "plugins": self.plugins,
            "flags": self.flags,
            "nodes": _nodes(),
            "paths": {name: os.environ.get(name) for name in ("PYTHONPATH", "LD_LIBRARY_PATH")},
        }
        self._facts = self._read()
        self._process = None if self._facts else self._ask()

    def answer(self) -> dict[str, str]:
        """Wait for the answer; one without JAX or a device holds only ``error``."""
        if self._facts is None:
            assert self._process is not None
            try:
                self._facts = dict(json.loads(self._process.communicate(timeout=300)[0].splitlines()[-1]))
            except (ValueError, IndexError, subprocess.TimeoutExpired) as error:
                self._process.kill()
                return {"error": f"asking it for its devices failed ({type(error).__name__})"}
            if "error" not in self._facts:
                kept = json.dumps({"signs": self._signs, "facts": self._facts}, indent=1)
                write_whole(self._kept, kept.encode())
        return self._facts

    def _read(self) -> dict[str, str] | None:
        try:
            kept = json.loads(self._kept.read_text("utf-8"))
            return dict(kept["facts"]) if kept["signs"] == self._signs else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _ask(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, str(Path(__file__).parent.parent / "kernel" / "facts.py")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=needed(),
        )


def installed(package: str) -> str | None:
    """Return the version of an installed package."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _plugins() -> dict[str, str]:
    """Return JAX's accelerator packages by their installed folders' names, which is quicker than their metadata."""
    found = {}
    for folder in Path(sysconfig.get_path("purelib")).glob("*.dist-info"):
        name, _, number = folder.name.removesuffix(".dist-info").partition("-")
        if name.startswith(("jax_", "libtpu")) or name.endswith("_xla_extension"):
            found[name] = number
    return dict(sorted(found.items()))


def _nodes() -> list[str]:
    found = []
    for pattern in NODES:
        for path in sorted(Path("/").glob(pattern.removeprefix("/"))):
            content = path.read_text("utf-8", "replace") if path.is_file() else ""
            found.append(f"{path} {content}".strip())
    return found
