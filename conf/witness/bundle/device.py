"""The device on which pages ran, as a reader tells it from another."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self


@dataclass(frozen=True)
class Device:
    """What a reader must know of a device; nothing in it tells one machine from another of its kind."""

    platform: str
    """JAX's name of the backend: ``cpu``, ``gpu`` or ``tpu``; ``none`` without JAX."""
    kind: str
    """JAX's name of the device."""
    count: int
    jax: str
    python: str
    system: str
    cpu: str
    """What the processor is called; empty where the system does not say."""
    cores: int

    @classmethod
    def of(cls, environment: Mapping[str, Any], cpu: str, cores: int) -> Self:
        """Return the device of an environment on a machine with such a processor."""
        return cls(
            platform=str(environment["platform"]),
            kind=str(environment["device"]),
            count=int(environment["devices"]),
            jax=str(environment["jax"] or ""),
            python=str(environment["python"]),
            system=str(environment["system"]),
            cpu=cpu,
            cores=cores,
        )

    @property
    def simulated(self) -> bool:
        """Whether one CPU stands for several devices."""
        return self.platform == "cpu" and self.count > 1

    @property
    def name(self) -> str:
        """What the device is called: a CPU by its processor's name, for to JAX they are all alike.

        >>> Device("cpu", "cpu", 8, "0.12.0", "3.13.1", "Linux x86_64", "AMD EPYC 7B13", 2).name
        '8 simulated devices on AMD EPYC 7B13'
        >>> Device("gpu", "NVIDIA H100", 2, "0.12.0", "3.13.1", "Linux x86_64", "", 16).name
        '2 × NVIDIA H100'
        """
        if self.platform in ("cpu", "none"):
            called = self.cpu or "CPU"
            return f"{self.count} simulated devices on {called}" if self.simulated else called
        return f"{self.count} × {self.kind}" if self.count > 1 else self.kind

    @property
    def label(self) -> str:
        """The device with its JAX: two bundles with the same one are of one device."""
        return f"{self.name}, JAX {self.jax}" if self.jax else self.name


def processor() -> tuple[str, int]:
    """Return what the processor of this machine is called, and how many cores this process may have."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return " ".join(re.sub(r"\((?:R|TM)\)|\bCPU\b|@.*", " ", _called(), flags=re.IGNORECASE).split()), cores


def _called() -> str:
    try:
        if platform.system() == "Darwin":
            asked = ["sysctl", "-n", "machdep.cpu.brand_string"]
            return subprocess.run(asked, capture_output=True, text=True, timeout=5, check=True).stdout
        found = re.search(r"^model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text("utf-8", "replace"), re.MULTILINE)
        return found[1] if found else ""
    except (OSError, subprocess.SubprocessError):
        return ""
