"""JAX's work in the code of a page: which calls are handed to a device, as far as names tell."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator

from witness.python.words import words

MODULES = frozenset(words("jax.numpy jax.lax jax.random jax.nn jax.scipy jax.image"))
"""Modules of JAX whose functions compute."""
TRANSFORMS = frozenset(words("jit grad value_and_grad vmap pmap jvp vjp hessian jacfwd jacrev checkpoint"))
AWAITING = frozenset(words("block_until_ready effects_barrier device_get item tolist asarray float int bool print"))
"""What is called to have a result, or leads to it: such a call returns no sooner than the result is there."""

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class JaxCalls:
    """Knows the names that a page's code gives to JAX's modules, and to functions that compute with them."""

    def __init__(self, trees: Iterable[ast.Module]) -> None:
        self.jitted: set[str] = set()
        """Functions that `jax.jit` made."""
        self._computing: set[str] = set()
        """Functions that return what JAX computes, and do not wait for it."""
        self._modules: set[str] = set()
        self._transforms: set[str] = set()
        nodes = [node for tree in trees for node in ast.walk(tree)]
        for node in nodes:
            self._import(node)
        size = -1
        while len(self.jitted | self._computing) > size:  # a function may call one that stands further down
            size = len(self.jitted | self._computing)
            for node in nodes:
                self._bind(node)
        lambdas = [node for node in nodes if isinstance(node, ast.Lambda) and not ast.unparse(node.args)]
        self._passed_on = any(map(self._computes, lambdas))
        """Whether what is called without an argument may be a function that does not wait: some such are written."""

    def is_handed_over(self, call: ast.Call, given: Collection[str] = ()) -> bool:
        """Return whether a call is work for a device; ``given`` are names of functions that are not defined here."""
        match call.func:
            case ast.Name(id=name):
                return name in self.jitted | self._computing or (name in given and (bool(call.args) or self._passed_on))
            case ast.Call(func=made):
                return _dotted(made) in self._transforms
            case ast.Attribute(value=module):
                return _dotted(module) in self._modules
        return False

    def is_given(self, call: ast.Call, given: Collection[str]) -> bool:
        """Return whether what is called is not defined here, but ``given``, and may return before its work is done."""
        return isinstance(call.func, ast.Name) and call.func.id in given and self.is_handed_over(call, given)

    def is_jitted(self, call: ast.Call) -> bool:
        """Return whether what is called was made by ``jit``."""
        return isinstance(call.func, ast.Name) and call.func.id in self.jitted

    def _import(self, node: ast.AST) -> None:
        if isinstance(node, ast.Import):
            for it in node.names:
                if it.asname and it.name in MODULES:
                    self._modules.add(it.asname)
                elif it.name.partition(".")[0] == "jax":
                    self._modules |= MODULES
                    self._transforms |= {f"jax.{name}" for name in TRANSFORMS}
        elif isinstance(node, ast.ImportFrom) and node.module == "jax":
            self._modules |= {it.asname or it.name for it in node.names if f"jax.{it.name}" in MODULES}
            self._transforms |= {it.asname or it.name for it in node.names if it.name in TRANSFORMS}

    def _bind(self, node: ast.AST) -> None:
        match node:
            case ast.FunctionDef(name=name, decorator_list=decorators):
                if any(self._is_jit(it) or self._makes(it) for it in decorators):
                    self.jitted.add(name)
                elif any(isinstance(it, ast.Return) and it.value for it in ast.walk(node)) and self._computes(node):
                    self._computing.add(name)
            case ast.Assign(targets=targets, value=value):
                names = {target.id for target in targets if isinstance(target, ast.Name)}
                if self._makes(value):
                    self.jitted |= names
                elif isinstance(value, ast.Lambda) and self._computes(value):
                    self._computing |= names

    def _is_jit(self, node: ast.expr) -> bool:
        """Return whether an expression turns a function into a jitted one: ``jit``, ``jit(…)`` of options alone."""
        match node:
            case ast.Call(func=function, args=[]):
                return self._is_jit(function)
            case ast.Call(func=function, args=[first]):
                return _last(function) == "partial" and self._is_jit(first)
        return _dotted(node) in self._transforms and _last(node) == "jit"

    def _makes(self, node: ast.expr) -> bool:
        """Return whether an expression is a jitted function: ``jit(f)``, a part of one, or what is compiled from it."""
        match node:
            case ast.Name(id=name):
                return name in self.jitted
            case ast.Call(func=ast.Attribute(value=inner, attr="lower" | "trace" | "compile")):
                return self._makes(inner)
            case ast.Call(func=function, args=[first, *_]):
                return self._makes(first) if _last(function) == "partial" else self._is_jit(function)
        return False

    def _computes(self, function: Function) -> bool:
        calls = [it for it in ast.walk(function) if isinstance(it, ast.Call)]
        return any(map(self.is_handed_over, calls)) and not any(_last(it.func) in AWAITING for it in calls)


def parts(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Yield what is executed where a body stands: all of it but the inside of functions and classes."""
    for node in body:
        yield node
        if not isinstance(node, Function | ast.ClassDef):
            yield from parts(ast.iter_child_nodes(node))


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _dotted(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attribute):
            return f"{_dotted(value)}.{attribute}"
    return ""
