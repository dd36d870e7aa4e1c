"""Rules on jaxprs and error texts: JAX writes them, and writes them otherwise in its next version."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from witness.lint.page import Page
from witness.lint.passage import MASK
from witness.lint.rule import Finding, Rule
from witness.lint.search import code_hits, hits, quoted

TYPE = (
    r"~?(?:f8\w*|f16|f32|f64|bf16|[iu](?:4|8|16|32|64)|c64|c128|float(?:0|16|32|64)|bfloat16|u?int\d+|bool|key<\w+>)"
    r"\[[^\]\n]*\]"
)
PROGRAM = re.compile(
    r"\{\s*lambda\s*;\s*\S"  # the head of a jaxpr
    rf"|\b\w+:{TYPE}\s*=\s*\w+"  # an equation
    r"|\bin\s*\(\w*,\s*\)\s*\}"  # its end
    r"|\bTraced<\w|\b\w*Tracer\(\s*~?\w+\["  # a tracer
    r"|\bfunc\.func\s+\w|\bHloModule\s+\w|\bstablehlo\.\w+\s+%"
)
VARIABLE = re.compile(rf"(?<![\w\"'.])(?:[a-z]{{1,2}}|[-+]?[0-9.]+):{TYPE}")
ERROR = re.compile(rf"\b\w*(?:Error|Exception|Interrupt|Warning): +[^\s{MASK}]")
QUOTE = re.compile(
    r"Attempted boolean conversion of traced|Abstract tracer value encountered|traced array with shape"
    r"|Encountered an unexpected tracer|The error occurred while tracing|__index__\(\) method was called on traced"
    r"|Non-hashable static arguments|This concrete value was not available|is not a valid JAX type"
    r"|Traceback \(most recent call last\)"
)
"""Phrases of JAX's own messages, and Python's first line of a report."""


def jaxprs(page: Page) -> Iterator[Finding]:
    """Intermediate programs, or pieces of one."""
    for found, line, column in chain(
        hits(page, PROGRAM), code_hits(page, PROGRAM), hits(page, VARIABLE, ("prose", "comment"))
    ):
        yield Finding(line, f"{quoted(found[0])} is a piece of a jaxpr, typed by hand", column)


def errors(page: Page) -> Iterator[Finding]:
    """The text of an error; its class alone may be named."""
    for pattern in (ERROR, QUOTE):
        for found, line, column in chain(hits(page, pattern, ("prose", "comment")), code_hits(page, pattern)):
            yield Finding(line, f"{quoted(found[0])} begins an error's text, typed by hand", column)


RULES = (
    Rule(
        "typed-jaxpr",
        "No jaxpr, nor a piece of one, is typed.",
        "print it in a cell: `print(jax.make_jaxpr(f)(x))`",
        jaxprs,
    ),
    Rule(
        "typed-error",
        "No error's text is typed; its class may be named.",
        "let a cell with `:raises:` show it, and name the class alone",
        errors,
    ),
)
