"""Pages on a Dask cluster of real processes: as on this machine, whatever goes away."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.building import CONF, Site
from tests.building import page as text_of
from tests.cluster import Book, Cluster, meanwhile, plan, started, worker_of
from tests.kernels import left
from tests.programs import TIMEOUT, until
from witness.reading.plan import Budget, Cell, Live
from witness.records.page_record import PageRecord

pytest.importorskip("distributed", reason="Dask is not installed: `python -m pip install distributed`")

ENDLESS = Budget(cell=None, page=None)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Return a cluster of two workers, for tests that leave it as it was."""
    with started(tmp_path_factory.mktemp("cluster"), 2) as cluster:
        yield cluster


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book(tmp_path)


def bare(record: PageRecord) -> dict[str, Any]:
    """Return a record without what a clock said."""

    def timeless(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: timeless(part) for name, part in value.items() if name not in ("executed", "seconds")}
        if isinstance(value, list):
            return [timeless(part) for part in value]
        return None if isinstance(value, float) else value

    return dict(timeless(asdict(record)))


# ---------------------------------------------------------------------------------------------------------------------
# Pages are executed as on this machine

SOURCES = [
    plan("prints", "import jax\nprint(jax.numpy.arange(3))\n1 + 1", live=[Live("6 * 7", "", 3, 1)]),
    plan("traces", "import jax\n@jax.jit\ndef f(x):\n    return x + 1\nf(1.0)", "import os\nprint(os.getcwd())"),
    replace(plan("raises", ""), cells=[Cell(1, 1, "1 / 0", raises="ZeroDivisionError"), Cell(2, 2, "print('on')")]),
    plan("fails", "print('before')", "undefined", "print('never')"),
    plan("shows", "import IPython.display as d\nd.display(d.HTML('<b>bold</b>'))"),
    plan("elsewhere", "1", kernel="no-such"),
    plan("later", "print('later')", after={"prints": 1}),
    plan("never", "print('never')", after={"fails": 1}),
]


def test_records_are_equal_to_those_of_this_machine(cluster: Cluster, book: Book) -> None:
    book.write(*SOURCES)
    here, there = book.run(records="here"), book.run(cluster.address, records="there")
    assert (here.returncode, there.returncode) == (1, 1), there.stderr
    assert book.ran(there.stderr) == book.ran(here.stderr) == sorted(it.page for it in SOURCES)
    ours, theirs = book.records("here"), book.records("there")
    assert {name: bare(record) for name, record in theirs.items()} == {name: bare(it) for name, it in ours.items()}
    problems = [record.problems[0].rule for _, record in sorted(theirs.items()) if record.problems]
    assert problems == ["unknown-kernel", "unexpected-error", "not-run"]


@pytest.mark.slow
def test_nothing_runs_again_wherever_it_ran(cluster: Cluster, book: Book) -> None:
    book.write(*SOURCES[:3])
    assert book.run(cluster.address).returncode == 0
    again = book.run()
    assert (again.returncode, book.ran(again.stderr)) == (0, [])
    nobody = book.run("tcp://127.0.0.1:1")  # nor is a scheduler asked that is not needed
    assert (nobody.returncode, book.ran(nobody.stderr)) == (0, [])


@pytest.mark.slow
def test_a_page_that_measures_has_its_worker_to_itself(cluster: Cluster, book: Book) -> None:
    begin = "import os, time, psutil\nworker = psutil.Process().parents()[2].pid\nbegan = time.time()"
    end = "print(worker, began, time.time())"
    pages = [plan(f"page{n}", begin, f"time.sleep({0.15 * n})", end) for n in range(1, 9)]
    pages += [plan(f"measures{n}", begin, "time.sleep(0.5)", end, lane="alone") for n in range(2)]
    book.write(*pages)
    done = book.run(cluster.address)
    assert done.returncode == 0, done.stderr
    said = {name: record.cells[-1].outputs[0]["text"].split() for name, record in book.records().items()}
    assert len({worker for worker, _, _ in said.values()}) == 2
    for name in ("measures0", "measures1"):
        worker, began, ended = said[name]
        others = [it for other, it in said.items() if other != name and it[0] == worker]
        assert [it for it in others if float(it[1]) < float(ended) and float(it[2]) > float(began)] == []


@pytest.mark.slow
def test_a_site_is_built_by_a_scheduler_that_it_names(cluster: Cluster, tmp_path: Path) -> None:
    pages = {"a": text_of("6 * 7", prose="{live}`40 + 2`"), "b": text_of("open('../data.txt').read()")}
    conf = CONF.replace("witness_strict = True\n", "") + f"witness_scheduler = {cluster.address!r}\n"
    site = Site.at(tmp_path, pages, conf)
    (tmp_path / "data.txt").write_text("what a page reads")
    done = site.build("-W")
    assert (done.returncode, site.ran(done)) == (0, ["a", "b"]), done.stderr
    assert "what a page reads" in (site.html("b") or "")
    (tmp_path / "data.txt").write_text("something else")
    assert site.ran(site.build("-W")) == ["b"]
    done = site.build("-W", "-D", "witness_scheduler=tcp://127.0.0.1:1", "-D", "nb_execution_mode=cache")
    assert (done.returncode, site.ran(done)) == (0, [])
    site.page("a", text_of("6 * 8"))
    done = site.build("-W", "-D", "witness_scheduler=ftp://127.0.0.1:1", "-D", "nb_execution_mode=cache")
    (line,) = done.stderr.splitlines()
    assert (done.returncode, line.startswith("witness: no scheduler answers at ftp://127.0.0.1:1 ")) == (2, True)


# ---------------------------------------------------------------------------------------------------------------------
# What goes away


@pytest.mark.slow
def test_a_page_runs_again_elsewhere_once_its_worker_was_killed(tmp_path: Path, book: Book) -> None:
    with started(tmp_path / "cluster", 2) as cluster:
        book.write(plan("waits", book.waiting(), budget=ENDLESS), *(plan(f"page{n}", f"print({n})") for n in range(6)))
        build = book.begin(cluster.address)
        (first,) = meanwhile(build, book.kernels)
        os.kill(worker_of(first), signal.SIGKILL)
        meanwhile(build, lambda: len(book.kernels()) == 2)
        assert left([first]) == []
        book.go()
        _, log = build.communicate(timeout=TIMEOUT)
    assert (build.returncode, book.ran(log)) == (0, [f"page{n}" for n in range(6)] + ["waits"]), log
    assert book.records()["waits"].cells[0].outputs[0]["text"] == "went on\n"


@pytest.mark.slow
def test_a_page_that_kills_workers_is_at_fault_and_no_other(tmp_path: Path, book: Book) -> None:
    kills = (
        "import os, psutil, signal, time\nos.kill(psutil.Process().parents()[2].pid, signal.SIGKILL)\ntime.sleep(60)"
    )
    with started(tmp_path / "cluster", 1, "--nanny") as cluster:
        book.write(plan("kills", kills), *(plan(f"page{n}", f"print({n})") for n in range(6)))
        done = book.run(cluster.address)
    assert (done.returncode, book.ran(done.stderr)) == (1, ["kills", *(f"page{n}" for n in range(6))]), done.stderr
    wrong = {name: record.problems[0].rule for name, record in book.records().items() if record.problems}
    assert wrong == {"kills": "worker-died"}


@pytest.mark.slow
def test_a_scheduler_that_goes_away_ends_the_build_in_a_sentence(tmp_path: Path, book: Book) -> None:
    with started(tmp_path / "cluster", 1) as cluster:
        book.write(plan("ends", "print('ended')"), plan("waits", book.waiting(), budget=ENDLESS))
        build = book.begin(cluster.address)
        (kernel,) = meanwhile(build, book.kernels)
        meanwhile(build, lambda: (book.folder / "records").exists() and "ends" in book.records())
        cluster.processes[0].kill()
        _, log = build.communicate(timeout=TIMEOUT)
        assert build.returncode == 2
        *_, line = log.splitlines()
        assert line.startswith(f"witness: the scheduler {cluster.address} went away; finished pages"), log
        assert "Traceback" not in log
        assert left([kernel]) == []
    book.go()
    assert book.ran(book.run().stderr) == ["waits"]


@pytest.mark.slow
def test_a_scheduler_that_is_not_there_is_a_sentence(book: Book) -> None:
    book.write(plan("page", "1"))
    done = book.run("tcp://127.0.0.1:1")
    (line,) = done.stderr.splitlines()
    assert (done.returncode, line.startswith("witness: no scheduler answers at tcp://127.0.0.1:1 (")) == (2, True), line
    assert line.endswith("): start it, or leave it out to build on this machine")


@pytest.mark.slow
@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGKILL])
def test_a_build_that_ends_leaves_nothing_on_its_workers(signum: signal.Signals, cluster: Cluster, book: Book) -> None:
    book.write(
        plan("waits", book.waiting(), budget=ENDLESS),
        *(plan(f"page{n}", "import time; time.sleep(0.5)") for n in range(4)),
    )
    build = book.begin(cluster.address)
    (kernel,) = meanwhile(build, book.kernels)
    worker = worker_of(kernel)
    os.kill(build.pid, signum)
    _, log = build.communicate(timeout=TIMEOUT)
    assert build.returncode == (130 if signum == signal.SIGINT else -signum)
    assert "Traceback" not in log
    assert left([kernel]) == []
    assert psutil.pid_exists(worker)
    book.go()
    assert book.run(cluster.address).returncode == 0


# ---------------------------------------------------------------------------------------------------------------------
# Workers that are not like this machine


@pytest.fixture
def other(tmp_path: Path) -> str:
    """Return where a worker finds a JAX of another version."""
    (tmp_path / "other/jax/_src").mkdir(parents=True)
    device = "type('Device', (), {'platform': 'cpu', 'device_kind': 'cpu'})"
    (tmp_path / "other/jax/__init__.py").write_text(f"__version__ = '0.1'\ndef devices(): return [{device}]\n")
    (tmp_path / "other/jax/_src/xla_bridge.py").write_text("def backends_are_initialized(): return False\n")
    return str(tmp_path / "other")


@pytest.mark.slow
def test_a_worker_of_another_environment_gets_no_page(tmp_path: Path, book: Book, other: str) -> None:
    book.write(plan("page", "print('done')"))
    with started(tmp_path / "cluster", 0) as cluster:
        cluster.worker("--no-nanny", PYTHONPATH=other)
        until(lambda: "Registered to" in (tmp_path / "cluster/worker.log").read_text())
        done = book.run(cluster.address)
        *_, line = done.stderr.splitlines()
        assert done.returncode == 2
        assert re.fullmatch(
            rf"witness: no worker of {cluster.address} is like this machine: \S+ has jax 0\.1, not .*", line
        )
        cluster.worker("--no-nanny")
        until(lambda: (tmp_path / "cluster/worker.log").read_text().count("Registered to") == 2)
        done = book.run(cluster.address)
    assert (done.returncode, book.ran(done.stderr)) == (0, ["page"])
    assert re.search(
        r"^not like this machine, so that it gets no page: \S+ has jax 0\.1, not ", done.stderr, re.MULTILINE
    )
