"""Displayed jaxprs and stages of compilation: their IR is published beside their stock text, and stages' lenses."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from witness.capture.ancestry import Ancestry
from witness.capture.xla_dump import XlaDump
from witness.jax_private import DEFINED_IN
from witness.records.ir import Ir
from witness.records.kinds import IR, LENS
from witness.stages import Stages, equations

ANCESTRY = Ancestry()


def jaxpr(shown: Any) -> dict[str, Any]:
    """Return a jaxpr, closed or not."""
    return _single(Ir.of("jaxpr", *equations.equations(shown)))


def equation(shown: Any) -> dict[str, Any]:
    """Return one equation of a jaxpr."""
    return _single(Ir.of("jaxpr", *equations.equation(shown)))


def stage(shown: Any, dump: XlaDump) -> dict[str, Any]:
    """Return the text of a traced, lowered or compiled function, and the lens on what it came from."""
    line = ANCESTRY.line(shown)
    stages = Stages(*line)
    found = stages.lens()
    if not found.stages:
        return {}
    last = _single(found.stages[-1]) if not found.missing else {}
    room = MAX_IR_CHARACTERS - sum(len(it.text) for it in found.stages)
    if room < 0:
        return last
    written = dump.of(line[-1])
    return {**last, **LENS.data(stages.with_code(found, written, room) if written else found)}


def _single(found: Ir) -> dict[str, Any]:
    return IR.data(found) if len(found.text) <= MAX_IR_CHARACTERS else {}


JAXPRS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "core.Jaxpr": jaxpr,
    "core.ClosedJaxpr": jaxpr,
    "core.JaxprEqn": equation,
}
"""What is shown of the objects of each of JAX's types; JAX defines them in modules of its own."""

STAGES = ("stages.Traced", "stages.Lowered", "stages.Compiled")
"""Those of which `stage` is shown."""

MAX_IR_CHARACTERS = 3_000_000
"""Characters of IR that a record keeps; of longer IR only what stock prints is shown."""


def install(shell: Any, dump: XlaDump) -> None:
    """Teach a shell to display them; JAX is not imported for it."""
    formatter = shell.display_formatter.mimebundle_formatter
    shows: dict[str, Callable[[Any], dict[str, Any]]] = {**JAXPRS, **dict.fromkeys(STAGES, partial(stage, dump=dump))}
    for name, show in shows.items():
        module, _, kind = name.rpartition(".")
        for package in DEFINED_IN:
            formatter.for_type_by_name(package + module, kind, _bundle(show))
    ANCESTRY.watch()


def _bundle(show: Callable[[Any], dict[str, Any]]) -> Callable[[Any], dict[str, Any]]:
    def bundle(shown: Any) -> dict[str, Any]:
        try:
            return show(shown)
        except Exception:  # another JAX, a backend without a text: what stock prints is there anyhow
            return {}

    return bundle
