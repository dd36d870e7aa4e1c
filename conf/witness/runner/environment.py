"""The environment that results depend on: its facts, its key, and the variables that kernels see."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from witness.records.store import write_whole

PASSED = ("PATH", "HOME", "USER", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR", "VIRTUAL_ENV", "PYTHONPATH")
"""Variables that a process needs to start at all."""

DECISIVE = (
    "JAX_*",
    "XLA_*",
    "CUDA_*",
    "NVIDIA_*",
    "ROCR_*",
    "HIP_*",
    "TPU_*",
    "LIBTPU_*",
    "OMP_*",
    "MKL_*",
    "OPENBLAS_*",
)
"""Variables that may change what a page prints: they are passed, and they are in the key."""

FIXED = {"JAX_PPRINT_USE_COLOR": "false", "LC_ALL": "C.UTF-8", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
"""Variables that every kernel has: no ANSI codes in jaxprs, and text in UTF-8."""

NODES = ("/dev/nvidia*", "/dev/accel*", "/dev/kfd", "/dev/vfio/*", "/proc/driver/nvidia/version")
"""Cheap signs of an accelerator and its driver."""


class NoEnvironment(Exception):
    """Pages cannot run here; the message says what to install."""


@dataclass(frozen=True)
class Environment:
    """Where pages are executed. Nothing in it identifies the machine."""

    python: str
    system: str
    jax: str | None
    jaxlib: str | None
    numpy: str | None
    plugins: dict[str, str]
    """Accelerator packages and their versions."""
    platform: str
    """JAX's name of the backend: ``cpu``, ``gpu`` or ``tpu``; ``none`` without JAX."""
    device: str
    devices: int
    flags: dict[str, str]
    """The decisive variables that are set."""
    capture: str
    """Digest of the code that runs pages and records them."""

    @property
    def name(self) -> str:
        """Return a short name that tells environments apart, fit for a folder."""
        facts = {name: value for name, value in asdict(self).items() if name != "capture"}
        digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:8]
        python = ".".join(self.python.split(".")[:2])
        return f"jax-{self.jax or 'none'}-py{python}-{self.platform}{self.devices}-{digest}"

    def key(self, plan_digest: str, needs: Sequence[str]) -> str:
        """Return the key of a page's record here: its plan, this environment, the packages it needs."""
        versions = {need: _version(need) for need in needs}
        text = json.dumps([asdict(self), plan_digest, versions], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def find(folder: Path, *, require_jax: bool = True) -> Environment:
    """Return the environment of this interpreter.

    Device facts come from a subprocess and are kept below ``folder``, keyed by cheap signs: a build that changes
    nothing imports no JAX. Raises NoEnvironment when JAX is required and cannot be used.
    """
    flags = _matching(os.environ, DECISIVE)
    plugins = _plugins()
    signs = {
        "python": sys.version,
        "prefix": sys.prefix,
        "versions": {name: _version(name) for name in ("jax", "jaxlib", "numpy")},
        "plugins": plugins,
        "flags": flags,
        "nodes": _nodes(),
    }
    facts = _kept(folder / "facts.json", signs)
    if facts is None:
        facts = _ask()
        if "error" not in facts:
            write_whole(folder / "facts.json", json.dumps({"signs": signs, "facts": facts}, indent=1).encode())
    if "error" in facts and require_jax:
        raise NoEnvironment(
            f"JAX cannot be used by Python {platform.python_version()} ({facts['error']}): install it with "
            "`python -m pip install -r requirements.txt`, or build with `nox -s docs`."
        )
    return Environment(
        python=platform.python_version(),
        system=f"{platform.system()} {platform.machine()}",
        jax=facts.get("jax"),
        jaxlib=facts.get("jaxlib"),
        numpy=_version("numpy"),
        plugins=plugins,
        platform=facts.get("platform", "none"),
        device=facts.get("device", "none"),
        devices=int(facts.get("devices", 0)),
        flags=flags,
        capture=capture_digest(),
    )


def variables(scratch: Path) -> dict[str, str]:
    """Return the variables that kernels see: the allow-listed ones, and ours."""
    config = Path(__file__).parent.parent / "kernel" / "matplotlibrc"
    return {
        **{name: os.environ[name] for name in PASSED if name in os.environ},
        **_matching(os.environ, DECISIVE),
        **FIXED,
        "MPLCONFIGDIR": str(scratch / "matplotlib"),
        "MATPLOTLIBRC": str(config),
    }


def capture_digest() -> str:
    """Return the digest of the code that runs pages and makes records."""
    package = Path(__file__).parent.parent
    digest = hashlib.sha256()
    for path in sorted(path for room in ("records", "runner", "kernel") for path in (package / room).glob("*")):
        if path.is_file():
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def _ask() -> dict[str, str]:
    environment = {**{k: os.environ[k] for k in PASSED if k in os.environ}, **_matching(os.environ, DECISIVE), **FIXED}
    try:
        done = subprocess.run(
            [sys.executable, str(Path(__file__).parent.parent / "kernel" / "facts.py")],
            capture_output=True,
            text=True,
            timeout=300,
            env=environment,
            check=False,
        )
        facts: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    except (OSError, ValueError, IndexError, subprocess.TimeoutExpired) as error:
        return {"error": f"asking it for its devices failed ({type(error).__name__})"}
    return facts


def _kept(path: Path, signs: Mapping[str, object]) -> dict[str, str] | None:
    try:
        kept = json.loads(path.read_text("utf-8"))
        facts: dict[str, str] = kept["facts"]
        return facts if kept["signs"] == signs else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _matching(variables: Mapping[str, str], patterns: Sequence[str]) -> dict[str, str]:
    return {
        name: value
        for name, value in sorted(variables.items())
        if name not in FIXED and any(fnmatchcase(name, pattern) for pattern in patterns)
    }


def _version(package: str) -> str | None:
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
