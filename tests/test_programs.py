"""Programs that are forked for tests do what those that start do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.programs import call

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
