"""The client of a kernel: nbclient, with a limit to output that acts while a cell runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nbclient import NotebookClient
from nbformat import NotebookNode

from witness.kernels.manager import Kernel
from witness.records.kinds import DISPLAYS, seen

PICTURES = 5
"""How many times as much a cell may make of pictures and displayed IR."""

COUNTS = {kind.mime: kind.counts for kind in DISPLAYS}

Watch = Callable[[int, str], None]
"""Told the number of each cell as it starts, and each piece of text it prints."""


class Client(NotebookClient):
    """nbclient, with a limit to output that acts while a cell runs, and the last reply kept.

    A cell's outputs stay as they came, for later cells update what was displayed by its place among them.
    """

    def __init__(self, notebook: NotebookNode, kernel: Kernel, watch: Watch, limit: float) -> None:
        """``limit`` is how much output one cell may make: 1e6 characters, of pictures five times as many."""
        super().__init__(notebook, km=kernel.manager, allow_errors=True, iopub_timeout=30, raise_on_iopub_timeout=True)
        self.kc = kernel.client
        self.kc.allow_stdin = False
        self.budget: float | None = None
        self.reply: dict[str, Any] = {}
        self.overflow = False
        """Whether a cell was stopped, for it made more."""
        self.captured: dict[str, Any] = {}
        """What the kernel extension saw of the cell that ran last."""
        self._kernel = kernel
        self._watch = watch
        self._limit = int(limit * 1_000_000)
        self._length = 0
        self.timeout_func = lambda _: self.budget
        self.on_cell_executed = self._keep

    def _keep(self, *, execute_reply: dict[str, Any], **_: object) -> None:
        self.reply = execute_reply["content"]

    def start(self, budget: float | None) -> None:
        """Prepare for a cell that may take ``budget`` seconds."""
        self.budget, self.reply, self.captured, self._length = budget, {}, {}, 0

    def process_message(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> NotebookNode | None:
        """Take in a message of the kernel; stop the kernel once a cell's output is over the limit."""
        content = msg["content"]
        if (captured := seen(content)) is not None:
            self.captured = captured
            return None
        if self.overflow:
            return None
        if msg["msg_type"] == "stream":
            self._watch(cell_index + 1, content["text"])
        output = super().process_message(msg, cell, cell_index)
        size = _size(content)
        self._length += size
        if self._length > self._limit:
            self._length = sum(map(_size, cell.outputs))  # without what was cleared or replaced
            if max(size, self._length) > self._limit:
                cell.outputs.clear()
                self.overflow = True
                self._kernel.kill()
        return output


def _size(output: Mapping[str, Any]) -> int:
    """Return the length of a text or of a display in all of its kinds; a page's timings are not what it prints."""
    size = len(output.get("text", ""))
    for mime, value in (output.get("data") or {}).items():
        counts = COUNTS.get(mime, "as a picture" if mime.startswith("image/") else "as text")
        if counts != "not":
            size += len(str(value)) // (PICTURES if counts == "as a picture" else 1)
    return size
