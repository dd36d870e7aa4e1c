"""Questions to a Python kernel: expressions that answer in JSON, whatever the page does to names and to printing."""

from __future__ import annotations

import json
from typing import Any

ANSWER = "application/vnd.witness.answer+json"
"""The kind of an answer: no formatter of the page has a say in it, as one of ``str`` has in that of a text."""


def answer(text: str) -> str:
    """Return an expression that answers what another, of a text in JSON, says."""
    shown = f"{{'_repr_mimebundle_': lambda *_, **__: {{'{ANSWER}': text}}}}"
    return f"(lambda text: __import__('builtins').type('Answer', (), {shown})())({text})"


def scalar(expression: str) -> str:
    """Return what brings a value out of the kernel with the name of its type; what is no scalar arrives as null."""
    return answer(
        "(lambda b, v: __import__('json').dumps([b.type(v).__name__, "
        "(lambda s: s if b.isinstance(s, (b.bool, b.int, b.float, b.str)) else None)"
        "(v.item() if b.getattr(v, 'ndim', None) == 0 and b.hasattr(v, 'item') else v)]))"
        f"(__import__('builtins'), ({expression}))"
    )


SHOWN = (
    "(lambda s, name: s.modules[name].last if name in s.modules else [s.last_type])"
    "(__import__('sys'), 'witness.capture.error')"
)
"""The classes of a cell's errors, as the kernel extension saw them; in a kernel without it, that of the last."""

RAISED = answer(f"__import__('json').dumps([t.__module__ + '.' + t.__qualname__ for t in {SHOWN}])")


def same(name: str) -> str:
    """Return what tells of each of these classes whether it is the one of a name."""
    return answer(f"__import__('json').dumps([__import__('pkgutil').resolve_name({name!r}) is t for t in {SHOWN}])")


INTERPRETER = answer(
    "(lambda s, o, c: __import__('json').dumps([s.path, o.path.dirname(o.__file__), [s.prefix, s.base_prefix], "
    "c.get_tmp_directory()]))(*map(__import__, ('sys', 'os')), __import__('ipykernel.compiler').compiler)"
)
"""The fields of ``Interpreter``, in their order."""

TRACES = answer("__import__('IPython').get_ipython()._witness_files()")
"""The fields of ``Traces``, in their order: what `capture/file_access.py` noted."""


def loads(reply: dict[str, Any]) -> Any:
    """Return the value in a kernel's answer to such an expression, or None when it raised, or the kernel shows none."""
    text = reply["data"].get(ANSWER) if reply["status"] == "ok" else None
    return None if text is None else json.loads(text)
