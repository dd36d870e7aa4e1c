"""``%timeit`` in real kernels: what it returns, what it marks, and what it leaves as it was."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import witness
from tests.kernels import Page, Pages
from witness.records.kinds import TIMING, TIMINGS

SETUP = """
import time
import warnings

import jax
import jax.numpy as jnp
import numpy as np
from jax._src import api
from jax._src.array import ArrayImpl
from jax._src.interpreters import pxla

warnings.simplefilter("ignore")
x = jnp.ones((50, 50))
v = jnp.arange(8.0)
calls = []


@jax.jit
def f(x):
    return jnp.tanh(x @ x)


give_away = jax.jit(lambda x: x + 1, donate_argnums=0)


def handles():
    return [*vars(ArrayImpl).values(), api.xc.batched_block_until_ready, pxla.ExecuteReplicated.__call__,
            api._post_hook_state.value, len(jax._src.monitoring.get_event_duration_listeners())]
"""


@pytest.fixture(scope="module")
def kernel(forking: Pages) -> Iterator[Page]:
    with forking.watched(SETUP) as kernel:
        yield kernel


def test_without_jax_nothing_is_told_and_nothing_run_more_often(forking: Pages) -> None:
    with forking.watched("calls = []") as bare:
        assert bare.timed("%timeit -q -n 2 -r 3 calls.append(1)").kind == "none"
        assert bare.tell("len(calls)") == 6
        assert bare.tell("'jax' in sys.modules", "import sys") is False


COUNTS = ["-n 3 -r 2", "-n 2 -r 1", "-n 1 -r 1", "-n 1 -r 5", "-n1 -r2", "-r 3 -n 4", "-n 3", "-n 1", "-t -n 2 -r 2"]
"""Options that say how often a statement runs."""

COUNTED = """
import importlib
def counts(line, cell=None):
    told = []
    stock = get_ipython()._witness._parts["timings"]._stock
    for timeit in (stock, lambda *args: get_ipython().run_cell_magic("timeit", *args)):
        runs, setups = [], []
        get_ipython().user_ns.update(runs=runs, setups=setups)
        result = timeit(line + " -o -q setups.append(1)", "runs.append(f(x).block_until_ready())")
        told.append([len(runs), len(setups), result.loops, result.repeat, len(result.all_runs), len(result.timings)])
    return told
"""


@pytest.mark.parametrize("options", COUNTS)
def test_a_statement_and_its_setup_run_as_often_as_the_page_says(kernel: Page, options: str) -> None:
    stock, ours = kernel.tell(f"counts({options!r})", COUNTED)
    assert ours == stock


def test_a_single_run_is_not_watched(kernel: Page) -> None:
    once = kernel.timed("%timeit -q -n 1 -r 1 calls.append(1)")
    assert once.kind == "unknown"
    assert "a single run" in once.line


def test_what_a_statement_uses_up_is_used_up_as_by_the_stock_magic(kernel: Page) -> None:
    kernel.run("items = iter(range(4))")
    assert kernel.run("%timeit -q -n 2 -r 2 next(items)").traceback == ""
    assert kernel.tell("list(items)", "") == []
    assert kernel.run("%%timeit -q -n 2 -r 3 stack = list(range(2))\nstack.pop()").traceback == ""
    assert "IndexError" in kernel.run("%%timeit -q -n 3 -r 1 stack = list(range(2))\nstack.pop()").traceback


def test_the_call_that_is_watched_is_in_no_time_but_where_it_is_the_only_one(kernel: Page) -> None:
    slow_once = "naps = iter([0.2])\n%timeit -q -n {} -r 3 time.sleep(next(naps, 0))"
    among_others = kernel.timed(slow_once.format(2))
    assert among_others.watched
    assert max(among_others.samples) < 0.1
    alone = kernel.timed(slow_once.format(1))
    assert alone.watched
    assert alone.samples[0] >= 0.2
    assert ", the first watched" in alone.line
    assert not kernel.timed("%timeit -q -r 3 f(x)").watched
    assert not kernel.timed("%timeit -q f(x)").watched


def test_an_array_that_is_given_away_once_is_timed_once(kernel: Page) -> None:
    kernel.run("given = jnp.ones(3)")
    assert kernel.timed("%timeit -q -n 1 -r 1 give_away(given).block_until_ready()").compiles == 1
    again = kernel.run("%timeit -q -n 1 -r 3 give_away(given).block_until_ready()")
    assert "deleted" in again.traceback


STATEMENTS = ["f(x)", "np.asarray(f(x))", "1 / 0", "raise KeyboardInterrupt", "f(undefined)", "raise SystemExit"]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_everything_is_put_back(kernel: Page, statement: str) -> None:
    kernel.run("before = handles()")
    kernel.run(f"%timeit -q -n 1 -r 2 {statement}")
    same = "all(a is b for a, b in zip(before, handles(), strict=True))"
    assert kernel.tell(same) is True
    assert kernel.tell("import_module('IPython.core.magics.execution').Timer.__module__", "from importlib import *")
    assert kernel.timed("%timeit -q -n 1 -r 2 f(x)").kind == "dispatch"


def test_the_clock_runs_while_everything_is_as_it_was(kernel: Page) -> None:
    kernel.run("before = handles()\nseen = []")
    kernel.run("%timeit -q -n 1 -r 3 seen.append([a is b for a, b in zip(before[:-1], handles()[:-1])])")
    watched, *clocked = kernel.tell("[all(run) for run in seen]")
    assert watched is False
    assert clocked == [True, True]
    kernel.run("seen.clear()")
    kernel.run("%timeit -q -n 3 -r 1 seen.append([a is b for a, b in zip(before[:-1], handles()[:-1])])")
    assert kernel.tell("[all(run) for run in seen]") == [False, True, True]


# ---------------------------------------------------------------------------------------------------------------------
# As the stock magic


INNER = """
import IPython.core.magics.execution as stock_module
from importlib import import_module

STATEMENT = {statement!r}
loops = []

class Spy(stock_module.Timer):
    def timeit(self, number=1):
        loops.append(self.inner.__code__)
        return 1.0

measured = import_module("witness.timing.measurement")
own, theirs = measured.Timer, stock_module.Timer
try:
    stock_module.Timer = Spy
    get_ipython()._witness._parts["timings"]._stock("-q -n 1 -r 1 " + STATEMENT)
    stock_module.Timer = theirs
    measured.Timer.timeit, kept_timeit = Spy.timeit, measured.Timer.timeit
    get_ipython().run_line_magic("timeit", "-q -n 1 -r 1 " + STATEMENT)
finally:
    stock_module.Timer = theirs
    measured.Timer.timeit = kept_timeit
first, second = loops
told = [first.co_code == second.co_code, first.co_consts == second.co_consts, first.co_names == second.co_names]
"""


@pytest.mark.parametrize("statement", ["pass", "f(x).block_until_ready()"])
def test_the_loop_around_the_statement_is_the_stock_one_to_the_byte(kernel: Page, statement: str) -> None:
    assert kernel.tell("told", INNER.format(statement=statement)) == [True, True, True]


def test_the_result_is_what_old_code_knows(kernel: Page) -> None:
    code = "r = %timeit -o -q -n 3 -r 5 f(x).block_until_ready()"
    timing = kernel.timed(code)
    assert kernel.tell("isinstance(r, TimeitResult)", "from IPython.core.magics.execution import TimeitResult") is True
    assert kernel.tell("[r.loops, r.repeat, len(r.all_runs), len(r.timings)]") == [3, 5, 5, 5]
    assert kernel.tell("r.timings") == timing.samples
    assert kernel.tell("r.best == min(r.timings) <= r.average <= max(r.timings) == r.worst and r.stdev >= 0") is True
    assert kernel.tell("[run / 3 for run in r.all_runs]") == pytest.approx(timing.samples)
    assert kernel.tell("0 <= r.compile_time < 1") is True
    assert kernel.tell("statistics.median(r.timings)", "import statistics") == timing.median
    assert kernel.run("r").result == f"<TimeitResult : {timing.line}>"


def test_it_prints_one_line_unless_it_is_to_be_quiet(kernel: Page) -> None:
    shown = kernel.run("%timeit -n 2 -r 6 f(x).block_until_ready()")
    (timing,) = TIMINGS.of(shown.captured)
    assert shown.result == timing.line
    assert shown.mimes == [TIMING.mime, "text/plain"]
    assert not timing.quiet
    assert timing.by_hand == ["-n 2", "-r 6"]
    quiet = kernel.run("%timeit -q -v named -n 2 -r 6 f(x).block_until_ready()")
    (timing,) = TIMINGS.of(quiet.captured)
    assert (quiet.result, quiet.mimes, quiet.stdout) == ("", [], "")
    assert timing.quiet
    assert kernel.tell("named.timings") == timing.samples


@pytest.mark.parametrize("options", ["-t", "-c", "-p 5", "-p5 -n1", "-t -q -o", "-n 1 -r 3", "-n5 -r2 -o"])
def test_every_option_of_the_stock_magic_is_taken(kernel: Page, options: str) -> None:
    assert kernel.timed(f"%timeit {options} sum(range(1000))").median >= 0


def test_a_timing_is_told_of_its_statement_and_not_of_its_setup(kernel: Page) -> None:
    assert kernel.timed("%timeit -q -n 1 -r 2 f(x)").statement == "f(x)"
    assert kernel.timed("%%timeit -q -n 1 -r 2 y = f(x)\nz = f(y)\nf(z)").statement == "z = f(y)\nf(z)"


def test_a_cell_without_a_timing_has_none(kernel: Page) -> None:
    assert "timings" not in kernel.run("y = f(x)").captured
    assert "timings" not in kernel.run("%timeit").captured


def test_each_timing_of_a_cell_is_kept_in_order(kernel: Page) -> None:
    reply = kernel.run("for n in (1, 2, 3):\n    %timeit -q -n $n -r 2 pass".replace("$n", "1"))
    assert len(TIMINGS.of(reply.captured)) == 3


def test_a_line_sees_the_names_of_the_function_that_it_stands_in(kernel: Page) -> None:
    kernel.run("def within():\n    mine = x\n    r = %timeit -o -q -n 1 -r 2 f(mine).block_until_ready()\n    return r")
    assert kernel.timed("r = within()").kind == "execution"


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("%timeit 1 / 0", "ZeroDivisionError"),
        ("%timeit -n 1 -r 1 1 / 0", "ZeroDivisionError"),
        ("%timeit f(undefined)", "NameError"),
        ("%timeit bool(jax.jit(lambda x: 1 if x > 0 else 2)(v[0]))", "TracerBoolConversionError"),
        ("%timeit x ===", "SyntaxError"),
        ("%%timeit 1 / 0\npass", "ZeroDivisionError"),
        ("%timeit -n nonsense pass", "ValueError"),
        ("%timeit -r 0 pass", "ValueError"),
        ("%timeit get_ipython().run_line_magic('timeit', '1 / 0')", "ZeroDivisionError"),
    ],
)
def test_an_error_is_the_stock_error(kernel: Page, code: str, name: str) -> None:
    reply = kernel.run(code)
    assert reply.status == "error"
    text = re.sub(r"\x1b\[[0-9;]*m", "", reply.traceback)
    assert re.search(rf"^{name}\b", text, re.MULTILINE)
    assert "witness" not in text
    assert TIMINGS.of(reply.captured) == []


def test_a_statement_may_be_timed_that_times_another(kernel: Page) -> None:
    reply = kernel.run("%timeit -q -n 1 -r 2 get_ipython().run_line_magic('timeit', '-q -n 2 -r 1 f(x)')")
    assert reply.traceback == ""
    *inner, outer = TIMINGS.of(reply.captured)
    assert len(inner) == 2
    assert {timing.statement for timing in inner} == {"f(x)"}
    assert {timing.kind for timing in inner} == {"dispatch"}
    assert len(outer.samples) == 2


def test_a_page_may_give_its_own_things_any_name(kernel: Page) -> None:
    reply = kernel.run("__witness__ = _timer = awaiting = locals = 3\n%timeit -q -n 1 -r 2 f(x)\ndel locals, _timer")
    assert reply.traceback == ""
    assert [timing.kind for timing in TIMINGS.of(reply.captured)] == ["dispatch"]


def test_no_name_of_a_page_is_touched(kernel: Page) -> None:
    names = "sorted(name for name in globals() if not name.startswith('_'))"
    before = kernel.tell(names)
    kernel.run("%timeit -q -n 1 -r 2 f(x)")
    assert kernel.tell(names) == before


def test_a_huge_result_is_no_trouble(kernel: Page) -> None:
    assert kernel.timed("%timeit -q -n 1 -r 2 [f(x) for _ in range(2000)]").kind == "dispatch"
    assert kernel.timed("%timeit -q -n 1 -r 2 list(range(10**6))").kind == "none"
    rude = "class Rude:\n    __len__ = __iter__ = __repr__ = __eq__ = lambda *_: 1 / 0\n"
    assert kernel.timed(f"{rude}%timeit -q -n 1 -r 2 Rude()").kind == "none"


# ---------------------------------------------------------------------------------------------------------------------
# What is marked


def test_a_compile_while_the_clock_ran_is_marked_and_none_is_not(kernel: Page) -> None:
    each = kernel.timed("%timeit -q -n 1 -r 6 jax.jit(lambda x: x + 1)(v).block_until_ready()")
    assert each.compiles == 6
    assert "6 compiled while the clock ran" in each.line
    kernel.run("fresh = jax.jit(lambda x: x + 2)")
    first = kernel.timed("%timeit -q -n 1 -r 6 fresh(v).block_until_ready()")
    assert first.compiles == 1
    kernel.run("fresh = jax.jit(lambda x: x + 2)")
    warm = kernel.timed("%timeit -q -n 2 -r 6 fresh(v).block_until_ready()")  # compiled in the call that is watched
    assert warm.compiles == 0
    assert "compiled" not in warm.line


def test_what_listens_to_jax_goes_on_listening(kernel: Page) -> None:
    kernel.run("heard = []\nlisten = lambda event, *_, **__: heard.append(event)")
    kernel.run("jax.monitoring.register_event_duration_secs_listener(listen)")
    kernel.run("%timeit -q -n 1 -r 2 jax.jit(lambda x: x + 1)(v).block_until_ready()")
    assert kernel.tell("len(heard) > 0") is True
    kernel.run("heard.clear()\njax.jit(lambda x: x + 3)(v)")
    assert kernel.tell("len(heard) > 0") is True
    cleared = "%timeit -q -n 1 -r 2 jax.monitoring.clear_event_listeners()"
    assert kernel.timed(cleared).kind == "none"


# ---------------------------------------------------------------------------------------------------------------------
# In a notebook of one's own


def test_a_notebook_loads_it_by_name(forking: Pages) -> None:
    conf = Path(witness.__file__).parents[1]
    with forking.start() as kernel:
        assert kernel.run(f"import sys\nsys.path.insert(0, {str(conf)!r})\n%load_ext witness").traceback == ""
        kernel.run("import jax.numpy as jnp\n%load_ext witness")
        shown = kernel.run("%timeit -n 1 -r 6 jnp.ones(3)")
        assert "dispatch only" in shown.result
        assert TIMING.mime in shown.mimes
