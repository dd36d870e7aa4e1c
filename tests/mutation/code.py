"""Mistakes in the code of a cell."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.mutation.mutant import Edit
from witness.python.cell import is_ipython, parse

OPERATORS: dict[type[ast.AST], tuple[str, str]] = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "+"),
    ast.Div: ("/", "*"),
    ast.MatMult: ("@", "*"),
    ast.Pow: ("**", "*"),
    ast.FloorDiv: ("//", "/"),
    ast.Mod: ("%", "//"),
    ast.Lt: ("<", ">="),
    ast.LtE: ("<=", ">"),
    ast.Gt: (">", "<="),
    ast.GtE: (">=", "<"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
    ast.And: ("and", "or"),
    ast.Or: ("or", "and"),
}
DTYPES = {
    "float32": "float16",
    "float16": "float32",
    "bfloat16": "float32",
    "float64": "float32",
    "int32": "float32",
    "int64": "int32",
    "int16": "int32",
    "int8": "int32",
    "uint8": "int32",
    "bool_": "int32",
}
MADE = {"arange", "ones", "zeros", "full", "array", "asarray", "eye", "linspace"}
"""Functions that make an array and choose its dtype by their arguments."""
SEEDED = {"key", "PRNGKey", "default_rng", "RandomState"}
"""Functions whose number is any one, as long as it is the same one."""
TRACED = {"lower", "trace", "eval_shape"}
"""Functions that look at the types of their arguments, and not at their values."""


def edits(source: str) -> Iterator[Edit]:
    """Yield the mistakes that can be made in a cell; none where it is no Python."""
    code = parse(source)
    if code.is_python and code.executed:
        yield from Mistakes(source, code.executed).all()


class Mistakes:
    """Finds them in one cell."""

    def __init__(self, source: str, tree: ast.Module) -> None:
        self._source = source
        self._tree = tree
        self._starts = [0]
        for line in source.split("\n"):
            self._starts.append(self._starts[-1] + len(line) + 1)
        self._functions = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}

    def all(self) -> Iterator[Edit]:
        """Yield them."""
        without = {  # Python 3.11 does not say where in an f-string its parts are
            id(part) for node in ast.walk(self._tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)
        }
        without |= {id(part) for node in ast.walk(self._tree) for part in _free(node)}
        for node in ast.walk(self._tree):
            if id(node) in without or is_ipython(node):
                continue
            yield from self._operator(node)
            yield from self._constant(node)
            yield from self._jit(node)
            yield from self._static(node)
            yield from self._dtype(node)
            yield from self._awaited(node)

    def _offset(self, line: int, column: int) -> int:
        start = self._starts[line - 1]
        text = self._source[start:].split("\n", 1)[0]
        return start + len(text.encode()[:column].decode())

    def _span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        return self._offset(node.lineno, node.col_offset), self._offset(node.end_lineno or 0, node.end_col_offset or 0)

    def _text(self, node: ast.expr) -> str:
        start, end = self._span(node)
        return self._source[start:end]

    def _between(self, left: ast.expr, right: ast.expr, operator: ast.AST, suffix: str = "") -> Iterator[Edit]:
        if type(operator) not in OPERATORS:
            return
        old, new = OPERATORS[type(operator)]
        start, end = self._span(left)[1], self._span(right)[0]
        place = self._source.find(old, start, end)
        if place >= 0:
            yield Edit("operator", place, place + len(old), new)

    def _operator(self, node: ast.AST) -> Iterator[Edit]:
        match node:
            case ast.BinOp():
                yield from self._between(node.left, node.right, node.op)
            case ast.AugAssign():
                yield from self._between(node.target, node.value, node.op)
            case ast.Compare():
                for left, operator, right in zip(
                    [node.left, *node.comparators], node.ops, node.comparators, strict=False
                ):
                    yield from self._between(left, right, operator)
            case ast.BoolOp():
                for left, right in zip(node.values, node.values[1:], strict=False):
                    yield from self._between(left, right, node.op)
            case ast.UnaryOp(op=ast.Not()):
                start, _ = self._span(node)
                yield Edit("operator", start, self._span(node.operand)[0], "")

    def _constant(self, node: ast.AST) -> Iterator[Edit]:
        if isinstance(node, ast.Constant) and isinstance(node.value, (bool, int, float)):
            new = (not node.value) if isinstance(node.value, bool) else node.value + 1
            yield Edit("constant", *self._span(node), repr(new))

    def _jit(self, node: ast.AST) -> Iterator[Edit]:
        if isinstance(node, ast.FunctionDef):
            for decorator in node.decorator_list:
                if re.search(r"\bjit\b", self._text(decorator)):
                    start, end = self._span(decorator)
                    line_start = self._source.rfind("\n", 0, start) + 1
                    yield Edit("jit", line_start, self._source.index("\n", end) + 1, "")
        elif isinstance(node, ast.Call) and _called(node) == "jit" and node.args:
            yield Edit("jit", *self._span(node), self._text(node.args[0]))

    def _static(self, node: ast.AST) -> Iterator[Edit]:
        if not isinstance(node, ast.Call):
            return
        for keyword in node.keywords:
            values = keyword.value.elts if isinstance(keyword.value, (ast.Tuple, ast.List)) else [keyword.value]
            constants = [value for value in values if isinstance(value, ast.Constant)]
            if not constants or keyword.arg not in ("static_argnums", "static_argnames"):
                continue
            first = constants[0]
            taken = {value.value for value in constants}
            if keyword.arg == "static_argnums":
                free = [number for number in range(3) if number not in taken]
                yield Edit("static", *self._span(first), repr(free[0]))
            elif names := [name for name in self._parameters(node) if name not in taken]:
                yield Edit("static", *self._span(first), f'"{names[0]}"')

    def _parameters(self, call: ast.Call) -> list[str]:
        """Return the names of the parameters of the function that a call of ``jit`` is about."""
        for function in self._functions.values():
            if any(call is part for decorator in function.decorator_list for part in ast.walk(decorator)):
                return [argument.arg for argument in function.args.args]
        first = call.args[0] if call.args else None
        if isinstance(first, ast.Name) and first.id in self._functions:
            return [argument.arg for argument in self._functions[first.id].args.args]
        return [argument.arg for argument in first.args.args] if isinstance(first, ast.Lambda) else []

    def _dtype(self, node: ast.AST) -> Iterator[Edit]:
        if isinstance(node, ast.Attribute) and node.attr in DTYPES:
            end = self._span(node)[1]
            yield Edit("dtype", end - len(node.attr), end, DTYPES[node.attr])
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            return
        named = [keyword.value for keyword in node.keywords if keyword.arg == "dtype"]
        for value in [*named, *(node.args if node.func.attr in ("astype", "ShapeDtypeStruct") else [])]:
            if isinstance(value, ast.Constant) and value.value in DTYPES:
                yield Edit("dtype", *self._span(value), repr(DTYPES[value.value]))
        if named or node.func.attr not in MADE or self._text(node.func.value) != "jnp":
            return
        numbers = [it for argument in node.args for it in ast.walk(argument) if isinstance(it, ast.Constant)]
        floats = [it for it in numbers if isinstance(it.value, float)]
        end = self._span(node)[1] - 1
        if node.func.attr in ("ones", "zeros", "eye", "linspace"):
            yield Edit("dtype", end, end, ", dtype=int")
        elif len(floats) == 1 and (text := self._text(floats[0])).endswith(".0"):
            yield Edit("dtype", *self._span(floats[0]), text.removesuffix(".0"))  # a point that was forgotten
        elif numbers:
            yield Edit("dtype", end, end, ", dtype=int" if floats else ", dtype=float")

    def _awaited(self, node: ast.AST) -> Iterator[Edit]:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _called(node) == "block_until_ready":
            kept = node.args[0] if node.args else node.func.value
            yield Edit("await", *self._span(node), self._text(kept))


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _free(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the parts of a node in whose place another number would be no mistake.

    A seed is one, and a float of which only the type is looked at. In an assert, so is a bound, or its factor: another
    one that holds is as true.
    """
    match node:
        case ast.Call(func=ast.Call(func=made), args=arguments) if ast.unparse(made).endswith("make_jaxpr"):
            yield from filter(_is_float, arguments)
        case ast.Call(args=arguments) if _called(node) in TRACED:
            yield from filter(_is_float, arguments)
        case ast.Call(args=[ast.Constant() as seed, *_]) if _called(node) in SEEDED:
            yield seed
        case ast.Assert(test=test):
            for compared in ast.walk(test):
                if isinstance(compared, ast.Compare):
                    sides = [compared.left, *compared.comparators]
                    for left, operator, right in zip(sides, compared.ops, sides[1:], strict=False):
                        if isinstance(operator, ast.Lt | ast.LtE | ast.Gt | ast.GtE):
                            yield from (*_factors(left), *_factors(right))


def _factors(side: ast.expr) -> Iterator[ast.AST]:
    match side:
        case ast.Constant():
            yield side
        case ast.BinOp(op=ast.Mult(), left=left, right=right):
            found = [*_factors(left), *_factors(right)]
            yield from [*found, side] if found else []


def _is_float(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, float)
