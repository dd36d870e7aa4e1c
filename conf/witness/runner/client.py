"""The client of a kernel: nbclient, with a cap on output that acts while a cell runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nbclient import NotebookClient
from nbformat import NotebookNode

from witness.records.captured import IR, TIMING, seen
from witness.runner.kernels import Kernel

OUTPUT_CAP = 1_000_000
"""Characters of output that one cell may make, pictures and displayed IR excepted."""

PICTURE_CAP = 5_000_000

Watch = Callable[[int, str], None]
"""Told the number of each cell as it starts, and each piece of text it prints."""


class Client(NotebookClient):
    """nbclient, with a cap on output that acts while a cell runs, and the last reply kept."""

    def __init__(self, notebook: NotebookNode, kernel: Kernel, watch: Watch) -> None:
        super().__init__(
            notebook,
            km=kernel.manager,
            allow_errors=True,
            coalesce_streams=True,
            iopub_timeout=30,
            raise_on_iopub_timeout=True,
        )
        self.kc = kernel.client
        self.kc.allow_stdin = False
        self.budget: float | None = None
        self.reply: dict[str, Any] = {}
        self.overflow: int | None = None
        self.captured: dict[str, Any] = {}
        """What the kernel extension saw of the cell that ran last."""
        self._kernel = kernel
        self._watch = watch
        self._length = 0
        self.timeout_func = lambda _: self.budget
        self.on_cell_executed = self._keep

    def _keep(self, *, execute_reply: dict[str, Any], **_: object) -> None:
        self.reply = execute_reply["content"]

    def start(self, budget: float | None) -> None:
        """Prepare for a cell that may take ``budget`` seconds."""
        self.budget, self.reply, self.captured, self._length = budget, {}, {}, 0

    def process_message(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> NotebookNode | None:
        """Take in a message of the kernel; stop the kernel once a cell's output is over the cap."""
        content = msg["content"]
        if (captured := seen(content)) is not None:
            self.captured = captured
            return None
        if msg["msg_type"] == "stream":
            self._length += len(content["text"])
            self._watch(cell_index + 1, content["text"])
        for mime, value in (content.get("data") or {}).items():
            if mime == TIMING:
                continue  # each of a page's samples is kept, and none of them was printed
            cap = PICTURE_CAP if mime.startswith(("image/", IR)) else OUTPUT_CAP
            self._length += len(str(value)) * OUTPUT_CAP // cap
        if self._length > OUTPUT_CAP and self.overflow is None:
            self.overflow = self._length
            self._kernel.kill()
        return None if self.overflow else super().process_message(msg, cell, cell_index)
