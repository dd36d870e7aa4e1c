"""Questions to a kernel that no cell of the page asks."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, cast

from witness.kernels.manager import Kernel
from witness.reading.plan import Cell
from witness.records.error import Raised
from witness.records.page_record import CellError, CellRecord, Problem
from witness.runner.answers import NO_ANSWER
from witness.runner.expressions import RAISED, loads, same
from witness.runner.problems import PageAborted
from witness.runner.time_left import TimeLeft


class Inquiry:
    """Asks a kernel silently, between the cells of its page."""

    def __init__(self, kernel: Kernel, left: TimeLeft) -> None:
        self.after: CellRecord | None = None
        """The cell that ran last."""
        self._kernel = kernel
        self._left = left

    async def ask(self, code: str, expressions: dict[str, str]) -> dict[str, Any]:
        """Execute code silently and return the answers to expressions, or stop the page."""
        budget = self._left.next
        wanted = f"an answer within {budget:g} s" if budget else "an answer"
        line, number = (self.after.line, self.after.number) if self.after else (1, None)
        execute = cast("Any", self._kernel.client.execute)
        asked = execute(
            code, silent=True, store_history=False, user_expressions=expressions, reply=True, timeout=budget
        )
        reply = asyncio.ensure_future(asked)
        try:
            while not (await asyncio.wait([reply], timeout=1.0))[0]:
                if (reason := self._kernel.exit_reason()) != "alive":
                    raise PageAborted(Problem("kernel-died", line, number, "a living kernel", f"a dead one: {reason}"))
            return cast("dict[str, Any]", reply.result()["content"].get("user_expressions", {}))
        except TimeoutError as error:
            self._kernel.kill()
            raise PageAborted(Problem("cell-budget", line, number, wanted, "none; the kernel was stopped")) from error
        finally:
            reply.cancel()

    async def value(self, expression: str, code: str = "") -> Any:
        """Return what an expression of `witness.runner.expressions` tells, or None, after executing code."""
        return loads((await self.ask(code, {"it": expression})).get("it", NO_ANSWER))

    async def language(self) -> dict[str, Any]:
        """Return what the kernel says of its language."""
        reply = await cast("Any", self._kernel.client.kernel_info(reply=True, timeout=self._left.next))
        return dict(reply["content"].get("language_info", {}))

    async def raised(
        self, cell: Cell, reply: Mapping[str, Any], errors: Sequence[Raised]
    ) -> list[tuple[CellError, bool]]:
        """Return class and message of each error of a cell, and whether it is exactly the one that the cell names.

        The last one ended the cell, which got this ``reply``; or all were shown, and the cell went on. ``errors`` is
        what the kernel extension saw of them. A page can see that its kernel was asked: it is, where a cell names one.
        """
        wanted = cell.raises or "builtins.None"
        wanted = wanted if "." in wanted else f"builtins.{wanted}"
        answers = {"class": NO_ANSWER, "same": NO_ANSWER}
        if cell.raises or not errors:
            answers |= await self.ask("", {"class": RAISED, "same": same(wanted)})
        told = [error.message for error in errors]
        names = loads(answers["class"]) or [error.name for error in errors] or [str(reply.get("ename"))]
        alike = loads(answers["same"]) or [False] * len(names)
        if not told or names[-1].rpartition(".")[2] == reply.get("ename"):  # one without a text is known by another
            told = [*told[:-1], str(reply.get("evalue", ""))]
        if cell.raises and answers["same"]["status"] == "error" and names[-1] != wanted:
            names[-1] += f" (and {cell.raises} cannot be found)"
        return [
            (CellError(name, text), bool(cell.raises) and (one or name == wanted))
            for name, text, one in zip(names, told, alike, strict=True)
        ]
