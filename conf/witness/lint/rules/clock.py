"""Rules on clocks: a call of JAX returns before its result is there, so a clock sees the work only if it waits."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from witness.lint.cell import LintedCell
from witness.lint.page import Page
from witness.lint.rule import Finding, Rule
from witness.python.jax_calls import JaxCalls
from witness.python.timed_regions import Body, bodies, names, place, reads, timing_functions

SIMPLE = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Return)
"""Statements with no others in them."""


def unawaited(page: Page) -> Iterator[Finding]:
    """Calls during which a clock runs, and whose results are not awaited."""
    work = _work(page)
    for cell in page.cells:
        if "clock" not in cell.options:
            for line, call in _unawaited(cell, work):
                yield Finding(line, f"a clock is read while `{call}` may still be at work")


def warm_ups(page: Page) -> Iterator[Finding]:
    """Calls of a compiled function that may still be at work when a clock starts."""
    work, clocks = _work(page), _clocks(page)
    for cell in page.cells:
        if "clock" not in cell.options:
            for line, call in _warming(cell, work, clocks):
                yield Finding(line, f"`{call}` may still be at work when a clock starts")


def sums(page: Page) -> Iterator[Finding]:
    """Two readings of a clock that are added, or anything but subtracted."""
    moments = {name for cell in page.cells for body in bodies(cell.code.cell) for name in body.moments}
    for cell in page.cells:
        for it in ast.walk(cell.code.tree) if cell.code.tree else ():
            match it:
                case ast.BinOp(left=left, op=op, right=right) if reads(left) and not isinstance(op, ast.Sub):
                    if reads(right) or moments.intersection(names(right)):
                        yield Finding(cell.code.line + it.lineno - 1, f"`{ast.unparse(it)}` is no time that passed")


def kept_programs(page: Page) -> Iterator[Finding]:
    """Compilations that a clock runs over, and that JAX may answer with a program that it has kept."""
    for cell in page.cells:
        for body in bodies(cell.code.cell):
            emptied = [place(it) for it in body.nodes if _is_method(it, "clear_caches")]
            for it in body.nodes:
                if not isinstance(it, SIMPLE) or not any(_is_method(part, "compile") for part in ast.walk(it)):
                    continue
                if body.times(it) and not any(where < place(it) for where in emptied):
                    yield Finding(_line(cell, it), "a clock runs over `.compile()`, which may find the program made")


def idle(page: Page) -> Iterator[Finding]:
    """Cells that time no dispatch and say so."""
    work, clocks = _work(page), _clocks(page)
    for cell in page.cells:
        if "clock" in cell.options and not [*_unawaited(cell, work), *_warming(cell, work, clocks)]:
            yield Finding(cell.option_line("clock"), "`:clock:` excuses nothing: every result is awaited")


def _work(page: Page) -> JaxCalls:
    return JaxCalls(cell.code.tree for cell in page.cells if cell.code.tree)


def _clocks(page: Page) -> set[str]:
    return timing_functions(cell.code.tree for cell in page.cells if cell.code.tree)


def _unawaited(cell: LintedCell, work: JaxCalls) -> Iterator[tuple[int, str]]:
    """Yield the line and the call of each result that is not there when its clock is read."""
    for body in bodies(cell.code.cell):
        for statement, call in [*_dropped(body), *_kept(body), *_collected(body)]:
            if body.times(statement) and work.is_handed_over(call, body.given):
                yield _line(cell, statement), _shown(call)


def _warming(cell: LintedCell, work: JaxCalls, clocks: Collection[str]) -> Iterator[tuple[int, str]]:
    """Yield the line and the call of each function, jitted or given, whose result is dropped above a clock's start.

    Functions that read a clock, ``clocks``, start one where they are called.
    """
    for body in bodies(cell.code.cell):
        starts = [*body.starts, *body.calls(clocks)]
        for statement, call in _dropped(body):
            above = any(start > place(statement) for start in starts)
            compiled = work.is_jitted(call) or (call.args and work.is_given(call, body.given))
            if above and compiled and not body.times(statement):
                yield _line(cell, statement), _shown(call)


def _dropped(body: Body) -> Iterator[tuple[ast.stmt, ast.Call]]:
    """Yield the calls whose results nobody keeps."""
    for it in body.nodes:
        if isinstance(it, ast.Expr) and isinstance(it.value, ast.Call):
            yield it, it.value


def _kept(body: Body) -> Iterator[tuple[ast.stmt, ast.Call]]:
    """Yield the calls whose results get names of which nothing is made before the clock stops."""
    for it in body.nodes:
        if isinstance(it, ast.Assign) and isinstance(it.value, ast.Call) and len(it.targets) == 1:
            given = names(it.targets[0])
            if given and body.times(it) and not any(body.uses(name, it) for name in given):
                yield it, it.value


def _collected(body: Body) -> Iterator[tuple[ast.stmt, ast.Call]]:
    """Yield the calls whose results go into a list of which nothing is made before the clock stops."""
    for it in body.nodes:
        match it:
            case ast.Expr(
                value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="append"), args=[ast.Call() as call])
            ) if body.times(it) and not body.uses(name, it):
                yield it, call


def _is_method(node: ast.AST, name: str) -> bool:
    """Return whether a node calls a method, or a function of JAX, but none of the module ``re``."""
    match node:
        case ast.Call(func=ast.Attribute(value=value, attr=attr)):
            return attr == name and not (isinstance(value, ast.Name) and value.id == "re")
    return False


def _line(cell: LintedCell, node: ast.stmt) -> int:
    return cell.code.line + node.lineno - 1


def _shown(call: ast.Call) -> str:
    return f"{ast.unparse(call.func)}(…)"


RULES = (
    Rule(
        "clock-not-held",
        "Between two readings of a clock the result of each call is awaited.",
        "await it: `f(x).block_until_ready()`; where the dispatch is meant, say `:clock: dispatch` and `:reason:`",
        unawaited,
    ),
    Rule(
        "warm-up-not-awaited",
        "The result of a first call is awaited before a clock starts.",
        "await it: `f(x).block_until_ready()`",
        warm_ups,
    ),
    Rule(
        "clock-not-subtracted",
        "Of two readings of a clock the first is subtracted from the second.",
        "subtract it: `perf_counter() - start`",
        sums,
    ),
    Rule(
        "compile-not-anew",
        "Where a clock runs over `.compile()`, JAX's caches were emptied first.",
        "call `jax.clear_caches()` above the clock: JAX hands back what it has compiled before",
        kept_programs,
    ),
    Rule(
        "idle-clock",
        "A cell that says `:clock: dispatch` times a dispatch.",
        "remove it",
        idle,
    ),
)
