"""A stock kernel, in which ``witness`` cannot be imported, and what notebooks do there."""

from __future__ import annotations

import asyncio
import copy
import os
import re
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from pathlib import Path

import nbclient
import nbformat
from nbformat import NotebookNode
from traitlets.config import Config

from witness.records.scrub import without_colour

NO_WITNESS = """\
import sys


class NoWitness:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "witness":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


sys.meta_path.insert(0, NoWitness())
"""
CELL_FILE = re.compile(r"<cell \d+>|[\w/.+-]*/ipykernel_\d+/\d+\.py|(?<=\()\d+\.py, (?=line)")
ADDRESS = re.compile(r"(?<= at )0x[0-9a-f]+|(?<= id=)\d{12,}")
PROBE = "import importlib.util\ntry:\n    import witness\nexcept ImportError:\n    pass\nelse:\n    raise SystemError"


def executed(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """Return a notebook as a stock kernel leaves it, which stops at no error and starts in ``folder``."""
    return asyncio.run(execution(notebook, folder))


async def execution(notebook: NotebookNode, folder: Path, way: Sequence[str] = ()) -> NotebookNode:
    """Return it as `executed` does, while others are executed, by a kernel whose command begins with ``way``."""
    (folder / "sitecustomize.py").write_text(NO_WITNESS)
    notebook = copy.deepcopy(notebook)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(PROBE))
    with tempfile.TemporaryDirectory(prefix="stock-") as own:  # of sockets: a port may be another's once it is bound
        client = nbclient.NotebookClient(
            notebook,
            kernel_name="python3",
            timeout=300,
            allow_errors=True,
            resources={"metadata": {"path": str(folder)}},
            config=Config({"KernelManager": {"transport": "ipc", "ip": f"{own}/kernel"}}),
        )
        spec = client.create_kernel_manager().kernel_spec
        assert spec
        spec.argv[:1] = [*way, sys.executable]
        settings = {"PYTHONPATH": str(folder), "JUPYTER_PLATFORM_DIRS": "1", "TMPDIR": own}
        # ipykernel does not read descriptors where it takes itself for a part of a test
        own_way = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
        await client.async_execute(env={**own_way, **settings})
    probe = notebook.cells.pop(0)
    assert probe.outputs == []
    return notebook


def raised(cell: NotebookNode) -> str | None:
    """Return the class of the error that ended a cell."""
    return next((str(output.ename) for output in cell.get("outputs", []) if output.output_type == "error"), None)


def printed(cell: NotebookNode) -> str:
    """Return what a cell printed and displayed as text, and the error that ended it.

    Colours, addresses, where packages are installed, and the name that a kernel gives to the file of a cell are not its
    doing.
    """
    parts = []
    for output in cell.get("outputs", []):
        if output.output_type == "error":
            parts.append(f"{output.ename}: {output.evalue}\n")
        else:
            parts.append(output.get("text") or output.data.get("text/plain", ""))
    text = CELL_FILE.sub("", without_colour("".join(parts)))
    for place, shown in ((sysconfig.get_path("purelib"), ""), (sysconfig.get_path("stdlib"), "python/")):
        text = text.replace(f"{place}/", shown)
    return ADDRESS.sub("0x…", text)
