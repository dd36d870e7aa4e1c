"""The environment that results depend on: its facts, its key, and the variables that kernels see."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from witness.runner.facts import Facts, installed


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
        versions = {need: installed(need) for need in needs}
        text = json.dumps([asdict(self), plan_digest, versions], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def find(asked: Facts, *, require_jax: bool = True) -> Environment:
    """Return the environment of this interpreter.

    Raises NoEnvironment when JAX is required and cannot be used.
    """
    facts = asked.answer()
    if "error" in facts and require_jax:
        raise NoEnvironment(_why(facts, asked.flags))
    return Environment(
        python=platform.python_version(),
        system=f"{platform.system()} {platform.machine()}",
        jax=facts.get("jax"),
        jaxlib=facts.get("jaxlib"),
        numpy=installed("numpy"),
        plugins=asked.plugins,
        platform=facts.get("platform", "none"),
        device=facts.get("device", "none"),
        devices=int(facts.get("devices", 0)),
        flags=asked.flags,
        capture=capture_digest(),
    )


def _why(facts: Mapping[str, str], flags: Mapping[str, str]) -> str:
    """Return why JAX cannot be used, and what to do: where it is installed, it is not to be installed again."""
    python, error = f"Python {platform.python_version()}", facts["error"]
    if "jax" not in facts:
        return (
            f"JAX cannot be used by {python} ({error}): install it with "
            "`python -m pip install jax`, in the version that the site names."
        )
    chosen = [f"{name}={value}" for name, value in flags.items()]
    mend = f"unset {' or '.join(flags)}, or set what this machine has" if chosen else "look at its installation"
    given = f" with {', '.join(chosen)}" if chosen else ""
    return f"JAX {facts['jax']} is installed and cannot be used by {python}{given} ({error}): {mend}."


WATCHING = ("capture", "jax_private.py", "stages", "timing")
"""The parts whose code watches cells in the kernel."""

EXECUTION = (*WATCHING, "kernels", "python", "records", "runner")
"""The parts whose code runs pages and makes records."""

UNRECORDED = frozenset(
    {
        "python/jax_calls.py",
        "python/loop_names.py",
        "python/timed_regions.py",
        "python/words.py",
        "records/count.py",
        "records/devices.py",
        "records/diagnostic.py",
        "records/normalise.py",
        "records/ratio.py",
        "runner/capacity.py",
        "runner/dask/cluster.py",
        "runner/dask/workers.py",
        "runner/display.py",
        "runner/environment.py",
        "runner/executors.py",
        "runner/facts.py",
        "runner/freshness.py",
        "runner/lock.py",
        "runner/progress.py",
        "runner/report.py",
    }
)
"""Files of theirs that no record depends on: they say what goes on, how much at once, what is stale, what is equal.

What is found by them is part of the key by its value.
"""


PACKAGE = Path(__file__).parents[1]


def capture_digest(package: Path = PACKAGE, parts: Sequence[str] = EXECUTION) -> str:
    """Return the digest of parts of a package like this one: of those that run pages and make records, or of these."""
    digest = hashlib.sha256()
    for path in sources(package, parts):
        name = path.relative_to(package).as_posix()
        if name not in UNRECORDED:
            digest.update(name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def sources(package: Path = PACKAGE, parts: Sequence[str] = EXECUTION) -> list[Path]:
    """Return the files of parts of a package like this one, sorted."""
    found = (path for part in parts for path in [package / part, *(package / part).rglob("*")])
    return sorted(path for path in found if path.is_file() and path.suffix != ".pyc")
