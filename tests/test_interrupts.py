"""Builds that are killed or interrupted: they end at once, leave no kernel, and the next one goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.building import CONF, Site, page
from tests.kernels import alive
from tests.programs import until

pytestmark = pytest.mark.usefixtures("ctrl_c")

WAITS = """\
import os, pathlib, time
pathlib.Path({pid!r}).write_text(str(os.getpid()))
while pathlib.Path({gate!r}).exists():
    time.sleep(0.02)
"the gate is open"
"""


class Gated:
    """A site with a quick page and one that waits until a gate is opened."""

    def __init__(self, folder: Path, gates: Path) -> None:
        self.gate, self.pid = gates / "gate", gates / "pid"
        waits = WAITS.format(pid=str(self.pid), gate=str(self.gate))
        self.site = Site.at(folder, {"quick": page("'quick'"), "waits": page(waits)})
        self.gate.touch()

    def start(self, command: list[str]) -> subprocess.Popen[str]:
        """Start a build as a terminal would; wait until the quick page is finished, and the other in the middle."""
        self.pid.unlink(missing_ok=True)
        process = subprocess.Popen(
            command,
            cwd=self.site.folder,
            env={**os.environ, "TMPDIR": str(self.gate.parent)},  # a killed build leaves its folders
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        until(lambda: self.waits() or process.poll() is not None)
        if process.poll() is not None:
            raise AssertionError(process.communicate())
        return process

    def waits(self) -> bool:
        """Return whether all that is left is to wait for the gate."""
        quick = any((self.site.folder / "records").glob("*/quick.json"))
        return quick and self.pid.exists() and self.pid.read_text() != ""

    def kernel_lives(self) -> bool:
        return alive([int(self.pid.read_text())]) != []


@pytest.fixture(scope="module")
def gated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gated]:
    gated = Gated(tmp_path_factory.mktemp("gated"), tmp_path_factory.mktemp("gates"))
    yield gated
    gated.gate.unlink(missing_ok=True)


RUN = [sys.executable, "-m", "witness", "run", "docs", "--records", "records"]


@pytest.mark.parametrize("command", ["sphinx-build", "witness run"])
def test_ctrl_c_ends_with_130_and_leaves_no_kernel(gated: Gated, command: str) -> None:
    process = gated.start(gated.site.command() if command == "sphinx-build" else RUN)
    os.killpg(process.pid, signal.SIGINT)
    _, log = process.communicate(timeout=600)
    assert process.returncode == 130, log
    assert not gated.kernel_lives()
    assert "Traceback" not in log
    assert "interrupted; finished pages are kept" in log


WAITING = """
import pathlib, time

def wait(app, *_):
    here = pathlib.Path(app.confdir, "here")
    if not here.exists():
        here.touch()
        time.sleep(600)

def setup(app):
    app.connect({event!r}, wait)
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], str]:
    """Return pages, and settings by which a site finds that they ran."""
    folder = tmp_path_factory.mktemp("finished")
    pages = {f"p{number}": page(str(number)) for number in range(6)}
    done = Site.at(folder, pages).build("-W")
    assert done.returncode == 0, done.stderr
    return pages, CONF.replace('"../records"', repr(str(folder / "records")))


# before there are processes of Sphinx's own, there is one case
@pytest.mark.parametrize(
    ("event", "jobs"),
    [
        ("builder-inited", "1"),
        pytest.param("source-read", "1", marks=pytest.mark.slow),
        ("source-read", "2"),
        pytest.param("html-page-context", "1", marks=pytest.mark.slow),
        pytest.param("html-page-context", "2", marks=pytest.mark.slow),
    ],
)
def test_ctrl_c_while_sphinx_works_ends_with_130_too(
    event: str, jobs: str, finished: tuple[dict[str, str], str], tmp_path: Path
) -> None:
    pages, conf = finished
    site = Site.at(tmp_path, pages, conf + WAITING.format(event=event))
    command = site.command("-j", jobs)
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    until((tmp_path / "conf" / "here").exists)
    os.killpg(process.pid, signal.SIGINT)
    _, log = process.communicate(timeout=600)
    assert process.returncode == 130, log
    assert "Traceback" not in log
    assert log.count("interrupted; finished pages are kept") == 1
    site.right("-W")


LOSING = """
import os, signal, time

def interrupt():
    os.kill(os.getpid(), signal.SIGINT)

class Late:
    def __del__(self):
        interrupt()

def around_a_fork(app, *_):
    os.register_at_fork({where}=interrupt)
    if os.fork() == 0:
        os._exit(0)
    time.sleep(600)

def in_a_destructor(app, *_):
    Late()
    time.sleep(600)

def setup(app):
    app.connect("env-before-read-docs", {handler}, priority=999)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("handler", "where"),
    [("around_a_fork", "before"), ("around_a_fork", "after_in_parent"), ("in_a_destructor", "before")],
)
def test_an_interrupt_that_python_drops_ends_the_build_soon(handler: str, where: str, tmp_path: Path) -> None:
    site = Site.at(tmp_path, {"one": page("1")}, CONF + LOSING.format(handler=handler, where=where))
    done = site.build()
    assert done.returncode == 130, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("interrupted; finished pages are kept") == 1


WRITING = """
import io, logging, os, signal, sys

class Stream(io.RawIOBase):
    def writable(self):
        return True

    def fileno(self):
        return 2

    def write(self, data):
        if b"in the middle" in bytes(data):
            os.kill(os.getpid(), signal.SIGINT)
        return os.write(2, data)

def write(app, *_):
    sys.stderr = io.TextIOWrapper(io.BufferedWriter(Stream()), line_buffering=True)
    logging.getLogger("sphinx").addHandler(logging.StreamHandler())
    logging.getLogger("sphinx").warning("in the middle of this")

def setup(app):
    app.connect("env-before-read-docs", write)
"""


def test_an_interrupt_in_the_middle_of_a_line_of_the_log_ends_the_build(tmp_path: Path) -> None:
    site = Site.at(tmp_path, {"one": page("1")}, CONF + WRITING)
    done = site.build()
    assert done.returncode == 130, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("interrupted; finished pages are kept") == 1


def test_a_killed_build_leaves_no_kernel_and_the_next_keeps_finished_pages(gated: Gated) -> None:
    process = gated.start(gated.site.command())
    process.kill()
    process.communicate(timeout=600)
    until(lambda: not gated.kernel_lives())
    gated.gate.unlink()
    done = gated.site.right("-W")
    assert gated.site.ran(done) == ["waits"]
    assert "the gate is open" in (gated.site.html("waits") or "")
    assert "quick" in (gated.site.html("quick") or "")
