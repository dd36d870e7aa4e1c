"""Which cells of a page read a clock while they run, as far as the code tells: those need the machine to themselves.

A cell that only defines a function that reads a clock does not; one that calls it does. Where the code does not tell,
a name that may stand for such a function is taken for one.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from witness.python.cell import TIMERS, magic, parse

CLOCKS = frozenset(
    f"{name}{unit}" for name in ("perf_counter", "monotonic", "process_time", "thread_time") for unit in ("", "_ns")
) | {"time_ns", "default_timer", "clock_gettime", "clock_gettime_ns", "getrusage"}
"""Functions that read a clock, whatever module they are found in."""

MODULES = {
    "time": {"time"},
    "timeit": {"timeit", "repeat", "Timer", "main"},
    "datetime.datetime": {"now", "utcnow", "today"},
    "pandas.Timestamp": {"now", "utcnow", "today"},
    "os": {"times"},
    "cProfile": {"run", "runctx"},
    "profile": {"run", "runctx"},
}
"""Functions with names that say less, by their modules and types."""

SPOKEN = re.compile(
    rf"%%?(?:{'|'.join(sorted(TIMERS))})\b|\btimeit\b|\b(?:{'|'.join(sorted(CLOCKS))})\s*\(|\btime\.time\s*\("
)
"""What a text that is no Python may be known by."""

LOOP = re.compile(r"loop(\(\))?$")
"""An event loop, by what everybody calls it: its ``time()`` is a clock."""

DEFINITIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def reading(sources: Sequence[str], known: Collection[str] = ()) -> list[bool]:
    r"""Return for each cell of a page whether it reads a clock while it runs.

    ``known`` are names of which it is known that they do, with dots where the page has them.

    >>> reading(["from time import perf_counter", "def now():\n    return perf_counter()", "now()"])
    [False, False, True]
    """
    cells = [parse(source) for source in sources]
    names = ClockNames(known)
    names.learn(cell.executed for cell in cells if cell.executed)
    return [
        names.runs(cell.executed) if cell.is_python and cell.executed else bool(SPOKEN.search(cell.source))
        for cell in cells
    ]


def holds(source: str) -> bool:
    r"""Return whether code names a clock anywhere, also in what it only defines or imports for others.

    >>> [holds(it) for it in ("from time import perf_counter", "def f():\n    import time\n    time.time()", "time")]
    [True, True, False]
    """
    tree = parse(source).executed
    if tree is None:
        return bool(SPOKEN.search(source))
    nodes, names = [*ast.walk(tree)], ClockNames()
    imports = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]  # in functions, too
    names.learn([ast.Module([*imports], []), tree])
    return any(map(names.offers, nodes))


def used(sources: Iterable[str]) -> set[str]:
    r"""Return the names that cells use, with their dots, of which modules that they import may tell more.

    >>> sorted(used(["with helpers.timer() as t:\n    f(x)"]))
    ['f', 'helpers.timer', 'x']
    """
    trees = [tree for source in sources if (tree := parse(source).executed)]
    inner = {id(it.value) for tree in trees for it in ast.walk(tree) if isinstance(it, ast.Attribute)}
    found = (dotted(it) for tree in trees for it in ast.walk(tree) if id(it) not in inner)
    return {name for name in found if name} - vars(builtins).keys() - {"get_ipython"}


def dotted(node: ast.AST) -> str:
    """Return the text of a name that is loaded, with its attributes, or an empty text."""
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return before and f"{before}.{node.attr}"
    return node.id if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) else ""


class ClockNames:
    """The names of a page that stand for what reads a clock when it is called, wherever they are bound."""

    def __init__(self, known: Collection[str] = ()) -> None:
        self._names = {*CLOCKS, *known}
        self._makers: set[str] = set()
        """Those that give something that reads one: a class, a function that returns a function."""
        self._modules: dict[str, str] = {}

    def learn(self, trees: Iterable[ast.Module]) -> None:
        """Learn the names; one may depend on another that is bound further down."""
        nodes = [node for tree in trees for node in _binding(tree)]
        size = -1
        while size < (size := len(self._names) + len(self._makers) + len(self._modules)):
            for node in nodes:
                self._bind(node)

    def runs(self, tree: ast.AST) -> bool:
        """Return whether a tree, when it is run, reads a clock; what is only defined in it does not run."""
        return any(map(self._reads, run(tree)))

    def offers(self, node: ast.AST) -> bool:
        """Return whether a node reads a clock, or imports what does."""
        if isinstance(node, ast.ImportFrom):
            return not {it.name for it in node.names}.isdisjoint(CLOCKS | MODULES.get(node.module or "", set()))
        return self._reads(node)

    def _bind(self, node: ast.AST) -> None:
        match node:
            case ast.Import():
                for it in node.names:
                    if any(module.split(".")[0] == it.name for module in MODULES):
                        self._modules[it.asname or it.name] = it.name
            case ast.ImportFrom():
                named = CLOCKS | MODULES.get(node.module or "", set())
                self._names |= {it.asname or it.name for it in node.names if it.name in named}
                within = {it.asname or it.name: f"{node.module}.{it.name}" for it in node.names}
                self._modules |= {name: module for name, module in within.items() if module in MODULES}
                self._names |= {name for name, module in within.items() if module in self._names}
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                if any(self._reads(part) for part in ast.walk(node)):
                    self._names.add(node.name)
                    inner = [part for part in ast.walk(node) if part is not node and isinstance(part, DEFINITIONS)]
                    if any(self._reads(part) for it in inner for part in ast.walk(it)):
                        self._makers.add(node.name)
            case ast.Assign() | ast.AnnAssign() | ast.NamedExpr() if node.value and self._gives(node.value):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                self._names |= {name for target in targets for name in bound(target)}
            case ast.withitem() if node.optional_vars and self._gives(node.context_expr):
                self._names |= set(bound(node.optional_vars))
            case _:
                pass

    def _gives(self, value: ast.expr) -> bool:
        """Return whether a value may be, or hold, what reads a clock: not merely what a clock said."""
        if isinstance(value, ast.Call):
            given = [*value.args, *(keyword.value for keyword in value.keywords)]
            made = any(isinstance(it, ast.Name) and it.id in self._makers for it in ast.walk(value.func))
            return made or any(map(self._gives, given))
        if isinstance(value, ast.Lambda):
            return any(map(self._reads, ast.walk(value)))
        inner = [it for it in ast.iter_child_nodes(value) if isinstance(it, ast.expr)]
        return self._reads(value) or any(map(self._gives, inner))

    def _reads(self, node: ast.AST) -> bool:
        """Return whether a node is the name of what reads a clock, or a magic that does."""
        if magic(node) in TIMERS:
            return True
        if isinstance(node, ast.Name):
            return isinstance(node.ctx, ast.Load) and node.id in self._names
        if not isinstance(node, ast.Attribute):
            return False
        if node.attr == "time" and LOOP.search(ast.unparse(node.value)):
            return True
        first, _, rest = dotted(node.value).partition(".")
        module = ".".join(filter(None, (self._modules.get(first, ""), rest)))
        return node.attr in CLOCKS or node.attr in MODULES.get(module, ()) or dotted(node) in self._names


def _binding(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that may give a name of the page a value: not those in a function, whose names are its own."""
    yield tree
    if isinstance(tree, DEFINITIONS) and not any(isinstance(node, ast.Global) for node in ast.walk(tree)):
        return
    for child in ast.iter_child_nodes(tree):
        yield from _binding(child)


def run(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that run when a tree does."""
    yield tree
    for field, value in ast.iter_fields(tree):
        if field == "body" and (isinstance(tree, DEFINITIONS) or _is_for_programs(tree)):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from run(child)


def _is_for_programs(tree: ast.AST) -> bool:
    """Return whether a condition holds in a program only: ``"__file__" in globals()``, alone or joined by ``and``."""
    match tree:
        case ast.If(test=ast.BoolOp(op=ast.And(), values=conditions)):
            pass
        case ast.If(test=condition):
            conditions = [condition]
        case _:
            return False
    return any(ast.unparse(condition) == "'__file__' in globals()" for condition in conditions)


def bound(target: ast.AST) -> Iterator[str]:
    """Yield the names to which something is given anywhere in a node."""
    for node in ast.walk(target):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
