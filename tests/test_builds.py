"""Builds at once, killed, interrupted, without a disk, a network or JAX: each is right, or says in a line why not."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.building import CONF, Site, page
from tests.kernels import alive
from tests.programs import call
from witness.runner.variables import decisive

NO_JAX = """
import json, sys

def note(app, error):
    with open(app.confdir / "jax-was-imported", "w") as file:
        json.dump("jax" in sys.modules, file)

def setup(app):
    app.connect("build-finished", note)
"""
NETLESS = ["unshare", "-n"] if not subprocess.run(["unshare", "-n", "true"], capture_output=True).returncode else []
FIGURE = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.gcf()"
BOTH = "import sys\nprint('on stdout')\nprint('on stderr', file=sys.stderr)\nprint('on stdout again')"


def many(folder: Path) -> Site:
    """Return a site of ten pages, one of which measures and one of which writes files."""
    pages = {f"p{number}": page(f"{number} + 100", prose=f"{{live}}`{number} * 2`") for number in range(6)}
    pages["writes"] = page("open('written.txt', 'w').write('x')\nimport os\nos.mkdir('made')")
    pages["streams"] = page(BOTH)
    pages["figure"] = page(FIGURE)
    pages["measures"] = page("import time\ntime.sleep(1)\ntime.perf_counter() > 0")
    return Site.at(folder, pages, CONF + NO_JAX)


def files(folder: Path) -> dict[str, bytes]:
    """Return what a build published."""
    return {
        name: path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not (name := path.relative_to(folder).as_posix()).startswith(".doctrees")
    }


def unequal(one: Mapping[str, bytes], other: Mapping[str, bytes]) -> list[str]:
    """Return the names of files that one build has and the other has not, or has otherwise."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def shows_all(site: Site, output: str) -> bool:
    """Return whether a build published every page with its outputs."""
    return all(
        f">{number + 100}\n" in (html := site.html(f"p{number}", output) or "") and f">{number * 2}<" in html
        for number in range(6)
    )


@pytest.fixture(scope="module")
def racing(tmp_path_factory: pytest.TempPathFactory) -> tuple[Site, list[subprocess.CompletedProcess[str]]]:
    """Return a site and three builds of it that were started at once: two into one folder, one into another."""
    site = many(tmp_path_factory.mktemp("racing"))
    commands = [site.command("-W", "-j", jobs, output=output) for jobs, output in RACE]
    started = [
        subprocess.Popen([*NETLESS, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for command in commands
    ]
    done = []
    for process in started:
        out, err = process.communicate(timeout=600)
        done.append(subprocess.CompletedProcess(process.args, process.returncode, out, err))
    return site, done


RACE = [("auto", "html"), ("8", "html"), ("8", "other")]


def test_builds_at_once_are_right(racing: tuple[Site, list[subprocess.CompletedProcess[str]]]) -> None:
    site, done = racing
    assert [build.returncode for build in done] == [0, 0, 0], "\n".join(build.stderr for build in done)
    assert shows_all(site, "html")
    assert shows_all(site, "other")


def test_builds_at_once_run_each_page_once(racing: tuple[Site, list[subprocess.CompletedProcess[str]]]) -> None:
    site, done = racing
    ran = sorted(name for build in done for name in site.ran(build))
    assert ran == sorted(path.stem for path in (site.folder / "docs").iterdir() if path.stem != "index")


def test_who_waits_says_so(racing: tuple[Site, list[subprocess.CompletedProcess[str]]]) -> None:
    _, done = racing
    assert sum("waiting for it" in build.stderr for build in done) == 2


def test_two_builds_of_the_same_records_are_equal_to_the_byte(
    racing: tuple[Site, list[subprocess.CompletedProcess[str]]],
) -> None:
    site, _ = racing
    one, other = files(site.folder / "html"), files(site.folder / "other")
    assert len(one) > 20
    assert unequal(one, other) == []


def test_the_same_records_give_the_same_bytes_again_and_elsewhere(
    racing: tuple[Site, list[subprocess.CompletedProcess[str]]], tmp_path: Path
) -> None:
    site, _ = racing
    first = files(site.folder / "html")
    assert site.build("-W").returncode == 0
    assert unequal(first, files(site.folder / "html")) == []
    for name in ("docs", "conf", "records"):
        shutil.copytree(site.folder / name, tmp_path / "a longer name" / name)
    there = Site(tmp_path / "a longer name")
    done = there.build("-W", env={**os.environ, "TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "7"})  # another day
    assert done.returncode == 0, done.stderr
    assert there.ran(done) == []
    assert unequal(first, files(there.folder / "html")) == []


def test_a_page_that_writes_files_leaves_the_sources_alone(
    racing: tuple[Site, list[subprocess.CompletedProcess[str]]],
) -> None:
    site, _ = racing
    assert {path.suffix for path in (site.folder / "docs").iterdir()} == {".md"}


def test_the_build_never_imports_jax(racing: tuple[Site, list[subprocess.CompletedProcess[str]]]) -> None:
    site, _ = racing
    assert (site.folder / "conf" / "jax-was-imported").read_text() == "false"


def test_a_site_builds_without_a_network(racing: tuple[Site, list[subprocess.CompletedProcess[str]]]) -> None:
    if not NETLESS:
        pytest.skip("this user cannot take the network away: unshare -n")
    assert [build.returncode for build in racing[1]] == [0, 0, 0]


def test_stderr_is_kept_apart(racing: tuple[Site, list[subprocess.CompletedProcess[str]]]) -> None:
    html = racing[0].html("streams") or ""
    (folded,) = re.findall(r"<details[^>]*witness-stderr.*?</details>", html, re.DOTALL)
    assert "on stderr" in folded
    assert "on stdout" not in folded
    assert "on stdout\non stdout again" in re.sub(r"<[^>]+>", "", html)


# Killed and interrupted


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
        until(lambda: self.waits() or process.poll() is not None, 600)
        if process.poll() is not None:
            raise AssertionError(process.communicate())
        return process

    def waits(self) -> bool:
        """Return whether all that is left is to wait for the gate."""
        quick = any((self.site.folder / "records").glob("*/quick.json"))
        return quick and self.pid.exists() and self.pid.read_text() != ""

    def kernel_lives(self) -> bool:
        return alive([int(self.pid.read_text())]) != []


def until(holds: Callable[[], bool], seconds: float) -> bool:
    """Wait until something holds; say whether it did."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


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
    assert until((tmp_path / "conf" / "here").exists, 600)
    os.killpg(process.pid, signal.SIGINT)
    _, log = process.communicate(timeout=600)
    assert process.returncode == 130, log
    assert "Traceback" not in log
    assert log.count("interrupted; finished pages are kept") == 1
    done = site.build("-W")
    assert done.returncode == 0, done.stderr


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
    app.connect("env-before-read-docs", {handler})
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


@pytest.mark.slow
def test_a_killed_build_leaves_no_kernel(gated: Gated) -> None:
    process = gated.start(gated.site.command())
    process.kill()
    _, log = process.communicate(timeout=600)
    assert "quick.md" not in log, "the page that an interrupted build finished ran again"
    assert until(lambda: not gated.kernel_lives(), 600)


def test_the_next_build_is_right_and_keeps_finished_pages(gated: Gated) -> None:
    gated.gate.unlink()
    done = gated.site.build("-W")
    assert done.returncode == 0, done.stderr
    assert gated.site.ran(done) == ["waits"]
    assert "the gate is open" in (gated.site.html("waits") or "")
    assert "quick" in (gated.site.html("quick") or "")


# What stops a build, and what is mended again


class Mended:
    """A site that is right, then has faults, twice, then is mended."""

    def __init__(self, folder: Path) -> None:
        good = {name: page(f"'{name} is right'") for name in ("good", "fails", "source", "leaks", "tells")}
        site = self.site = Site.at(folder, good)
        self.first = site.build("-W")
        site.page("fails", page("1 / 0"))
        site.page("leaks", page("'leaks is right'", prose=f"A line.\n\nSee {folder}/docs/here."))
        # a character reference hides the path from the scrubber, until the page is rendered without it
        tells = "import sys\nfrom IPython.display import Markdown\nMarkdown(sys.prefix.replace('/', '&#47;'))"
        site.page("tells", page("1 + 1", tells))
        self.faulty = [site.build(), site.build()]
        # by itself, for pages beside it would fail with it
        site.page("source", page(f"open({str(folder / 'docs' / 'dropped.txt')!r}, 'w').close()"))
        self.dropping = site.build()
        self.html = {name: site.html(name) for name in good}
        for name in good:
            site.page(name, page(f"'{name} is right'"))
        (folder / "docs" / "dropped.txt").unlink(missing_ok=True)
        self.mended = site.build("-W")


@pytest.fixture(scope="module")
def mended(tmp_path_factory: pytest.TempPathFactory) -> Mended:
    return Mended(tmp_path_factory.mktemp("mended"))


def test_faults_fail_every_build(mended: Mended) -> None:
    assert mended.first.returncode == 0, mended.first.stderr
    assert [build.returncode for build in mended.faulty] == [1, 1]


def test_a_page_that_failed_is_taken_away_until_it_is_mended(mended: Mended) -> None:
    assert mended.html["fails"] is None
    assert mended.html["source"] is None
    assert "good is right" in (mended.html["good"] or "")
    assert mended.mended.returncode == 0, mended.mended.stderr
    assert "fails is right" in (mended.site.html("fails") or "")
    assert "source is right" in (mended.site.html("source") or "")


def test_a_page_that_writes_into_the_sources_fails_by_the_file_s_name(mended: Mended) -> None:
    assert re.search(r"docs/source\.md:\d+: .*source-changed.*dropped\.txt", mended.dropping.stderr)


def test_a_machine_path_in_the_site_fails_every_build_by_name(mended: Mended) -> None:
    shows = "shows something of this machine:"
    for build in mended.faulty:
        assert f"docs/leaks.md:14: ERROR: leaks.html {shows} {mended.site.folder}\n    next: write" in build.stderr
        assert f"docs/tells.md:13: ERROR: tells.html {shows} {sys.prefix}\n    next: let cell 2" in build.stderr
        assert build.stderr.count(shows) == 2


# What cannot be done at all


def once(log: str, *parts: str) -> None:
    """Assert that a log is one line, which holds these parts."""
    lines = [line for line in log.splitlines() if line.strip()]
    assert len(lines) == 1, log
    for part in parts:
        assert part in lines[0]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site.at(tmp_path_factory.mktemp("small"), {"a": page("'a'")})
    (site.folder / "file").write_text("a file\n")
    return site


def run(site: Site, *arguments: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Return what ``witness run docs`` does."""
    return call("witness", "run", "docs", *arguments, cwd=site.folder, env=env)


def test_an_unwritable_place_for_the_site_is_one_line(small: Site) -> None:
    done = small.build(output="file/html")
    assert done.returncode == 2
    once(done.stderr, "file/html", "Not a directory")


def test_an_unwritable_place_for_records_is_one_line(small: Site) -> None:
    done = small.build("-D", "witness_records=../file/records")
    assert done.returncode == 2
    once(done.stderr, "file", "Not a directory")
    done = run(small, "--records", "file/records")
    assert done.returncode == 2
    once(done.stderr, "file", "Not a directory")


@pytest.mark.parametrize("full", ["html", pytest.param("records", marks=pytest.mark.slow)])
def test_a_full_disk_is_one_line(small: Site, full: str) -> None:
    place = small.folder / "full"
    place.mkdir(exist_ok=True)
    arguments = ["-D", "witness_records=../full/records"] if full == "records" else []
    command = small.command(*arguments, output="full/html" if full == "html" else "html")
    fill = "mount -t tmpfs -o size=64k none full && mkdir full/html full/records && (cat /dev/zero >full/zeros || true)"
    unshare = ["unshare", "-m", "bash", "-c", f'{fill} 2>/dev/null && exec "$@"', "bash"]
    if subprocess.run([*unshare, "true"], cwd=small.folder, capture_output=True, check=False).returncode:
        pytest.skip("this user cannot mount a small disk: unshare -m")
    done = subprocess.run(
        [*unshare, *command], cwd=small.folder, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 2
    once(done.stderr, "full", "No space left on device")


FILLING = """
import resource

def fill(app, *_):
    resource.setrlimit(resource.RLIMIT_FSIZE, (900, resource.RLIM_INFINITY))

def setup(app):
    app.connect("{event}", fill, priority=999)
"""


@pytest.mark.parametrize("jobs", ["1", pytest.param("2", marks=pytest.mark.slow)])
@pytest.mark.parametrize("event", ["source-read", "env-updated"])
def test_no_room_for_what_sphinx_writes_is_one_line(event: str, jobs: str, tmp_path: Path) -> None:
    pages = {f"p{number}": "# Page\n\n" + "Words and more words.\n\n" * 50 for number in range(6)}
    site = Site.at(tmp_path, pages, CONF + FILLING.format(event=event))
    done = site.build("-j", jobs)
    assert done.returncode == 2, done.stderr
    once(done.stderr, "witness: ", str(tmp_path), "File too large")


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_page_that_has_no_room_is_not_published_by_half(jobs: str, tmp_path: Path) -> None:
    pages = {f"p{number}": "# Page\n\n" + "Words and more words.\n\n" * 50 for number in range(6)}
    site = Site.at(tmp_path, pages, CONF + FILLING.format(event="html-page-context"))
    done = site.build("-j", jobs)
    assert done.returncode in (1, 2), done.stderr
    assert "Traceback" not in done.stderr
    assert [name for name in pages if site.html(name) is not None] == []


@pytest.mark.slow
@pytest.mark.parametrize("platforms", ["cuda", "tpux"])
def test_a_device_that_is_not_there_is_no_missing_jax(small: Site, platforms: str) -> None:
    others = {name: value for name, value in os.environ.items() if name not in decisive()}
    done = run(small, env={**others, "JAX_PLATFORMS": platforms})
    assert done.returncode == 2
    once(
        done.stderr, "is installed", f"with JAX_PLATFORMS={platforms} (it found no device: ", "unset JAX_PLATFORMS, or"
    )
    assert "install it" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("error", [ImportError("no jax here"), RuntimeError("jaxlib is too old\nfor this jax")])
def test_missing_jax_is_one_sentence_that_says_what_to_install(
    small: Site, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, error: Exception
) -> None:
    (tmp_path / "jax").mkdir()
    (tmp_path / "jax" / "__init__.py").write_text(f"raise {error!r}\n")
    paths = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    temporary = tmp_path_factory.mktemp("t")  # short enough for sockets
    env = {**os.environ, "PYTHONPATH": paths, "TMPDIR": str(temporary)}
    good = run(small)
    assert good.returncode == 0, good.stderr
    done = run(small, env=env)
    assert done.returncode == 2
    once(done.stderr, "JAX cannot be used", " ".join(str(error).split()), "install it with")
    done = small.build(env=env)
    assert done.returncode == 2
    once(done.stderr, "JAX cannot be used", " ".join(str(error).split()), "install it with")
    assert until(lambda: [path for path in temporary.iterdir() if not path.name.startswith("sphinx-err")] == [], 600)
