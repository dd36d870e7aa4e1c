"""Cells that read a clock: which they are, and that nothing runs beside them."""

from __future__ import annotations

import asyncio
import functools
import re
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest

from tests.building import Site, page
from witness.python.clocks import reading
from witness.runner.scheduler import Scheduler, Use


def in_loop(test: Callable[[], Coroutine[None, None, None]]) -> Callable[[], None]:
    """Return a test that runs in an event loop of its own."""
    return functools.wraps(test)(lambda: asyncio.run(test()))


IMPORTS = "import time, timeit\nimport time as t\nfrom time import perf_counter as now, time as stamp"
SECONDS = "def seconds(f):\n    start = now()\n    f()\n    return now() - start"
TIMER = (
    "class Timer:\n    def __enter__(self):\n        self.start = now()\n        return self\n"
    "    def __exit__(self, *_):\n        pass\n    def stop(self):\n        return now() - self.start"
)
MADE = "def timed(f):\n    def inner():\n        start = now()\n        return f(), now() - start\n    return inner"


@pytest.mark.parametrize(
    "cell",
    [
        "%timeit f()",
        "%time f()",
        "%%timeit\nf()",
        "%%time\nf()",
        "r = %timeit -o -q f()",
        "for n in range(3):\n    r = %timeit -o f(n)",
        "now()",
        "t.time()",
        "t.perf_counter()",
        "time.monotonic_ns()",
        "timeit.repeat(f)",
        "timeit.default_timer()",
        "seconds(f)",
        "list(map(seconds, [f, g]))",
        "ratio(f, g)",
        "with Timer() as it:\n    f()",
        "watch.stop()",
        "f_timed()",
        "decorated()",
        "both = [seconds(f) for f in (f, g)]",
        "if (late := now()) > 0:\n    print(late)",
        "x = 1\nclass Page:\n    built = stamp()",
        "run = lambda: 1\nrun_twice = lambda: seconds(run)\nrun_twice()",
        "hurry = partial(seconds, f)\nhurry()",
        "def broken(:\n    perf_counter()",
        "if __name__ == '__main__':\n    now()",
        "if '__file__' in globals() or took:\n    now()",
        "if '__file__' in globals():\n    pass\nelse:\n    now()",
        "def begin():\n    global chosen\n    chosen = now\nbegin()\nchosen()",
        "def maker():\n    def inner():\n        return now()\n    return inner\nmade = maker()\nmade()",
    ],
)
def test_a_cell_that_reads_a_clock_is_known(cell: str) -> None:
    later = "def ratio(f, g):\n    return seconds(f) / seconds(g)"
    made = "f_timed = timed(f)\nwatch = Timer()\n\n@timed\ndef decorated():\n    pass"
    assert reading([IMPORTS, SECONDS, TIMER, MADE, cell, later, made])[4]


@pytest.mark.parametrize(
    "cell",
    [
        IMPORTS,
        SECONDS,
        TIMER,
        MADE,
        "elapsed = 3.0\nprint(elapsed)",
        "run_twice = lambda: seconds(run)",
        "time = 3\nprint(time)",
        "from clock import time\nimport datetime",
        "%matplotlib inline\nprint('now')",
        "!ls",
        "print('%timeit f()')",
        "# perf_counter()\nx = 1",
        "answers = took + took",
        "this is no Python",
        "if __name__ == '__main__' and '__file__' in globals():\n    now()",
        'if "__file__" in globals():\n    now()\nelse:\n    print(took)',
        "def race():\n    runs = [now]\n    return [it() for it in runs]\nruns = [1]\nprint(runs)",
    ],
)
def test_a_cell_that_only_speaks_of_clocks_is_not(cell: str) -> None:
    sources = [IMPORTS, SECONDS, TIMER, MADE, "took = seconds(f)", cell]
    assert reading(sources) == [False, False, False, False, True, False]


async def told(lanes: int, uses: str, seconds: dict[str, float]) -> list[str]:
    """Ask for the uses in order, an upper letter alone, and return who began and ended when."""
    quiet, events = Scheduler(lanes), []

    async def use(name: str) -> None:
        async with quiet.use("", "alone" if name.isupper() else "in a lane"):
            events.append(f"{name}(")
            await asyncio.sleep(seconds.get(name, 0.02))
            events.append(f"){name}")

    async with asyncio.TaskGroup() as group:
        for name in uses:
            group.create_task(use(name))
    return events


@pytest.mark.parametrize(
    ("lanes", "uses", "seconds", "events"),
    [
        (2, "abc", {"a": 0.1}, "a( b( )b c( )c )a"),
        (1, "ab", {}, "a( )a b( )b"),
        (2, "AB", {}, "A( )A B( )B"),
        (2, "aB", {}, "a( )a B( )B"),
        (2, "Ab", {}, "A( )A b( )b"),
        (2, "AbC", {}, "A( )A C( )C b( )b"),
        (2, "abCd", {"a": 0.1}, "a( b( )b d( )d )a C( )C"),
        (2, "aCd", {"a": 0.1, "d": 0.2}, "a( d( )a )d C( )C"),
        (3, "aCd", {"a": 0.1}, "a( )a C( )C d( )d"),
    ],
)  # fmt: skip
def test_it_is_shared_or_one_has_it(lanes: int, uses: str, seconds: dict[str, float], events: str) -> None:
    assert " ".join(asyncio.run(told(lanes, uses, seconds))) == events


@in_loop
async def test_what_mostly_waits_takes_no_lane_but_is_not_beside_who_is_alone() -> None:
    quiet, order = Scheduler(2), []

    async def use(name: str, use: Use) -> None:
        async with quiet.use("", use):
            order.append(name)

    async with (
        asyncio.TaskGroup() as group,
        quiet.use("", "in a lane"),
        quiet.use("", "beside"),
        quiet.use("", "beside"),
    ):
        group.create_task(use("alone", "alone"))
        await asyncio.sleep(0)
        group.create_task(use("beside", "beside"))
        await asyncio.sleep(0)
        assert order == []
    assert order == ["alone", "beside"]


@in_loop
async def test_who_is_alone_is_not_beside_what_mostly_waits_either() -> None:
    quiet, order = Scheduler(2), []

    async def alone() -> None:
        async with quiet.use("", "alone"):
            order.append("alone")

    async with asyncio.TaskGroup() as group, quiet.use("", "beside"):
        group.create_task(alone())
        await asyncio.sleep(0)
        order.append("beside")
    assert order == ["beside", "alone"]


@pytest.mark.parametrize("use", ["alone", "in a lane"])
def test_who_holds_up_most_is_first(use: Use) -> None:
    @in_loop
    async def test() -> None:
        quiet, order = Scheduler(1), []

        async def one(holds_up: int) -> None:
            async with quiet.use("", use, holds_up):
                order.append(holds_up)

        async with asyncio.TaskGroup() as group, quiet.use("", "in a lane"):
            for holds_up in (1, 5, 3):
                group.create_task(one(holds_up))
            await asyncio.sleep(0)
        assert order == [5, 3, 1]

    test()


@in_loop
async def test_who_gives_up_waiting_holds_nobody_up() -> None:
    quiet = Scheduler(2)

    async def use(use: Use) -> None:
        async with quiet.use("", use):
            pass

    async with quiet.use("", "in a lane"):
        waiting = asyncio.create_task(use("alone"))
        await asyncio.sleep(0)
        later = asyncio.create_task(use("beside"))
        await asyncio.sleep(0)
        assert not later.done()
        waiting.cancel()
        await asyncio.wait_for(later, 5)
        at_its_turn = asyncio.create_task(use("alone"))
        await asyncio.sleep(0)
    at_its_turn.cancel()
    await asyncio.gather(at_its_turn, return_exceptions=True)
    await asyncio.wait_for(use("alone"), 5)


@in_loop
async def test_the_wait_is_told() -> None:
    quiet, started = Scheduler(1), asyncio.Event()

    async def wait() -> float:
        started.set()
        async with quiet.use("", "alone") as turn:
            return turn.waited

    async with quiet.use("", "in a lane"):
        waiting = asyncio.create_task(wait())
        await started.wait()
        await asyncio.sleep(0.1)
    assert await waiting >= 0.09


MEET = """\
import pathlib, time
def meet(name, other, seconds=60):
    pathlib.Path({folder!r}, name).touch()
    until = time.time() + seconds
    while not pathlib.Path({folder!r}, other).exists() and time.time() < until:
        time.sleep(0.01)
    return pathlib.Path({folder!r}, other).exists()"""


def spans(html: str) -> list[tuple[float, float]]:
    return [(float(begin), float(end)) for begin, end in re.findall(r"from ([\d.]+) to ([\d.]+)", html)]


def test_pages_run_together_but_for_what_reads_a_clock(tmp_path: Path) -> None:
    meet = MEET.format(folder=str(tmp_path))
    told = "began = time.time()\ntime.sleep({})\nprint('from', began, 'to', time.time())"
    cells = ("met = meet('a', 'b')", *[told.format(0.02)] * 40)
    measuring = page(meet, "met = meet('b', 'a')", told.format(0.3), prose="Met: {live}`met`.")
    pages = {
        "beside": page(meet, *cells, prose="Met: {live}`met`.", head="witness: {lane: together}"),
        # `meet` reads a clock, and yet is to run beside the other page: it is not called by a name that is known
        "measuring": measuring.replace("met = meet(", "met = globals()['meet']("),
    }
    site = Site.at(tmp_path / "site", pages)
    site.right("-W")
    html = {name: site.html(name) or "" for name in pages}
    assert all(re.search(r"Met: .*True", text) for text in html.values())
    ((began, ended),) = spans(html["measuring"])
    others = spans(html["beside"])
    assert len(others) == 40
    assert all(end <= began or begin >= ended for begin, end in others)


def test_waiting_for_the_machine_is_on_no_pages_budget(tmp_path: Path) -> None:
    meet = MEET.format(folder=str(tmp_path))
    budget = "witness: {page_budget: 12, cell_budget: 12}"
    waits = page(meet, "globals()['meet']('a', 'b')", *["time.sleep(0.05)"] * 20, head=budget)
    slow = page(meet, "globals()['meet']('b', 'a')", "time.sleep(13), time.time()")
    site = Site.at(tmp_path / "site", {"waits": waits, "slow": slow})
    done = site.right("-W")
    (seconds,) = re.findall(r"waits\.md: right, \d+ cells, ([\d.]+) s", done.stderr)
    assert float(seconds) < 12
