"""Programs that are forked for tests do what those that start do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.programs import call

TELLS = """
import atexit, os, signal, sys, threading
atexit.register(print, "at the end")
print(__name__, sys.argv, sys.path, os.getcwd(), os.environ.get("SAID"), sys.flags, hash("a") if FIXED else "")
print(sorted(os.listdir("/dev/fd")), [str(signal.getsignal(number)) for number in signal.Signals], os.umask(0o22))
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
    assert (done.returncode, done.stdout, done.stderr) == (3, wanted.stdout, wanted.stderr)
    assert "at the end" in done.stdout


def test_a_program_that_is_killed_and_one_after_it(tmp_path: Path) -> None:
    (tmp_path / "dies.py").write_text("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    (tmp_path / "lives.py").write_text("print('lives')")
    assert call("dies", cwd=tmp_path).returncode == -9
    assert call("lives", cwd=tmp_path).stdout == "lives\n"
