"""What a page does is seen by no other, and only what it is given reaches it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kernels import ENVIRONMENT, LINUX, Page, Pages

STATE = """
import builtins, gc, json, locale, logging, os, random, re, signal, subprocess, sys, threading, warnings
import jax, numpy

def state():
    folder = "/proc/self/fd" if os.path.exists("/proc/self/fd") else "/dev/fd"
    links = [os.path.join(folder, name) for name in os.listdir(folder)]
    umask = os.umask(0)
    os.umask(umask)
    names = "-e ^_= -e ^PWD= -e ^JPY_PARENT_PID="
    environment = subprocess.run(f"env | sort | grep -v {names}", shell=True, capture_output=True, text=True)
    return {
        "jax.config": {name: str(value) for name, value in jax.config.values.items()},
        "jax is patched": jax.numpy.sin.__name__,
        "json is patched": json.load.__name__,
        "builtins": sorted(vars(builtins)),
        "variables": {name: value for name, value in os.environ.items() if name != "JPY_PARENT_PID"},
        "variables of children": environment.stdout,
        "folder": os.path.basename(os.getcwd())[:4],
        "files in it": os.listdir(),
        "modules": sorted(sys.modules),
        "path": sys.path,
        "open files": sorted(re.sub("[0-9]+", "", os.readlink(l)) for l in links if os.path.exists(l)),
        "threads": sorted(thread.name for thread in threading.enumerate()),
        "warnings": [str(entry) for entry in warnings.filters],
        "signals": [str(signal.getsignal(number)) for number in sorted(signal.valid_signals() - {32, 33})],
        "numpy": {name: str(value) for name, value in numpy.get_printoptions().items()},
        "logging": logging.root.level,
        "locale": locale.setlocale(locale.LC_ALL),
        "umask": umask,
        "recursion": sys.getrecursionlimit(),
        "garbage": gc.get_threshold(),
        "names": sorted(name for name in globals() if not re.match(r"_[0-9i]|_told", name)),
    }
"""
MISCHIEF = """
jax.config.update("jax_enable_x64", True)
jax.numpy.sin = jax.numpy.cos
json.load = json.dump
builtins.left_behind = 1
os.environ["LEFT_BEHIND"] = "1"
open("left_behind", "w").close()
import wave
sys.path.append("/left/behind")
left_open = open("left_behind")
threading.Thread(target=threading.Event().wait, name="left behind", daemon=True).start()
warnings.simplefilter("ignore")
signal.signal(signal.SIGUSR1, signal.SIG_IGN)
numpy.set_printoptions(precision=3)
logging.root.setLevel(5)
locale.setlocale(locale.LC_ALL, "C")
os.umask(0o77)
sys.setrecursionlimit(5000)
gc.set_threshold(7)
"""


def test_nothing_that_a_page_does_is_seen_by_the_next(pages: Pages) -> None:
    with pages.start() as first:
        before = first.tell("state()", STATE)
        assert first.run(MISCHIEF).status == "ok"
        after = first.tell("state()")
        with pages.start() as second:
            assert second.tell("state()", STATE) == before
    unseen = {name for name in before if before[name] == after[name]}
    assert unseen == {"folder"}, "the state does not show the mischief"


DRAWS = """
import multiprocessing, os, random, secrets, tempfile, uuid
import numpy

def draws():
    return {
        "random": random.random(),
        "numpy": numpy.random.rand(),
        "numpy's generators": numpy.random.default_rng().random(),
        "secrets": secrets.token_hex(),
        "uuid": str(uuid.uuid4()),
        "names of temporary files": next(tempfile._get_candidate_names()),
        "keys of child processes": multiprocessing.current_process().authkey.hex(),
    }
"""


def test_no_two_pages_draw_the_same(pages: Pages, neighbour: Page) -> None:
    with pages.start() as page:
        drawn, other = page.tell("draws()", DRAWS), neighbour.tell("draws()", DRAWS)
    assert {name for name in drawn if drawn[name] == other[name]} == set()


@pytest.mark.parametrize("may_fork", [LINUX, False])
def test_no_variable_and_no_profile_of_ours_arrives(
    may_fork: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_SECRET", "hush")
    profile = tmp_path / ".ipython" / "profile_default"
    (profile / "startup").mkdir(parents=True)
    (profile / "startup" / "start.py").write_text("started = True")
    (profile / "ipython_config.py").write_text("get_config().InteractiveShellApp.exec_lines = ['lines = True']")
    environment = {**ENVIRONMENT, "HOME": str(tmp_path)}
    with Pages(tmp_path, may_fork=may_fork, environment=environment) as pages, pages.start() as page:
        assert page.kernel.forked == may_fork
        found = page.tell("dict(os.environ)", "import os, jax")
        shell = {"TERM", "CLICOLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "PAGER", "GIT_PAGER", "MPLBACKEND"}
        jupyter = {"JPY_PARENT_PID"}
        imports = {"PYDEVD_USE_FRAME_EVAL", "TF_CPP_MIN_LOG_LEVEL", "TPU_SKIP_MDS_QUERY"}
        assert {name: found[name] for name in found if name not in shell | jupyter | imports} == environment
        if LINUX:
            for pid in (page.kernel.pid, page.tell("os.getppid()"), page.forkserver):
                assert "hush" not in Path(f"/proc/{pid}/environ").read_text()
        assert page.tell("[name for name in ('started', 'lines') if name in globals()]") == []
    assert sorted(path.name for path in profile.iterdir()) == ["ipython_config.py", "startup"]


def test_nothing_the_kernel_prints_reaches_ours(pages: Pages, capfd: pytest.CaptureFixture[str]) -> None:
    with pages.start() as page:
        page.run("import os, sys; os.write(1, b'low'); os.system('echo child'); print('high', file=sys.__stderr__)")
    assert capfd.readouterr() == ("", "")
