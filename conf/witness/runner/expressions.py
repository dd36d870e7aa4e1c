"""Questions to a Python kernel: expressions that answer in JSON, whatever the page has done to its own names."""

from __future__ import annotations

import ast
import json
from typing import Any

SCALAR = (
    "(lambda b, v: __import__('json').dumps([b.type(v).__name__, "
    "(lambda s: s if b.isinstance(s, (b.bool, b.int, b.float, b.str)) else None)"
    "(v.item() if b.getattr(v, 'ndim', None) == 0 and b.hasattr(v, 'item') else v)]))(__import__('builtins'), ({}))"
)
"""Brings a value out of the kernel with the name of its type; what is no scalar arrives as null."""

SHOWN = (
    "(lambda s, name: s.modules[name].last if name in s.modules else [s.last_type])"
    "(__import__('sys'), 'witness.capture.error')"
)
"""The classes of a cell's errors, as the kernel extension saw them; in a kernel without it, that of the last."""

RAISED = f"__import__('json').dumps([t.__module__ + '.' + t.__qualname__ for t in {SHOWN}])"
SAME = f"__import__('json').dumps([__import__('pkgutil').resolve_name({{!r}}) is t for t in {SHOWN}])"

INTERPRETER = (
    "(lambda s, o, c: __import__('json').dumps([s.path, o.path.dirname(o.__file__), [s.prefix, s.base_prefix], "
    "c.get_tmp_directory()]))(*map(__import__, ('sys', 'os')), __import__('ipykernel.compiler').compiler)"
)
"""The fields of ``Interpreter``, in their order."""

TRACES = "__import__('IPython').get_ipython()._witness_files()"
"""The fields of ``Traces``, in their order: what `capture/file_access.py` noted."""


def loads(answer: dict[str, Any]) -> Any:
    """Return the value in a kernel's answer to such an expression, or None when it raised."""
    if answer["status"] != "ok":
        return None
    return json.loads(ast.literal_eval(answer["data"]["text/plain"]))
