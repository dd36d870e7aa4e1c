"""Bundles for tests: recorded in an interpreter that has JAX and a kernel, and neither Sphinx nor what reads pages."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.building import Site
from witness.bundle.bundle import Bundle
from witness.runner.variables import decisive

ABSENT = ("sphinx", "docutils", "myst_nb", "myst_parser", "markdown_it", "yaml", "rich", "filelock", "mdit_py_plugins")
"""What JAX, ipykernel and nbclient do not bring."""

BLOCK = f"""
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {ABSENT!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
"""

EIGHT = {"XLA_FLAGS": "--xla_force_host_platform_device_count=8"}
"""Has one CPU stand for eight devices: another environment than that of a build."""


def bare(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run ``python -m`` in a folder, with nothing of `ABSENT` to import, in the program and in its kernels."""
    blocked = folder / "blocked"
    blocked.mkdir(exist_ok=True)
    (blocked / "sitecustomize.py").write_text(BLOCK)
    path = os.pathsep.join(filter(None, [str(blocked), os.environ.get("PYTHONPATH", "")]))
    command = [sys.executable, "-m", *arguments]
    others = {name: value for name, value in os.environ.items() if name not in decisive()}  # a test that imports JAX
    environment = {**others, "PYTHONPATH": path, **more}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600, check=False
    )


def recorded(site: Site, output: str, *pages: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Record a site's pages from their plans, as on a machine that has only JAX and a kernel."""
    planned = site.witness("plan", "docs", "-o", "plans")
    assert planned.returncode == 0, planned.stderr
    named = [f"plans/{name}.json" for name in pages] or ["plans"]
    return bare(site.folder, "witness", "record", *named, "--records", "there", "-o", output, **more)


def rewritten(bundle: Bundle, path: Path, **changes: Any) -> None:
    """Write a bundle with some of its fields changed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(replace(bundle, **changes).to_bytes())
