"""Asserts that end a cell: what the page claims is checked, and a reader who wants to opens it."""

from __future__ import annotations

import ast

from docutils import nodes

from witness.nodes.fold import fold
from witness.python.cell import parse


def split(code: str) -> tuple[str, str]:
    r"""Return a cell's code in two parts: what it does, and the asserts that end it with the comments right above them.

    >>> split("x = f(1)\n\n# the same\nassert x == 1")
    ('x = f(1)\n', '# the same\nassert x == 1')
    >>> split("x = 1; assert x")
    ('x = 1; assert x', '')
    """
    if code.lstrip().startswith("%%"):
        return code, ""
    tree = parse(code).tree
    if tree is None:
        return code, ""
    statements = tree.body
    place = len(statements)
    while place and isinstance(statements[place - 1], ast.Assert):
        place -= 1
    if place == len(statements):
        return code, ""
    first, last = statements[place].lineno, (statements[place - 1].end_lineno or 0) if place else 0
    lines = code.split("\n")
    while first - 1 > last and lines[first - 2].lstrip().startswith("#"):
        first -= 1
    if first <= last:
        return code, ""
    return "\n".join(lines[: first - 1]).rstrip(" "), "\n".join(lines[first - 1 :])


def fold_asserts(source: nodes.Element) -> bool:
    """Fold the asserts that end a cell away, in the nodes of its code; return whether there are any."""
    block = next(iter(source.findall(nodes.literal_block)), None)
    if block is None:
        return False
    done, claims = split(block.astext())
    if not claims:
        return False
    second = nodes.literal_block(claims, claims, **block.attributes)
    folded = fold("", second, summary="Checked", classes=["witness-checked"])
    first = nodes.literal_block(done.rstrip("\n"), done.rstrip("\n"), **block.attributes)
    block.parent.replace(block, [first, folded] if done.strip() else [folded])
    return True
