"""The one parser of a cell: IPython's own lines become the calls that they stand for, each in its place.

IPython's input transformer says what a line means; here the lines keep their numbers, a cell magic whose body runs in
the page's own namespace gives its body, and a line magic that runs a statement gives that statement.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import takewhile
from typing import Any

BODIES = frozenset({"capture", "lprun", "memit", "mprun", "prun", "time", "timeit"})
"""Magics that run Python in the page's own namespace: as a cell magic their body, as a line magic their statement."""

TIMERS = frozenset({"lprun", "prun", "time", "timeit"})
"""Magics that read a clock."""

CELL_MAGIC = re.compile(r"%%(\w+)(?!\?|\w)[ \t]*(.*)")
OPTIONS = re.compile(r"(?:\s*-(?:[nrpslT]\s*\S+|-[\w-]+|\w+)(?=\s|$))*\s*")
"""What stands before the statement of a line magic."""
OUTPUT = re.compile(r"--(?:out|err|proc)[ =](\w+)")


@dataclass(frozen=True)
class CellCode:
    """The code of one cell."""

    source: str
    language: str
    """``python``, or the name of the cell magic to which the text is handed over."""
    text: str
    """Python with as many lines as the source; empty where the cell is no Python."""
    own: frozenset[int]
    """Lines, from 1, that are IPython's: a magic, a command of the system, a question."""

    @property
    def is_python(self) -> bool:
        """Whether the cell's code runs in the page's own namespace."""
        return self.language == "python"

    @cached_property
    def tree(self) -> ast.Module | None:
        """The code, IPython's lines as calls of ``get_ipython()``; None where it cannot be parsed."""
        try:
            return _marked(ast.parse(self.text), self.own)
        except (SyntaxError, ValueError, RecursionError):
            return None

    @cached_property
    def executed(self) -> ast.Module | None:
        """The code with the statements that magics run, each right behind its magic."""
        if self.tree is None or not self.own:
            return self.tree
        tree = _Statements(self.source.split("\n")).visit(_marked(ast.parse(self.text), self.own))
        assert isinstance(tree, ast.Module)
        return tree

    @property
    def imported(self) -> set[str]:
        """The top-level packages that the cell imports."""
        names: set[str] = set()
        for node in ast.walk(self.executed) if self.executed else ():
            if isinstance(node, ast.Import):
                names |= {it.name.partition(".")[0] for it in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.partition(".")[0])
        return names


@lru_cache(maxsize=4096)
def parse(source: str) -> CellCode:
    r"""Return the code of a cell.

    >>> parse("x = 1\n!ls").text
    "x = 1\nget_ipython().system('ls')"
    >>> parse("%%time\nf(x)").text
    "get_ipython().run_cell_magic('time', '')\nf(x)"
    >>> parse("%%bash\nls").language
    'bash'
    """
    if not _is_for_ipython(source):
        return CellCode(source, "python", source, frozenset())
    lines = source.split("\n")
    above = sum(1 for _ in takewhile(lambda line: not line.strip(), lines))
    found = CELL_MAGIC.fullmatch(lines[above]) if above < len(lines) else None
    if not found:
        text, own = _as_calls(lines)
        return CellCode(source, "python", text, own)
    name, arguments = found[1], found[2].rstrip()
    result = arguments if name == "capture" and arguments.isidentifier() else ""
    results = [result] if result else OUTPUT.findall(arguments)
    call = "".join(f"{it} = " for it in results) + f"get_ipython().run_cell_magic({name!r}, {arguments!r})"
    if name not in BODIES:
        rest = [""] * (len(lines) - above - 1)
        return CellCode(source, name, "\n".join([*lines[:above], call, *rest]), frozenset({above + 1}))
    body = parse("\n".join(lines[above + 1 :]))
    own = frozenset({above + 1, *(number + above + 1 for number in body.own)})
    return CellCode(source, body.language, "\n".join([*lines[:above], call, body.text]), own)


def as_calls(source: str) -> str:
    """Return a cell as Python that a kernel and a script run, each magic as the call that IPython makes of it."""
    if not _is_for_ipython(source):
        return source
    from IPython.core.inputtransformer2 import TransformerManager  # rarely needed, and not quick to import

    manager: Any = TransformerManager()  # type: ignore[no-untyped-call]  # as IPython has it
    try:
        changed = str(manager.transform_cell(source))
    except SyntaxError:  # badly dedented, say: there is nothing to call
        return source
    return source if _is_for_ipython(changed) else changed


def magic(node: ast.AST) -> str:
    """Return the name of the magic that a node calls, ``!`` for a command of the system, or an empty text."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name(id="get_ipython")), attr=method), args=arguments):
            match method, arguments:
                case "run_line_magic" | "run_cell_magic", [ast.Constant(value=str(name)), *_]:
                    return name
                case "system" | "getoutput" | "getoutput_pcat", _:
                    return "!"
    return ""


def is_ipython(node: ast.AST) -> bool:
    """Return whether a node stands for something that is no Python in the source."""
    return getattr(node, "is_ipython", False)


class _Statements(ast.NodeTransformer):
    """Puts the statements that magics run behind them."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines

    def visit_Expr(self, node: ast.Expr) -> list[ast.stmt]:
        return [node, *self._statements(node.value)]

    def visit_Assign(self, node: ast.Assign) -> list[ast.stmt]:
        return [node, *self._statements(node.value)]

    def _statements(self, call: ast.expr) -> list[ast.stmt]:
        if not is_ipython(call) or not isinstance(call, ast.Call) or magic(call) not in BODIES or len(call.args) < 2:
            return []
        arguments = ast.literal_eval(call.args[1])
        statement = arguments[found.end() :] if (found := OPTIONS.match(arguments)) else ""
        code = parse(statement)
        if magic(call) == "capture" or not code.is_python or code.tree is None or not code.tree.body:
            return []
        line = self._lines[call.lineno - 1] if call.lineno <= len(self._lines) else ""  # Python's lines end at \r, too
        column = line.rfind(statement)
        tree = ast.parse(code.text)  # that of the cell is shared
        for node in ast.walk(tree):
            if isinstance(node, ast.expr | ast.stmt | ast.arg | ast.keyword | ast.alias):
                if column < 0:  # it goes on in further lines
                    node.is_ipython = True  # type: ignore[union-attr]
                _move(node, call.lineno - 1, len(line[: max(0, column)].encode()))
        return tree.body


def _move(node: ast.expr | ast.stmt | ast.arg | ast.keyword | ast.alias, lines: int, columns: int) -> None:
    if node.lineno == 1:
        node.col_offset += columns
    if node.end_lineno == 1 and node.end_col_offset is not None:
        node.end_col_offset += columns
    node.lineno += lines
    node.end_lineno = (node.end_lineno or 0) + lines


def _marked(tree: ast.Module, own: frozenset[int]) -> ast.Module:
    for node in ast.walk(tree) if own else ():
        if isinstance(node, ast.Call) and node.lineno in own and magic(node):
            for part in ast.walk(node):
                part.is_ipython = True  # type: ignore[attr-defined]
    return tree


def _as_calls(lines: list[str]) -> tuple[str, frozenset[int]]:
    """Return the lines of a cell as Python, as many, and the numbers of those that IPython understands, from 1."""
    from IPython.core.inputtransformer2 import TransformerManager

    manager = TransformerManager()  # type: ignore[no-untyped-call]  # as IPython has it
    above = list(takewhile(lambda line: not line.strip(), lines))
    lines = [f"{line}\n" for line in lines[len(above) :]]
    cleanups: Any = manager.cleanup_transforms
    for clean in cleanups:
        lines = clean(lines)
    own: set[int] = set()
    while found := _first(manager.token_transformers, _tokens(lines), lines):
        place, changed = found
        lost = len(lines) - len(changed)
        own |= set(range(place, place + lost + 1))
        lines = [*changed[: place + 1], *["\n"] * lost, *changed[place + 1 :]]
    text = "\n".join(above) + "\n" * bool(above) + "".join(lines).removesuffix("\n")
    return text, frozenset(number + len(above) + 1 for number in own)


def _tokens(lines: list[str]) -> object:
    """Return the tokens of lines; none where these are badly dedented, and so no Python, whoever reads them."""
    from IPython.core.inputtransformer2 import make_tokens_by_line

    tokens: Any = make_tokens_by_line
    try:
        return tokens(lines)
    except SyntaxError:
        return []


def _first(kinds: Sequence[Any], tokens: object, lines: list[str]) -> tuple[int, list[str]] | None:
    """Return the first line, from 0, that is IPython's, and the lines with what it stands for."""
    found = [it for kind in kinds if (it := kind.find(tokens))]
    for it in sorted(found, key=lambda it: it.sortby()):
        try:
            return it.start_line, it.transform(lines)
        except SyntaxError:
            continue
    return None


def _is_for_ipython(source: str) -> bool:
    """Return whether a cell is not plain Python, so that IPython is to say what it means."""
    try:
        ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return True
    return False
