"""What JAX finds is asked once, of the process that then is the parent of the pages' kernels."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.kernels import Pages, left
from witness.records.store import Store
from witness.runner.environment import find
from witness.runner.facts import Facts
from witness.runner.local import Local
from witness.runner.progress import Progress
from witness.runner.run import run
from witness.runner.variables import variables

LINUX = sys.platform == "linux"


@pytest.mark.skipif(not LINUX, reason="kernels are not forked here")
@pytest.mark.parametrize("may_fork", [True, False])
def test_the_process_that_was_asked_starts_the_kernels(may_fork: bool, tmp_path: Path) -> None:
    facts = Facts(tmp_path, reproducible=True)
    assert facts.answer()["platform"] in ("cpu", "gpu", "tpu")
    forkserver = facts.take_forkserver()
    assert forkserver
    environment = variables(tmp_path / "scratch", reproducible=True)
    with (
        Pages(tmp_path, may_fork=may_fork, environment=environment, started=forkserver) as pages,
        pages.start() as page,
    ):
        assert page.kernel.forked == may_fork
        assert page.forkserver == forkserver.pid
        assert page.run("import jax\njax.devices()").status == "ok"
    assert left([forkserver.pid]) == []
    assert not forkserver.folder.exists()


@pytest.mark.skipif(not LINUX, reason="kernels are not forked here")
def test_a_forge_of_another_environment_is_not_taken(tmp_path: Path) -> None:
    facts = Facts(tmp_path, reproducible=True)
    forkserver = facts.take_forkserver()
    assert forkserver
    with Pages(tmp_path, may_fork=True, started=forkserver) as pages, pages.start() as page:
        assert page.forkserver != forkserver.pid
        assert page.kernel.forked
    assert left([forkserver.pid]) == []


def test_a_run_that_has_nothing_to_do_ends_its_forkserver(tmp_path: Path) -> None:
    facts = Facts(tmp_path, reproducible=True)
    environment = find(facts)
    forkserver = facts.take_forkserver()
    run([], Store(tmp_path / environment.name), environment, Progress(), None, Local(forkserver))
    assert forkserver is None or (left([forkserver.pid]) == [] and not forkserver.folder.exists())


def test_an_answer_is_kept_and_a_forge_that_nobody_took_ends(tmp_path: Path) -> None:
    first = Facts(tmp_path, reproducible=True)
    found = first.answer()
    forkserver = first._forkserver
    first.close()
    assert forkserver is None or left([forkserver.pid]) == []
    again = Facts(tmp_path, reproducible=True)
    assert again.answer() == found
    assert again.take_forkserver() is None


FAKES = {
    "no jax": ({"jax.py": "raise ImportError('none to be had')"}, "none to be had"),
    "no device": (
        {
            "jax/__init__.py": "__version__ = '0'\ndef devices(): raise RuntimeError('nothing plugged in')",
            "jax/_src/xla_bridge.py": "def backends_are_initialized(): return False",
        },
        "nothing plugged in",
    ),
    "a crash": (
        {
            "jax/__init__.py": "import os\ndef devices(): os.abort()",
            "jax/_src/xla_bridge.py": "def backends_are_initialized(): return False",
        },
        "status -6" if LINUX else "failed",
    ),
}


@pytest.mark.parametrize("fake", FAKES)
def test_why_there_are_no_facts_is_said_and_not_kept(
    fake: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, why = FAKES[fake]
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    facts = Facts(tmp_path / "records", reproducible=True)
    assert why in facts.answer()["error"]
    facts.close()
    assert list((tmp_path / "records").glob("facts*")) == []


def test_a_forge_that_may_not_fork_leaves_the_question_to_another_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread = "import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()"
    device = "type('Device', (), {'platform': 'cpu', 'device_kind': 'a fake'})"
    (tmp_path / "jax").mkdir()
    (tmp_path / "jax/__init__.py").write_text(f"{thread}\n__version__ = '0'\ndef devices(): return [{device}]\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    facts = Facts(tmp_path / "records", reproducible=True)
    assert facts.answer()["device"] == "a fake"
    facts.close()
    kept = json.loads(next((tmp_path / "records").glob("facts-*.json")).read_text())
    assert kept["facts"]["device"] == "a fake"
