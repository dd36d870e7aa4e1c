"""Building in a process of its own, with a clock and the parent's peak memory."""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.sites import Site


@dataclass(frozen=True)
class Build:
    """One build."""

    seconds: float
    memory: float
    """Peak memory of the build process itself, its kernels apart, in MiB; 0 where the system does not tell."""
    status: int
    ran: int
    """Pages that were executed by our runner."""
    executing: float
    """Seconds for which pages were executed by our runner."""
    log: str


def build(site: Site, *arguments: str) -> Build:
    """Build a site and wait for the end."""
    log = site.folder / "log.txt"
    began = time.perf_counter()
    with log.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "sphinx", *site.arguments(*arguments)],
            stdout=file,
            stderr=file,
            stdin=subprocess.DEVNULL,
            env={name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")},
        )
        memory = 0.0
        while process.poll() is None:
            memory = max(memory, _peak(process.pid))
            time.sleep(0.02)
    seconds = time.perf_counter() - began
    text = log.read_text("utf-8", "replace")
    ran = len(re.findall(r"^\[\d+/\d+\] ", text, re.MULTILINE))
    executing = re.search(r"^\d+ pages in ([\d.]+) s", text, re.MULTILINE)
    return Build(seconds, memory, process.returncode, ran, float(executing[1]) if executing else 0.0, text)


def _peak(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


@dataclass(frozen=True)
class Samples:
    """Repeated measurements of one thing, in seconds."""

    values: Sequence[float]

    @property
    def median(self) -> float:
        """The median."""
        return statistics.median(self.values)

    def __str__(self) -> str:
        if len(self.values) == 1:
            return f"{self.median:.2f} s (one run)"
        return f"{self.median:.2f} s ({min(self.values):.2f} to {max(self.values):.2f}, {len(self.values)} runs)"
