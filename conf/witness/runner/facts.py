"""What JAX finds on this machine, and the cheap signs by which the answer is kept."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from witness.kernels.forkserver_process import ForkserverProcess
from witness.kernels.protocol import Hello
from witness.records.store import write_whole
from witness.runner.variables import decisive, needed, variables

DEVICES_TIMEOUT = 300.0
"""Seconds within which JAX must have found its devices."""

NODES = ("/dev/nvidia*", "/dev/accel*", "/dev/kfd", "/dev/vfio/*", "/proc/driver/nvidia/version")
"""Cheap signs of an accelerator and its driver."""


class Facts:
    """What JAX finds on this machine, asked in a process of its own while the build goes on with other things."""

    def __init__(self, folder: Path, *, reproducible: bool, given: Mapping[str, str] = os.environ) -> None:
        """Begin to ask, unless the answer is kept below ``folder`` and no cheap sign has changed.

        So a build that changes nothing imports no JAX. Where kernels may be forked, the process that is asked is the
        forkserver of the pages that are going to run; ``reproducible`` and ``given`` decide their environment.
        """
        interpreter = hashlib.sha256(f"{sys.version} {sys.prefix}".encode()).hexdigest()[:8]  # several share records
        self._kept = folder / f"facts-{interpreter}.json"
        self._given = given
        self.flags = decisive(given)
        self.plugins = _plugins()
        self._signs = {
            "python": sys.version,
            "prefix": sys.prefix,
            "versions": {name: installed(name) for name in ("jax", "jaxlib", "numpy")},
            "plugins": self.plugins,
            "flags": self.flags,
            "nodes": _nodes(),
            "paths": {name: given.get(name) for name in ("PYTHONPATH", "LD_LIBRARY_PATH")},
        }
        self._facts = self._read()
        shown = variables(folder / "scratch", reproducible=reproducible, given=given)
        self._forkserver = None if self._facts else _asked_forkserver(shown)

    @property
    def known(self) -> bool:
        """Whether the answer was kept, so that nobody has to be waited for."""
        return self._facts is not None

    def answer(self) -> dict[str, Any]:
        """Wait for the answer; one without JAX or a device holds only ``error``."""
        if self._facts is None:
            said = self._forkserver.wait(DEVICES_TIMEOUT) if self._forkserver else Hello()
            self._facts = said.facts or _asked_alone(needed(self._given))
            if "error" not in self._facts:
                kept = json.dumps({"signs": self._signs, "facts": self._facts}, indent=1)
                write_whole(self._kept, kept.encode())
        return self._facts

    def take_forkserver(self) -> ForkserverProcess | None:
        """Return the fork server that was asked, if there is one: whoever takes it ends it."""
        forkserver, self._forkserver = self._forkserver, None
        return forkserver

    def close(self) -> None:
        """End the fork server that nobody took."""
        if forkserver := self.take_forkserver():
            forkserver.end()

    def _read(self) -> dict[str, Any] | None:
        try:
            kept = json.loads(self._kept.read_text("utf-8"))
            return dict(kept["facts"]) if kept["signs"] == self._signs else None
        except (OSError, ValueError, KeyError, TypeError):
            return None


def _asked_forkserver(environment: Mapping[str, str]) -> ForkserverProcess | None:
    """Return a fork server that was started to find the facts, where kernels may be forked at all.

    It starts as most kernels do: whether the kernel's specification has it otherwise, who takes it looks up meanwhile.
    """
    return ForkserverProcess(environment, warm=True, ask=True) if sys.platform == "linux" else None


def _asked_alone(environment: Mapping[str, str]) -> dict[str, Any]:
    """Return what a process of its own finds."""
    try:
        asked = subprocess.run(
            [sys.executable, str(Path(__file__).parent.parent / "kernels" / "parent" / "devices.py")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
            timeout=DEVICES_TIMEOUT,
            check=False,
        )
        return dict(json.loads(asked.stdout.splitlines()[-1]))
    except (ValueError, IndexError, subprocess.TimeoutExpired) as error:
        there = {"jax": number} if (number := installed("jax")) else {}
        return {**there, "error": f"asking it for its devices failed ({type(error).__name__})"}


@cache
def installed(package: str) -> str | None:
    """Return the version of an installed package; it is looked for once."""
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
