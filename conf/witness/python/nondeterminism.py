"""Which names of a page depend on a clock or on the device, as far as its code tells.

A live value that depends on none is exact, and compared; any other is only shown. The analysis errs on that side: it
knows neither scopes nor the order of statements, so a name that is measured once is measured everywhere.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Iterator

from witness.python.cell import parse
from witness.python.clocks import CLOCKS

TIMES = {"time", "timeit", "timings"}
TIMEIT = {"best", "worst", "average", "stdev", "all_runs"}
DEVICE = {
    *("devices", "local_devices", "device_count", "local_device_count", "device_kind", "default_backend", "platform"),
    *("cost_analysis", "memory_analysis", "memory_stats", "live_arrays"),
}
PROCESS = {"id", "hash", "getpid", "urandom", "uuid4", "getrefcount", "getsizeof", "get_ipython"}
RUN = CLOCKS | TIMES | TIMEIT | PROCESS
"""Names and attributes whose values are measured, or belong to one process: another run has others."""
SOURCES = RUN | DEVICE
"""Those, and names and attributes whose values belong to a device."""

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef

SPOKEN = re.compile(r"(?i)duration|elapsed|seconds|^millis|_ms$|_time$|^times?_")
"""Names that say so themselves."""


def nondeterminism(sources: Iterable[str]) -> Nondeterminism:
    """Return which names are measured in the cells of a page."""
    return Nondeterminism().learn(sources)


def by_cell(sources: Iterable[str], known: Collection[str]) -> Iterator[tuple[bool, Nondeterminism]]:
    r"""Yield for each cell of a page whether what it does differs from run to run, and which names do after it.

    Cells are taken to run in their order, once: a name that is given something else differs no more. ``known`` are
    more names whose values differ.

    >>> cells = ["a = time.time()", "b = a", "a = 1", "print(a)", "print(b)"]
    >>> [differs for differs, _ in by_cell(cells, ())]
    [True, True, False, False, True]
    """
    found = Nondeterminism(RUN | {*known})
    functions: dict[str, Definition] = {}
    modules: set[str] = set()
    for source in sources:
        tree = parse(source).executed
        differs = tree is None or found.reads(tree)
        for statement in tree.body if tree else ():
            bound = set(_bound_anew(statement))
            functions = {name: it for name, it in functions.items() if name not in bound}
            if isinstance(statement, ast.Import):
                modules |= {it.asname or it.name.partition(".")[0] for it in statement.names}
            if not found.reads(statement):
                found.names -= bound
            if isinstance(statement, Definition):
                functions[statement.name] = statement
                _learn_function(found, statement)
            else:
                found.read([statement])
            found.names -= modules
        size = -1
        while len(found.names) > size:  # a function may use a name that came to be measured after it was defined
            size = len(found.names)
            for function in functions.values():
                _learn_function(found, function)
            found.names -= modules
        yield differs, found


class Nondeterminism:
    """The measured names found so far."""

    def __init__(self, sources: Collection[str] = SOURCES) -> None:
        """Begin with names whose values are measured."""
        self.names: set[str] = set()
        self._sources = sources

    def learn(self, sources: Iterable[str]) -> Nondeterminism:
        """Take in the cells of a page; return this."""
        trees = [tree for source in sources if (tree := parse(source).executed)]
        size = -1
        while len(self.names) > size:  # a name may depend on one that is found further down
            size = len(self.names)
            for tree in trees:
                self.read(tree.body)
        return self

    def depends(self, expression: str) -> bool:
        """Return whether an expression depends on what is measured; one that cannot be read may."""
        try:
            return self.reads(ast.parse(expression, mode="eval"))
        except SyntaxError:
            return True

    def read(self, body: Iterable[ast.stmt], *, under: bool = False) -> None:
        """Take in statements; ``under`` says that whether they run is itself measured."""
        for statement in body:
            self._statement(statement, under=under)

    def _statement(self, node: ast.stmt, *, under: bool) -> None:
        if isinstance(node, Definition):
            self.read(node.body, under=under)
            if any(self.reads(part) for part in [*node.body, *node.decorator_list]):
                self.names.add(node.name)
            return
        head = [child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.stmt | ast.excepthandler)]
        under = under or (isinstance(node, ast.If | ast.While | ast.For | ast.Match) and any(map(self.reads, head)))
        if under or any(map(self.reads, head)):
            for part in head:
                self.names |= set(_bound(part))
        for part in ast.walk(node) if not _bodies(node) else (inner for child in head for inner in ast.walk(child)):
            if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) and (under or self._given(part)):
                self.names |= set(_base(part.func.value))
        for inner in _bodies(node):
            self.read(inner, under=under)

    def _given(self, call: ast.Call) -> bool:
        return any(map(self.reads, [*call.args, *call.keywords]))

    def reads(self, node: ast.AST) -> bool:
        """Return whether code reads a name that is measured."""
        return any(
            name in self.names or name in self._sources or SPOKEN.search(name)
            for part in ast.walk(node)
            for name in _name(part)
        )


def _name(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        yield node.id
    elif isinstance(node, ast.Attribute):
        yield node.attr


def _bound(node: ast.AST) -> Iterator[str]:
    """Yield the names that an assignment, a loop or a walrus gives a value, and those it changes a part of."""
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store | ast.Del):
            yield part.id
        elif isinstance(part, ast.Attribute | ast.Subscript) and isinstance(part.ctx, ast.Store):
            yield from _base(part)


def _bound_anew(statement: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement gives something else, whatever they were."""
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield statement.name
        case ast.Assign(targets=targets):
            for target in targets:
                parts = target.elts if isinstance(target, ast.Tuple | ast.List) else [target]
                yield from (part.id for part in parts if isinstance(part, ast.Name))


def _learn_function(found: Nondeterminism, function: Definition) -> None:
    """Take in a definition, but for the names that only its inside knows."""
    before = {*found.names}
    found.read([function])
    found.names -= _inside(function) - before


def _inside(function: Definition) -> set[str]:
    """Return the names that are bound in a definition, and not said to be those of what is around it."""
    nodes = [*ast.walk(function)]
    bound = {name for node in nodes for name in _stored(node)}
    around = {name for node in nodes if isinstance(node, ast.Global | ast.Nonlocal) for name in node.names}
    return bound - around - {function.name}


def _stored(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif isinstance(node, ast.arg):
        yield node.arg
    elif isinstance(node, Definition):
        yield node.name


def _base(node: ast.AST) -> Iterator[str]:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    if isinstance(node, ast.Name):
        yield node.id


def _bodies(node: ast.stmt) -> list[list[ast.stmt]]:
    found = [getattr(node, name) for name in ("body", "orelse", "finalbody") if getattr(node, name, None)]
    inner = [*getattr(node, "handlers", []), *getattr(node, "cases", [])]
    return found + [part.body for part in inner]
