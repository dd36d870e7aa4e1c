"""A page as a script: cells in the percent format, which runs as a whole and, in many editors, cell by cell."""

from __future__ import annotations

import ast
import inspect
import re
import symtable
from textwrap import indent

from nbformat import NotebookNode

from witness.python.cell import as_calls, parse

MARKDOWN = "# %% [markdown]"
ASKS = re.compile(r"\b(?:get_ipython|display)\(")
LOOP = {"create_task", "ensure_future", "get_running_loop", "get_event_loop"}
"""Functions that need a loop that runs, as one does in a notebook."""
RAISED = 'except {kind} as _raised:\n    print(f"{{type(_raised).__name__}}: {{_raised}}")'


SHELL = """# %%
# As in a notebook: IPython answers to what the cells below ask of it, when this runs with `python`, too.
try:
    get_ipython()
except NameError:
    try:
        from IPython.core.interactiveshell import InteractiveShell
    except ImportError:
        raise SystemExit("this page uses IPython: pip install ipython") from None
    from IPython.display import display
    from traitlets.config import Config

    InteractiveShell.instance(
        config=Config(HistoryManager={"enabled": False}),
        user_ns=globals(),
        user_module=__import__("sys").modules[__name__],
    )
    from IPython import get_ipython
"""
"""What a script begins with whose cells use magic commands or display something."""

NO_FILE = """# %%
# As in a notebook: no cell is a program of its own, and a listing that can be one does not start.
globals().pop("__file__", None)
"""
"""What a script begins with that shows a program."""


AWAITS = """# %%
# As in a notebook: a cell may await, and a loop runs.
import asyncio as _asyncio
from concurrent.futures import ThreadPoolExecutor as _ThreadPoolExecutor

_loop = _asyncio.new_event_loop()


def _run(cell):
    try:
        _asyncio.get_running_loop()
    except RuntimeError:
        return _loop.run_until_complete(cell)
    with _ThreadPoolExecutor(1) as pool:  # a loop runs here already
        return pool.submit(_loop.run_until_complete, cell).result()
"""
"""What a script begins with of which a cell needs a loop."""

CELL = "async def _cell():"
RUN = "_run(_cell())"


def script(notebook: NotebookNode) -> str:
    """Return a notebook as a script.

    It runs in a kernel, as ``ipython page.py`` and as ``python page.py``. What a notebook displays without being asked,
    a script does not. An error that the page shows is caught and printed.
    """
    cells = list(map(_cell, notebook.cells))
    code = "\n".join(cell for cell in cells if not cell.startswith(MARKDOWN))
    before = [SHELL] if ASKS.search(code) else []
    before += [NO_FILE] if "__file__" in code else []
    before += [AWAITS] if RUN in code else []
    return "\n\n".join([*(text.rstrip() for text in before), *cells]) + "\n"


def _cell(cell: NotebookNode) -> str:
    if cell.cell_type != "code":
        return f"{MARKDOWN}\n" + indent(cell.source, "# ", lambda line: True).replace("# \n", "#\n").rstrip()
    if "skip-execution" in cell.metadata.get("tags", []):
        return f"{MARKDOWN}\n" + indent(f"```python\n{cell.source}\n```", "# ", lambda line: True)
    code = _in_a_loop(as_calls(cell.source).rstrip())
    if "raises-exception" in cell.metadata.get("tags", []):
        code = _caught(code, {str(output.get("ename")) for output in cell.outputs})
    return f"# %%\n{code}"


def _in_a_loop(code: str) -> str:
    """Return code as the body of a coroutine, where it awaits or asks for the running loop; its names stay global."""
    tree = parse(code).tree
    if tree is None:
        return code
    body = _indented(code, tree)
    try:
        made = compile(code, "<cell>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        (function,) = symtable.symtable("\n".join([CELL, *body]), "<cell>", "exec").get_children()
    except (SyntaxError, ValueError):  # no Python, or `from … import *`, which no function may have
        return code
    called = {getattr(it.func, "attr", getattr(it.func, "id", "")) for it in ast.walk(tree) if isinstance(it, ast.Call)}
    if not (made.co_flags & inspect.CO_COROUTINE or LOOP & called):
        return code
    names = sorted(it.get_name() for it in function.get_symbols() if it.is_local())
    known = [f"    global {', '.join(names)}"] if names else []
    return "\n".join([CELL, *known, *body, "", "", RUN])


def _caught(code: str, names: set[str]) -> str:
    """Return code that goes on after its error."""
    tree = parse(code).tree
    lines = _indented(code, tree) if tree else [f"    exec({code!r})"]
    kind = "BaseException" if names & {"SystemExit", "KeyboardInterrupt", "GeneratorExit"} else "Exception"
    return "\n".join(["try:", *lines, RAISED.format(kind=kind)])


def _indented(code: str, tree: ast.Module) -> list[str]:
    """Return the lines of code within a block; those within a text of several lines stay as they are."""
    whole = {
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes)))
        for line in range(node.lineno + 1, (node.end_lineno or 0) + 1)
    }
    return [line if number in whole or not line else f"    {line}" for number, line in enumerate(code.split("\n"), 1)]
