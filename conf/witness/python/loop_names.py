"""What a loop leaves in a name that had a value of its own: whoever reads it below reads the loop's last turn."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from witness.python.clocks import bound


@dataclass(frozen=True)
class LoopName:
    """A name that a ``for`` took over, and that is read below it."""

    name: str
    value: int
    """Line that gave it a value."""
    loop: int
    """Line of the loop."""
    read: int
    """Line of the reading."""


class LoopNames:
    """Follows the names of a namespace through pieces of code, in the order in which they run.

    What functions and lambdas read is left out: they read it when they are called.
    """

    def __init__(self) -> None:
        self._values: dict[str, int] = {}
        self._left: dict[str, tuple[int, int]] = {}
        """Line of the value and line of the loop."""
        self._inner: list[set[str]] = []
        """Names of the comprehensions around."""
        self._found: list[LoopName] = []
        self._above = 0

    def run(self, tree: ast.AST, line: int) -> list[LoopName]:
        """Return what a piece of code, whose first line is ``line``, reads of what a loop has left."""
        self._above, self._found = line - 1, []
        self._visit(tree)
        return self._found

    def _visit(self, *nodes: ast.AST | None) -> None:
        for node in nodes:
            match node:
                case ast.Name():
                    self._name(node)
                case ast.For() | ast.AsyncFor():
                    self._loop(node)
                case ast.AugAssign(target=ast.Name(id=name)):
                    self._visit(ast.copy_location(ast.Name(name, ast.Load()), node), node.value, node.target)
                case ast.Assign(targets=targets, value=value):
                    self._visit(value, *targets)
                case ast.AnnAssign(target=target, value=ast.expr() as value) | ast.NamedExpr(target, value):
                    self._visit(value, target)
                case ast.AnnAssign():
                    pass
                case ast.alias():
                    self._bind((node.asname or node.name).partition(".")[0], node.lineno)
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    self._visit(*node.decorator_list, *node.args.defaults, *node.args.kw_defaults)
                    self._bind(node.name, node.lineno)
                case ast.Lambda():
                    self._visit(*node.args.defaults, *node.args.kw_defaults)
                case ast.ClassDef():
                    self._visit(*node.decorator_list, *node.bases)
                    self._bind(node.name, node.lineno)
                case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                    self._inner.append({name for part in node.generators for name in bound(part.target)})
                    self._visit(*ast.iter_child_nodes(node))
                    self._inner.pop()
                case ast.AST():
                    self._visit(*ast.iter_child_nodes(node))

    def _name(self, node: ast.Name) -> None:
        if any(node.id in names for names in self._inner):
            return
        if not isinstance(node.ctx, ast.Load):
            self._bind(node.id, node.lineno)
        elif node.id in self._left:
            self._found.append(LoopName(node.id, *self._left[node.id], node.lineno + self._above))

    def _loop(self, node: ast.For | ast.AsyncFor) -> None:
        self._visit(node.iter)
        before = {name: self._values.get(name) or self._left.get(name, (0,))[0] for name in bound(node.target)}
        self._visit(node.target)
        taken = {name: self._values[name] for name in before}
        self._visit(*node.body, *node.orelse)
        for name, value in before.items():
            if self._values.get(name) == taken[name]:
                del self._values[name]
                if value:
                    self._left[name] = value, node.lineno + self._above

    def _bind(self, name: str, line: int) -> None:
        self._values[name] = line + self._above
        self._left.pop(name, None)
