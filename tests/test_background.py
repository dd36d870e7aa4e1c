"""What runs on after a cell prints into the cells that follow, whatever other pages do meanwhile."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import resource_tracker
from typing import Any

import pytest

from tests.building import Site, page
from tests.test_alone import plan, turn
from witness.capture.background import Background
from witness.records.kinds import BACKGROUND
from witness.runner.alone import Alone

BUSY = "began = time.perf_counter()\nwhile time.perf_counter() - began < 0.5: pass\nprint('timed')"
PAGES = {
    "background": page(
        "import subprocess, threading, time\nfrom concurrent.futures import ThreadPoolExecutor",
        "bar = display('0 %', display_id=True)",
        "def work():\n    for n in range(1, 9):\n        time.sleep(0.1)\n        bar.update(f'{n} of 8')\n"
        "    print('of a thread')\nworker = threading.Thread(target=work)\nworker.start()",
        "result = ThreadPoolExecutor(1).submit(lambda: (time.sleep(0.8), print('of a pool')))",
        "child = subprocess.Popen(['sh', '-c', 'sleep 0.8; echo of a child'])",
        "print('meanwhile')",
        "worker.join()\nresult.result()\nchild.wait()",
        "time.sleep(0.3)\nprint('done')",
    ),
    "timed": page("import time", *[BUSY] * 8),
}


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> list[list[Any]]:
    """Return the outputs of the page's cells; beside it was one that wanted the machine for itself, again and again."""
    conf = 'extensions = ["witness", "myst_nb"]\nnb_execution_mode = "force"\n'
    site = Site.at(tmp_path_factory.mktemp("background"), PAGES, conf)
    env = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    site.right(env=env)  # with that, ipykernel does not read what is printed to descriptors
    return [cell.outputs for cell in site.record("background").cells]


def test_nothing_is_lost_while_a_page_could_wait_for_another(shown: list[list[Any]]) -> None:
    lines = [line for outputs in shown for it in outputs for line in it.get("text", "").splitlines()]
    assert sorted(lines) == ["done", "meanwhile", "of a child", "of a pool", "of a thread"]
    assert (lines[0], lines[-1]) == ("meanwhile", "done")


def test_updates_of_a_thread_arrive(shown: list[list[Any]]) -> None:
    (bar,) = shown[1]
    assert bar["data"]["text/plain"] == "'8 of 8'"


@pytest.fixture
def background() -> Background:
    made = Background()
    made.ask()
    return made


def test_a_thread_counts_until_it_has_nothing_to_do(background: Background) -> None:
    assert background.after(None) is None
    with ThreadPoolExecutor(1) as workers:
        go = threading.Event()
        result = workers.submit(go.wait)
        assert background.after(None)
        go.set()
        result.result()
        while background.after(None):  # until it has gone to wait for more
            time.sleep(0.01)
    thread = threading.Timer(1000, print)
    thread.start()
    assert background.after(None)
    thread.cancel()
    thread.join()
    assert background.after(None) is None


def test_a_child_counts_until_it_ends(background: Background) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert background.after(None)
        child.communicate(b"\n")
        assert background.after(None) is None
    resource_tracker.ensure_running()
    assert background.after(None) is None


def test_who_is_not_asked_says_nothing() -> None:
    unasked = Background()
    thread = threading.Timer(1000, print)
    thread.start()
    assert unasked.after(None) is None
    thread.cancel()


def test_a_page_keeps_its_turn_while_something_of_it_runs_on() -> None:
    page = plan("start()", "x = 1", "stop()")
    alone = Alone(page, ())
    held = []
    for cell, runs_on in zip(page.cells, [True, None, None], strict=True):
        told = alone.told(cell, turn(alone, cell), {BACKGROUND.name: runs_on} if runs_on else {}, [])
        assert told == {}
        held.append(alone.holds(cell))
    assert held == [True, False, False]
    assert alone.background
    assert not alone.too_late
