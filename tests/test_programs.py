"""Programs that are forked for tests do what those that start do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.building import Site, page
from tests.kernels import LINUX, left
from tests.programs import Parent, call

TELLS = """
import atexit, os, signal, sys, threading
atexit.register(print, "at the end")
print(__name__, sys.argv, os.getcwd(), os.environ.get("SAID"), hash("a") if FIXED else "")
print(*sys.path, sep="\\n")
print(sys.flags)
print(sorted(os.listdir("/dev/fd")), os.umask(0o22))
print([str(signal.getsignal(number)) for number in signal.Signals])
print(sys.stdin.read(), threading.active_count(), file=sys.stderr)
sys.exit(3)
"""


@pytest.mark.parametrize("more", [{"SAID": "yes"}, {"PYTHONHASHSEED": "7"}, {"PYTHONPATH": "/nowhere"}])
def test_a_program_that_is_forked_does_what_one_that_starts_does(more: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "tells.py").write_text(f"FIXED = {'PYTHONHASHSEED' in more}\n{TELLS}")
    env = {**os.environ, **more}
    command = [sys.executable, "-m", "tells", "a", "b c"]
    nothing = subprocess.DEVNULL
    wanted = subprocess.run(command, cwd=tmp_path, env=env, stdin=nothing, capture_output=True, text=True, check=False)
    done = call("tells", "a", "b c", cwd=tmp_path, env=env)
    assert done.returncode == 3
    assert done.stdout.splitlines() == wanted.stdout.splitlines()
    assert done.stderr == wanted.stderr
    assert "at the end" in done.stdout


def test_a_program_that_is_killed_and_one_after_it(tmp_path: Path) -> None:
    (tmp_path / "dies.py").write_text("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    (tmp_path / "lives.py").write_text("print('lives')")
    assert call("dies", cwd=tmp_path).returncode == -9
    assert call("lives", cwd=tmp_path).stdout == "lives\n"


def test_a_program_has_the_variables_that_an_interpreter_reads_when_it_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tells.py").write_text("import sys; print('/nowhere' in sys.path)")
    for told in ("True", "False"):
        if told == "True":
            monkeypatch.setenv("PYTHONPATH", "/nowhere")
        else:
            monkeypatch.delenv("PYTHONPATH")
        assert call("tells", cwd=tmp_path).stdout == f"{told}\n"


@pytest.mark.parametrize("handler", [signal.SIG_IGN, signal.default_int_handler])
def test_a_program_ignores_what_it_is_started_to_ignore(handler: Any, tmp_path: Path) -> None:
    (tmp_path / "tells.py").write_text("import signal; print(signal.getsignal(signal.SIGINT) is signal.SIG_IGN)")
    before = signal.signal(signal.SIGINT, handler)
    try:
        assert call("tells", cwd=tmp_path).stdout == f"{handler is signal.SIG_IGN}\n"
    finally:
        signal.signal(signal.SIGINT, before)


STATE = """
import os, signal, sys, threading, traceback, warnings
variables = dict(getattr(os, "env" + "iron"))  # who names them gets no fork
del variables["JPY_PARENT_PID"]
print(sys.argv[:1], sys.path, sys.flags, sys.executable, os.umask(0o22), threading.active_count())
print([(number.name, str(signal.getsignal(number))) for number in signal.Signals], warnings.filters)
print(sorted(sys.modules), sorted(variables.items()))
print(os.getpgrp() == os.getpid() == os.getsid(0), len(os.listdir("/dev/fd")))
traceback.print_stack()
import jax
variables = dict(getattr(os, "env" + "iron"))
del variables["JPY_PARENT_PID"]
print(sorted(sys.modules), sorted(variables.items()), jax.devices(), jax.config.values)
"""


@pytest.fixture
def parent() -> Iterator[Parent]:
    """Return a process to fork that no other test forks."""
    found = Parent()
    yield found
    found.end()


@pytest.mark.skipif(not LINUX, reason="nothing is forked here")
def test_a_fork_server_that_is_forked_does_what_one_that_starts_does_and_ends_with_who_asked(
    parent: Parent, tmp_path: Path
) -> None:
    said = []
    env = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    for name in ("forked", "started"):
        site = Site.at(tmp_path / "site", {"tells": page(STATE)})
        command = site.command("-W")
        if name == "forked":
            done = parent.call(command[2:], str(tmp_path), env)
        else:
            done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        outputs = site.record("tells").cells[0].outputs  # parted where a stream was flushed, which is up to the clock
        said.append(
            {name: "".join(it["text"] for it in outputs if it["name"] == name) for name in ("stdout", "stderr")}
        )
        site.folder.rename(tmp_path / name)
    assert said[0] == said[1]
    assert "jax.numpy" in said[0]["stdout"]
    assert "print_stack" in said[0]["stderr"]
    kept = [it.pid for it in psutil.process_iter(["cmdline"]) if f"/nowhere/{parent.pid}" in (it.info["cmdline"] or [])]
    assert len(kept) == 1
    parent.end()
    assert left(kept) == []
