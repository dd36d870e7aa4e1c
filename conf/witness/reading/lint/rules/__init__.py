"""All rules of the page lint, in the order in which the documentation lists them."""

from __future__ import annotations

from witness.reading.lint.rule import Rule
from witness.reading.lint.rules import (
    clock,
    comparative,
    environment,
    expectation,
    fence,
    head,
    live,
    measurement,
    option,
    output,
    shape,
    table,
    tag,
    transcript,
)

MODULES = (
    head,
    fence,
    option,
    tag,
    expectation,
    live,
    measurement,
    clock,
    environment,
    output,
    transcript,
    table,
    comparative,
    shape,
)

RULES: tuple[Rule, ...] = tuple(rule for module in MODULES for rule in module.RULES)
