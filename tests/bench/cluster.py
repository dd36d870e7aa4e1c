"""A Dask cluster on this machine, and what it costs to have it execute pages."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.bench.clock import Samples
from tests.bench.row import Row
from tests.bench.sites import TRIVIAL
from witness.reading.plan import Cell, Plan
from witness.records.store import Store
from witness.runner.environment import find
from witness.runner.executors import chosen
from witness.runner.facts import Facts
from witness.runner.progress import Progress
from witness.runner.run import run

PAGES = 400
WORKERS = 2


def dask(folder: Path, repeats: int) -> list[Row]:
    """Execute 400 trivial pages, on this machine and on a cluster of two workers, in turn."""
    plans = [
        Plan(f"page{number:03}", f"page{number:03}.md", "python3", [Cell(1, 1, f"{TRIVIAL}\nprint({number})")])
        for number in range(PAGES)
    ]
    seconds: dict[str, list[float]] = {"": [], "cluster": []}
    with cluster(folder) as address:
        for turn in range(repeats):
            for name, values in seconds.items():
                values.append(executed(folder / f"{turn}{name}", plans, address if name else ""))
    here, there = map(Samples, seconds.values())
    ratio = there.median / here.median
    what = f"{PAGES} trivial pages on {WORKERS} workers / on this machine"
    return [Row(what, f"this machine: {here}", f"workers: {there}", ratio, "1.2", ratio <= 1.2)]


def executed(records: Path, plans: list[Plan], address: str) -> float:
    """Return how long pages take, all of which must be right."""
    with (records.parent / "log.txt").open("a") as log:
        facts = Facts(records, reproducible=True)
        environment = find(facts)
        store = Store(records / environment.name)
        executor = chosen(facts, address)
        began = time.perf_counter()
        run(plans, store, environment, Progress(log), None, executor)
        seconds = time.perf_counter() - began
    wrong = [plan.page for plan in plans if not store.whole(plan.page)]
    if wrong:
        sys.exit(f"{len(wrong)} pages went wrong, {wrong[0]} first")
    return seconds


@contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """Yield the address of a scheduler that has its workers."""
    file = folder / "scheduler.json"
    started = []
    with (folder / "cluster.log").open("w") as log:

        def start(what: str, *options: str) -> None:
            command = [sys.executable, "-m", f"distributed.cli.dask_{what}", "--scheduler-file", str(file), *options]
            started.append(subprocess.Popen([*command, "--no-dashboard"], stdout=log, stderr=log))

        try:
            start("scheduler", "--host", "127.0.0.1", "--port", "0")
            for _ in range(WORKERS):
                start("worker", "--nthreads", "4", "--local-directory", str(folder))
            yield ready(file)
        finally:
            for process in reversed(started):
                process.terminate()
            for process in started:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(60)
                process.kill()


def ready(file: Path) -> str:
    """Wait for all workers, and return the address of their scheduler."""
    from distributed import Client

    while not file.exists():
        time.sleep(0.05)
    with Client(scheduler_file=str(file)) as client:
        client.wait_for_workers(WORKERS)
        return str(client.scheduler.address)
