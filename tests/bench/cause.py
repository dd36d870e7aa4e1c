"""What differs between two processes that time the same statement: each suspect turned on and off in turn."""

from __future__ import annotations

import json
import math
import os
import shutil
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.measure import busy_core
from tests.bench.row import Row
from tests.bench.sites import ROOT

CHILD = """
import gc, json, os, sys
from time import perf_counter
sys.path.insert(0, {examples!r})
import jax, jax.numpy as jnp
from compare import compare
from update_step import build, start, wave

def measure():
    found = {{}}
    small, vector = jax.jit(lambda a: jnp.sum(jnp.tanh(a))), jnp.ones(1_000)
    work, matrix = jax.jit(lambda a: jnp.tanh(a @ a) @ a), jnp.ones((400, 400))
    for name, call in {{"small": lambda: small(vector), "work": lambda: work(matrix)}}.items():
        jax.block_until_ready(call())
        samples = []
        for _ in range(300 if name == "small" else 40):
            began = perf_counter()
            jax.block_until_ready(call())
            samples.append(perf_counter() - began)
        found[name] = sorted(samples)[len(samples) // 2]
    for width, size in ((16, 32), (512, 1024)):
        arguments = start(width), *wave(size)
        two, one = build("gradient", "apply"), build("step")
        answer = compare(lambda: two(*arguments), lambda: one(*arguments), rounds=12)
        found[f"apart/whole, width {{width}}"] = answer.ratio
    return found

if {before!r}:
    for size in range(1, 40):  # a page's other cells
        jnp.sin(jnp.ones((size, size))).block_until_ready()
    kept = [bytearray(size) for size in range(1000, 400_000, 997)]
for _ in range({forks}):
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.write(writing, json.dumps(measure()).encode())
        os._exit(0)
    os.close(writing)
    print(os.read(reading, 65536).decode(), flush=True)
    os.wait()
if not {forks}:
    print(json.dumps(measure()), flush=True)
"""


@dataclass(frozen=True)
class Suspect:
    """A way to run the program that differs from the ordinary one in one thing."""

    name: str
    command: Sequence[str] = ()
    """What stands before the program."""
    environment: Mapping[str, str] = field(default_factory=dict)
    busy: bool = False
    forks: bool = False
    """Whether all processes are forks of one, which has imported JAX and used it for nothing."""
    before: bool = False
    """Whether other work was done in the process before."""


SUSPECTS = (
    Suspect("as it is"),
    Suspect("one core", ("taskset", "--cpu-list", "0")),
    Suspect("beside a busy core", busy=True),
    Suspect("dispatch waits", environment={"JAX_CPU_ENABLE_ASYNC_DISPATCH": "false"}),
    Suspect("one thread computes", environment={"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false"}),
    Suspect("same addresses", ("setarch", "--addr-no-randomize")),
    Suspect("same hashes", environment={"PYTHONHASHSEED": "0"}),
    Suspect("forks of one", forks=True),
    Suspect("after other work", before=True),
)


def cause(folder: Path, repeats: int) -> list[Row]:
    """Time four figures in so many processes for each suspect, all suspects in turn, and print what each changes.

    A figure's level is its median over processes; its spread the standard deviation of the logarithms.
    """
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    suspects = [it for it in SUSPECTS if not it.command or shutil.which(it.command[0])]
    for turn in range(repeats):
        for suspect in suspects:
            if suspect.forks and turn:
                continue  # it had all its processes in the first turn, for they are of one parent
            for told in run(folder, suspect, repeats):
                for name, figure in told.items():
                    found[name][suspect.name].append(figure)
    rows: list[Row] = []
    for name, by_suspect in found.items():
        usual = by_suspect[SUSPECTS[0].name]
        for suspect in suspects:
            figures = by_suspect[suspect.name]
            level = statistics.median(figures) / statistics.median(usual)
            what, shown = f"{name}, {suspect.name}", f"{statistics.median(figures):.3g}, spread {spread(figures):.0%}"
            rows.append(Row(what, f"load {os.getloadavg()[0]:.1f}", shown, level, "", None))
    return rows


def run(folder: Path, suspect: Suspect, repeats: int) -> list[dict[str, float]]:
    """Return what one process measured, or several that are forks of one."""
    program = CHILD.format(
        examples=str(ROOT / "examples"), before=suspect.before, forks=repeats if suspect.forks else 0
    )
    environment = {**os.environ, "JAX_PLATFORMS": "cpu", **suspect.environment}
    with busy_core() if suspect.busy else nullcontext():
        done = subprocess.run(
            [*suspect.command, sys.executable, "-c", program],
            cwd=folder, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.returncode:
        sys.exit(f"{suspect.name}: exit {done.returncode}\n{done.stderr[-2000:]}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def spread(figures: Sequence[float]) -> float:
    """Return how much figures differ from process to process: the standard deviation of their logarithms."""
    return statistics.stdev(map(math.log, figures)) if len(figures) > 1 else 0.0
