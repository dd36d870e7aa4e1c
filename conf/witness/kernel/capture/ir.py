"""Displayed jaxprs and stages of compilation: their IR is published beside their stock text."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Callable, Iterable
from typing import Any

from witness.kernel.capture import location
from witness.records.captured import IR
from witness.records.ir import Ir, Place, Span
from witness.records.scrub import without_colour


def jaxpr(shown: Any) -> Ir:
    """Return a jaxpr, closed or not."""
    lines: list[list[tuple[int, int, Any]]] = []
    text = shown.pretty_print(use_color=False, source_map=lines)
    if text != (printed := without_colour(str(shown))):
        return Ir("jaxpr", printed)
    parts = ((n, start, end, source) for n, line in enumerate(lines, 1) for start, end, source in line)
    return _made("jaxpr", text, ((n, start, end, place(source)) for n, start, end, source in parts))


def equation(shown: Any) -> Ir:
    """Return one equation of a jaxpr."""
    text = without_colour(str(shown))
    found = place(shown.source_info.traceback)
    return _made("jaxpr", text, ((n, 0, len(line), found) for n, line in enumerate(text.split("\n"), 1)))


def traced(shown: Any) -> Ir:
    """Return the jaxpr of a traced function."""
    return jaxpr(shown.jaxpr)


def lowered(shown: Any) -> Ir:
    """Return the StableHLO of a lowered function."""
    text = str(shown.as_text())
    return _made("stablehlo", text, location.stablehlo(text, str(shown.as_text(debug_info=True))))


def compiled(shown: Any) -> Ir:
    """Return the optimised HLO of a compiled function."""
    text = shown.as_text()
    if not isinstance(text, str):
        raise TypeError("a compiled function without a text")
    return _made("hlo", text, location.hlo(text))


TYPES: dict[str, Callable[[Any], Ir]] = {
    "core.Jaxpr": jaxpr,
    "core.ClosedJaxpr": jaxpr,
    "core.JaxprEqn": equation,
    "stages.Traced": traced,
    "stages.Lowered": lowered,
    "stages.Compiled": compiled,
}
"""What is shown of the objects of each of JAX's types; JAX defines them in modules of its own."""

LONGEST = 3_000_000
"""Characters of IR that a record keeps; of longer IR only what stock prints is shown."""

MODULES = ("jax._src.", "jax.", "jax.extend.")


def install(shell: Any) -> None:
    """Teach a shell to display them; JAX is not imported for it."""
    formatter = shell.display_formatter.mimebundle_formatter
    for name, show in TYPES.items():
        module, _, kind = name.rpartition(".")
        for package in MODULES:
            formatter.for_type_by_name(package + module, kind, _bundle(show))


def _bundle(show: Callable[[Any], Ir]) -> Callable[[Any], dict[str, Any]]:
    def bundle(shown: Any) -> dict[str, Any]:
        try:
            found = show(shown)
            return {IR: found.to_data()} if len(found.text) <= LONGEST else {}
        except Exception:  # another JAX, a backend without a text: what stock prints is there anyhow
            return {}

    return bundle


def place(traceback: Any) -> Place | None:
    """Return the user's innermost frame in a traceback of JAX's own kind; the one use of what JAX keeps private."""
    source = sys.modules.get("jax._src.source_info_util")
    frame = source and traceback is not None and source.user_frame(traceback)
    if not frame:
        return None
    return Place(
        file=str(frame.file_name),
        line=int(frame.start_line),
        column=int(frame.start_column),
        end_line=int(frame.end_line),
        end_column=int(frame.end_column),
        function=str(frame.function_name),
    )


def _made(language: Any, text: str, parts: Iterable[tuple[int, int, int, Place | None]]) -> Ir:
    places: dict[Place, int] = {}
    spans = []
    try:
        for line, start, end, found in parts:
            if found:
                found = location.in_characters(found, linecache.getline)
                spans.append(Span(line, start, end, places.setdefault(found, len(places))))
    except Exception:  # JAX keeps these private: without them the text is still whole
        return Ir(language, text)
    return Ir(language, text, list(places), spans)
