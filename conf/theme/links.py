"""The first mention of a name of JAX, NumPy or Python in the prose of a page leads to its reference."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docutils import nodes
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.inventory import _InventoryItem
from sphinx.util.typing import Inventory

NAME = re.compile(r"@?((?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*)(?:\(.*\))?$")
"""A name, called or not: of what is called the name is linked, with its arguments."""

QUALIFIED = re.compile(r"\b[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
IMPORTED = re.compile(r"^from ([\w.]+) import ([\w, ]+)$", re.MULTILINE)

ALIASES = {"jnp": "jax.numpy", "np": "numpy", "lax": "jax.lax", "jr": "jax.random"}
"""What the pages import under a shorter name."""

BARE = ("jit", "vmap", "pmap", "grad", "value_and_grad", "make_jaxpr", "block_until_ready", "ShapeDtypeStruct")
"""Names of JAX that prose says without the module."""

ERRORS = "jax.errors"
"""The module whose exceptions prose says without it."""

KINDS = ("function", "class", "exception", "method", "attribute", "property", "module", "data")

NOT_IN = (nodes.reference, nodes.title, nodes.literal_block, nodes.caption)
"""Where a name stays as it is: in another link, in a heading, in code."""


class Mentions(SphinxPostTransform):
    """Makes links of first mentions; inventories are files of the book, so that nothing is asked of the network."""

    default_priority = 700
    formats = ("html",)

    def run(self, **kwargs: object) -> None:
        """Link each name where the page first says it."""
        seen: set[str] = set()
        own, short = defined(self.document), shortened(self.document)
        for literal in list(self.document.findall(nodes.literal)):
            name = full_name(literal.astext())
            if not name or name in own or not in_prose(literal):
                continue
            names = [name] if "." in name else [name, f"{ERRORS}.{name}", *short.get(name, ())]
            found = [(name, item) for name in names if (item := look_up(self.env, name))]
            if len({item.uri for _, item in found}) == 1 and not seen & {name for name, _ in found}:
                name, item = found[0]
                seen.add(name)
                link = nodes.reference("", "", internal=False, refuri=item.uri, classes=["api"])
                link["reftitle"] = f"{name}, in the reference of {item.project_name}"
                literal.replace_self(link)
                link += literal


def full_name(text: str) -> str:
    """Return the whole name of what a piece of code names, or nothing where it is no name.

    >>> full_name("jnp.where"), full_name("@jax.jit"), full_name("jit"), full_name("x + 1")
    ('jax.numpy.where', 'jax.jit', 'jax.jit', '')
    """
    if not (found := NAME.match(text)):
        return ""
    first, dot, rest = found[1].partition(".")
    return ALIASES.get(first, first) + dot + rest if dot else (f"jax.{first}" if first in BARE else first)


def shortened(document: nodes.document) -> dict[str, set[str]]:
    """Return the whole names that a page's cells use, by their last parts: its prose may say those alone."""
    found: dict[str, set[str]] = {}
    for block in document.findall(nodes.literal_block):
        used = [full_name(text) for text in QUALIFIED.findall(block.astext())]
        for module, names in IMPORTED.findall(block.astext()):
            used += [f"{module}.{name.strip()}" for name in names.split(",")]
        for name in used:
            found.setdefault(name.rpartition(".")[2], set()).add(name)
    return found


def in_prose(literal: nodes.literal) -> bool:
    """Return whether a piece of code stands in a sentence of the author's."""
    parent: nodes.Node | None = literal.parent
    while parent is not None:
        if isinstance(parent, NOT_IN) or (isinstance(parent, nodes.Element) and "nb_element" in parent.attributes):
            return False
        parent = parent.parent
    return True


def defined(document: nodes.document) -> set[str]:
    """Return what the cells of a page define or assign: a name of the page's own is none of Python's."""
    return {
        name
        for block in document.findall(nodes.literal_block)
        for name in re.findall(r"^\s*(?:def|class)\s+(\w+)|^(\w+)\s*=[^=]", block.astext(), re.MULTILINE)
        for name in name
        if name
    }


def look_up(env: BuildEnvironment, name: str) -> _InventoryItem | None:
    """Return what an inventory knows by a name."""
    for inventory in _inventories(env):
        for kind in KINDS:
            if item := inventory.get(f"py:{kind}", {}).get(name):
                return item
    return None


def _inventories(env: BuildEnvironment) -> Iterator[Inventory]:
    named: dict[str, Inventory] = getattr(env, "intersphinx_named_inventory", {})
    yield from named.values()
