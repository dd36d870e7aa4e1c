"""A Dask cluster of real processes, and plans that its workers execute."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tests.kernels import left
from tests.programs import Found, call, until
from witness.reading.plan import Cell, Plan
from witness.records.page_record import PageRecord
from witness.records.store import Store


@dataclass
class Cluster:
    """A scheduler and its workers, each a process of its own, with two threads."""

    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return str(json.loads((self.folder / "scheduler.json").read_text())["address"])

    def start(self, what: str, *options: str, **variables: str) -> subprocess.Popen[bytes]:
        known = ["--scheduler-file", str(self.folder / "scheduler.json"), "--no-dashboard"]
        command = [sys.executable, "-m", f"distributed.cli.dask_{what}", *known, *options]
        environment = {**os.environ, "TMPDIR": str(self.folder), **variables}
        with (self.folder / f"{what}.log").open("ab") as log:
            process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.processes.append(process)
        return process

    def worker(self, *options: str, **variables: str) -> None:
        self.start("worker", "--nthreads", "2", "--local-directory", str(self.folder), *options, **variables)


@contextmanager
def started(folder: Path, workers: int, *options: str) -> Iterator[Cluster]:
    """Yield a cluster; what dies is gone, unless there are other options for its workers."""
    folder.mkdir(exist_ok=True)
    cluster = Cluster(folder)
    try:
        cluster.start("scheduler", "--host", "127.0.0.1", "--port", "0")
        until((folder / "scheduler.json").exists)
        for _ in range(workers):
            cluster.worker(*(options or ["--no-nanny"]))
        yield cluster
    finally:
        those = [child for process in cluster.processes for child in _family(process.pid)]
        for it in those:
            with suppress(psutil.Error):  # some are dead already
                if "witness" not in " ".join(it.cmdline()):  # what starts kernels ends with its worker, and cleans up
                    it.kill()
        for process in cluster.processes:
            process.wait()
        assert left([it.pid for it in those]) == []
        assert list(folder.glob("witness-*")) == []


def _family(pid: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def plan(page: str, *cells: str, **more: Any) -> Plan:
    more = {"kernel": "python3", **more}
    return Plan(page, f"{page}.md", cells=[Cell(n, n, code) for n, code in enumerate(cells, 1)], **more)


@dataclass
class Book:
    """Plans, and where their records go."""

    folder: Path

    def write(self, *plans: Plan) -> None:
        for it in plans:
            path = self.folder / "plans" / f"{it.page}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(it.to_json(), "utf-8")

    def command(self, address: str = "", records: str = "records") -> list[str]:
        at = ["--scheduler", address] if address else []
        return ["witness", "run", str(self.folder / "plans"), "--records", str(self.folder / records), *at]

    def run(self, address: str = "", records: str = "records") -> subprocess.CompletedProcess[str]:
        return call(*self.command(address, records))

    def begin(self, address: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", *self.command(address)]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def records(self, records: str = "records") -> dict[str, PageRecord]:
        (folder,) = (path for path in (self.folder / records).iterdir() if path.name.startswith("jax-"))
        store = Store(folder)
        return {page: record for page in store.pages() if (record := store.read(page))}

    def ran(self, log: str) -> list[str]:
        """Return the pages that have ended, as a log says."""
        return sorted(re.findall(r"^\[\d+/\d+\] (\S+)\.md: ", log, re.MULTILINE))

    def waiting(self) -> str:
        """Return a cell that leaves the number of its kernel, and waits for `go`."""
        return (
            f"import os, pathlib, time\nfolder = pathlib.Path({str(self.folder)!r})\n"
            "(folder / f'kernel-{os.getpid()}').touch()\n"
            "while not (folder / 'go').exists():\n    time.sleep(0.02)\nprint('went on')"
        )

    def kernels(self) -> list[int]:
        """Return the kernels that such cells have begun in."""
        return [int(path.name.removeprefix("kernel-")) for path in self.folder.glob("kernel-*")]

    def go(self) -> None:
        (self.folder / "go").touch()


def meanwhile(build: subprocess.Popen[str], found: Callable[[], Found]) -> Found:
    """Wait until a function returns what is true, while a build goes on, and return that."""

    def look() -> Found:
        assert build.poll() is None, build.communicate()
        return found()

    return until(look)


def worker_of(kernel: int) -> int:
    """Return the process of the worker that a kernel is of: its parents are its guard and what starts kernels."""
    return int(psutil.Process(kernel).parents()[2].pid)
