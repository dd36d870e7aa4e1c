"""What a kernel's specification says about starting it: whether it can be forked, and what it is told."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel

OWN = "python3"
"""The kernel of the interpreter that runs us: the one that can be forked."""

LAUNCH = ["-m", "ipykernel_launcher", "-f", "{connection_file}"]

SETS_VARIABLES = re.compile(r"\b(environ|putenv|setenv|load_dotenv)\b|%(set_)?env\b")
"""Code that may set environment variables. A fork that does so before it imports JAX would have to end and begin again:
this only saves the way there."""

READS_PROCESS = re.compile(
    r"\b(addaudithook|get_objects|get_referr?ers|get_referents|getallocatedblocks|ru_maxrss|statm|VmRSS|VmHWM"
    r"|memory_(full_)?info|memory_maps|__subclasses__|dispatch_table|_abc_\w+|_dump_registry)\b|/maps\b"
)
"""Code that may see what an import leaves in the process, of which nothing tells while it looks."""


def may_fork(name: str, code: str) -> bool:
    """Return whether a fork can stand for a kernel that is going to run this code."""
    return name == OWN and not SETS_VARIABLES.search(code) and not READS_PROCESS.search(code)


def interpreter_options(specs: KernelSpecManager) -> list[str] | None:
    """Return the interpreter's options in our own kernel's command; None if that does not just start ipykernel here."""
    try:
        spec = specs.get_kernel_spec(OWN)
    except NoSuchKernel:
        return None
    python, *options = spec.argv
    names = {"python", f"python{sys.version_info[0]}", "python{}.{}".format(*sys.version_info)}
    here, there = Path(sys.executable), Path(python)
    ours = python in names or (there.parent == here.parent and there.resolve() == here.resolve())
    if not ours or options[-4:] != LAUNCH or spec.env or spec.interrupt_mode != "signal":
        return None
    return options[:-4]


def settings(spec: KernelSpec, private: Path) -> list[str]:
    """Return what ipykernel is told besides: a history in memory, and no user's profile."""
    if "ipykernel_launcher" not in spec.argv:
        return []
    return [
        f"--ipython-dir={private / 'ipython'}",
        "--HistoryManager.hist_file=:memory:",
    ]
