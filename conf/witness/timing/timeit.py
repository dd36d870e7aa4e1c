"""``%timeit``, honest: written and called as the stock magic, with medians, and with what a reader must know.

The stock magic still reads the options and builds the loop around the statement. How often the loop runs, and what is
made of its times, is ours; and so is what watches the first call, to see whether results are awaited.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import TracebackType
from typing import Any

from IPython.core.magic import Magics, line_cell_magic, magics_class, needs_local_scope, no_var_expand
from IPython.core.magics import execution

from witness.records.codec import encode
from witness.records.kinds import TIMING
from witness.records.timing import Timing
from witness.timing.cpu_speed import CpuSpeed
from witness.timing.measurement import Measurement

OPTIONS = "n:r:tcp:qov:"
"""The stock magic's."""

REPEAT = 7
"""Samples of as many calls as the page says, if it does not say how many; as the stock magic has it."""

HERE = str(Path(__file__).parent)


class TimeitResult(execution.TimeitResult):
    """The stock magic's result, which says what ours found."""

    def __init__(self, timing: Timing, compile_time: float, precision: int) -> None:
        runs = [seconds * timing.loops for seconds in timing.samples]
        stock: Any = super()  # without types
        stock.__init__(timing.loops, len(runs), *timing.range, runs, compile_time, precision)
        self.timings = list(timing.samples)
        self._line = timing.line

    def __str__(self) -> str:
        return self._line

    @property
    def stock(self) -> str:
        """What the stock magic says."""
        stock: Any = super()
        return str(stock.__str__())


@magics_class
class Timeit(Magics):
    """The magic, and as a part of the extension: the timings of each cell, shown or quiet."""

    def __init__(self, shell: Any, pace: CpuSpeed) -> None:
        super().__init__(shell)
        self._shell = shell
        self._pace = pace
        self._stock = shell.find_line_magic("timeit")  # found by name at each call, it would be ours
        self._seen: list[dict[str, Any]] = []
        self._stdout = sys.stdout
        shell.register_magics(self)

    def before(self) -> None:
        """Begin a cell."""
        self._seen = []

    def after(self, _: Any) -> list[dict[str, Any]] | None:
        """End a cell; return its timings."""
        return self._seen or None

    def text(self, _: Any) -> str:
        """Say nothing: each timing was said where it was taken, unless it was to be quiet."""
        return ""

    @no_var_expand
    @line_cell_magic
    @needs_local_scope
    def timeit(self, line: str = "", cell: str | None = None, local_ns: Any = None) -> Any:
        """Time a Python statement: its median time, and how far that can be trusted.

        ``%timeit [OPTIONS] STATEMENT``, or ``%%timeit [OPTIONS] SETUP`` with the statement in the lines below.

        -n N    calls of the statement in each sample; by itself, as many as last two milliseconds
        -r R    samples; by itself, with -n, seven; otherwise as many as make the 95% interval of the median narrow, in
                two seconds or so at most
        -t, -c  measure wall time (as without), or the processor time of this process
        -q      print nothing
        -o      return the result, a ``TimeitResult``; -v NAME stores it in a variable
        -p P    digits: accepted, and without effect
        """
        options, statement = self.parse_options(line, OPTIONS, posix=False, strict=False, preserve_non_opts=True)
        if statement == "" and cell is None:
            return None
        setup, timed = ("pass", statement) if cell is None else (statement, cell)
        try:
            loops, repeat = int(options.get("n", 0)), int(options.get("r", REPEAT))
            if loops < 0 or repeat < 1:
                raise ValueError("%timeit takes at least one loop and one repeat")
            counted = repeat if loops or "r" in options else None
            measurement = Measurement(self._shell, self._pace, setup, timed, loops or None, counted)
            with measurement.within_stock():
                # Quiet, for it would print a mean; with a result, which alone tells how long the loop took to compile.
                stock = self._stock(f"-q -o {line}", cell, local_ns=local_ns)
        except BaseException as error:
            error.__traceback__ = without_ours(error.__traceback__)
            raise
        by_hand = [f"-{name} {int(options[name])}" for name in "nr" if int(options.get(name, 0))]
        timing = measurement.timing(by_hand=by_hand, quiet="q" in options)
        self._seen.append(encode(timing))
        result = TimeitResult(timing, stock.compile_time, int(options.get("p", 3)))
        if not timing.quiet:
            if sys.stdout is self._stdout:
                self._shell.display_pub.publish({**TIMING.data(timing), "text/plain": timing.line})
            else:  # it is the page that takes in what is printed
                print(result.stock)
        if "v" in options:
            self._shell.user_ns[options.v] = result
        return result if "o" in options else None


def without_ours(traceback: TracebackType | None) -> TracebackType | None:
    """Return a traceback without the frames of this package: a reader's error is not about them."""
    if traceback is None:
        return None
    traceback.tb_next = without_ours(traceback.tb_next)
    return traceback.tb_next if traceback.tb_frame.f_code.co_filename.startswith(HERE) else traceback
