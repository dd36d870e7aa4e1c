"""Clocks that run from one cell of a page to a later one, as far as the code tells: nothing may come between.

One is a name that is given what a clock says, of which a later cell that reads a clock, or one below it, takes the
difference; another is what reads a clock and is called ``start``, until what is called ``stop``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Sequence

from witness.python.cell import parse
from witness.python.clocks import ClockNames, reading, run

START = re.compile(r"(?:re)?start(?:_.*)?|.*_(?:start|begin)|tic|begin")
STOP = re.compile(r"stop(?:_.*)?|.*_(?:stop|end)|to[ck]|tac|end|finish|elapsed|lap|split")


def quiet(sources: Sequence[str], known: Collection[str] = ()) -> tuple[list[bool], list[bool]]:
    """Return for each cell of a page whether it needs the machine to itself, and whether still when it has ended.

    ``known`` are names of which it is known that they read a clock.
    """
    timed = reading(sources, known)
    kept = held(sources, known) if timed.count(True) > 1 else [False] * len(timed)
    return [reads or before for reads, before in zip(timed, [False, *kept], strict=False)], kept


def held(sources: Sequence[str], known: Collection[str] = ()) -> list[bool]:
    r"""Return for each cell of a page whether a clock still runs when it has ended.

    >>> held(["import time\nbegan = time.time()", "work()", "took = time.time() - began", "print(took)"])
    [True, True, False, False]
    """
    trees = [parse(source).executed or ast.Module([], []) for source in sources]
    names = ClockNames(known)
    names.learn(trees)
    found = [False] * len(trees)
    for first, tree in enumerate(trees):
        last = max((_last(trees, first, name, names) for name in _given(tree, names)), default=first)
        if _calls(tree, names)[-1:] == ["start"]:
            stops = (cell for cell in range(first + 1, len(trees)) if "stop" in _calls(trees[cell], names))
            last = max(last, next(stops, first))
        found[first:last] = [True] * (last - first)
    return found


def _given(tree: ast.Module, names: ClockNames) -> Iterator[str]:
    """Yield the names that may be given what a clock says, of which the cell itself takes no difference."""
    for node in run(tree):
        match node:
            case ast.Assign(value=ast.Call(func=called, args=args)) if _asks(called, args) and names.runs(called):
                given = [target.id for target in node.targets if isinstance(target, ast.Name)]
                yield from (it for it in given if not any(_subtracts(part, it) for part in run(tree)))


def _asks(called: ast.expr, arguments: list[ast.expr]) -> bool:
    """Return whether a call is one as of a clock, which takes no argument, but for a time zone."""
    return not arguments or (isinstance(called, ast.Attribute) and called.attr == "now")


def _last(trees: Sequence[ast.Module], first: int, name: str, names: ClockNames) -> int:
    """Return the last cell that reads a clock of which, there or below, the difference to a name is taken."""
    last = candidate = first
    for cell in range(first + 1, len(trees)):
        tree = trees[cell]
        if _is_bound_anew(tree, name):
            break
        candidate = cell if names.runs(tree) else candidate
        if any(_subtracts(node, name) for node in run(tree)):
            last = candidate
    return last


def _is_bound_anew(tree: ast.Module, name: str) -> bool:
    """Return whether a cell gives a name something before it uses what it was."""
    given = [node for node in ast.walk(tree) if isinstance(node, ast.Assign)]
    ends = {id(part): node for node in given for target in node.targets for part in ast.walk(target)}
    uses: list[tuple[int, int, bool]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == name:
            at = ends.get(id(node))  # what is assigned is worked out first
            place = (at.end_lineno or 0, at.end_col_offset or 0) if at else (node.lineno, node.col_offset)
            uses.append((*place, isinstance(node.ctx, ast.Load)))
    return bool(uses) and not min(uses)[2]


def _subtracts(node: ast.AST, name: str) -> bool:
    match node:
        case ast.BinOp(op=ast.Sub(), right=ast.Name(id=found)):
            return found == name
    return False


def _calls(tree: ast.Module, names: ClockNames) -> list[str]:
    """Return in order what is started and stopped by calls of what reads a clock."""
    found = []
    calls = [node for node in run(tree) if isinstance(node, ast.Call) and names.runs(node.func)]
    for call in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
        called = call.func.attr if isinstance(call.func, ast.Attribute) else ast.unparse(call.func)
        found += ["start"] * bool(START.fullmatch(called)) + ["stop"] * bool(STOP.fullmatch(called))
    return found
