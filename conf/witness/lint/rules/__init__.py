"""All rules of the page lint, in the order in which the documentation lists them."""

from __future__ import annotations

from witness.lint.rule import Rule
from witness.lint.rules import (
    clock,
    comparative,
    conclusion,
    environment,
    expectation,
    fence,
    head,
    live,
    loop_name,
    measurement,
    option,
    output,
    pasted_output,
    prediction,
    shape,
    table,
    tag,
)

MODULES = (
    head,
    fence,
    option,
    tag,
    expectation,
    live,
    loop_name,
    prediction,
    measurement,
    clock,
    environment,
    output,
    pasted_output,
    table,
    comparative,
    conclusion,
    shape,
)

RULES: tuple[Rule, ...] = tuple(rule for module in MODULES for rule in module.RULES)
