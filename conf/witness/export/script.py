"""A page as a script: cells in the percent format, which runs as a whole and, in many editors, cell by cell."""

from __future__ import annotations

import ast
from textwrap import indent

from nbformat import NotebookNode

from witness.python.cell import as_calls, parse

RAISED = 'except {kind} as _raised:\n    print(f"{{type(_raised).__name__}}: {{_raised}}")'


def script(notebook: NotebookNode) -> str:
    """Return a notebook as a script.

    It runs in a kernel and as ``ipython page.py``; where no cell uses a magic command, as ``python page.py`` too. What
    a notebook displays without being asked, a script does not. An error that the page shows is caught and printed.
    """
    return "\n\n".join(map(_cell, notebook.cells)) + "\n"


def _cell(cell: NotebookNode) -> str:
    if cell.cell_type != "code":
        return "# %% [markdown]\n" + indent(cell.source, "# ", lambda line: True).replace("# \n", "#\n").rstrip()
    if "skip-execution" in cell.metadata.get("tags", []):
        return "# %% [markdown]\n" + indent(f"```python\n{cell.source}\n```", "# ", lambda line: True)
    code = as_calls(cell.source).rstrip()
    if "raises-exception" in cell.metadata.get("tags", []):
        code = _caught(code, {str(output.get("ename")) for output in cell.outputs})
    return f"# %%\n{code}"


def _caught(code: str, names: set[str]) -> str:
    """Return code that goes on after its error."""
    tree = parse(code).tree
    if tree is None:
        code, whole = f"exec({code!r})", set()
    else:
        whole = {
            line
            for node in ast.walk(tree)
            if isinstance(node, ast.JoinedStr)
            or (isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes)))
            for line in range(node.lineno + 1, (node.end_lineno or 0) + 1)
        }
    lines = [line if number in whole or not line else f"    {line}" for number, line in enumerate(code.split("\n"), 1)]
    kind = "BaseException" if names & {"SystemExit", "KeyboardInterrupt", "GeneratorExit"} else "Exception"
    return "\n".join(["try:", *lines, RAISED.format(kind=kind)])
