"""Which of the errors that the kernel extension saw in a cell an output shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from witness.nodes.traceback import GROUP
from witness.records.error import TEXTLESS, Raised
from witness.records.kinds import ERRORS
from witness.records.page_record import CellRecord


def shown(output: Mapping[str, Any], outputs: Iterable[Mapping[str, Any]], printed: Raised, cell: CellRecord) -> Raised:
    """Return the error that one of a cell's outputs shows: as it was seen, or else as it was ``printed``.

    The page's own code may show an error, too, and a kernel may be without the extension.
    """
    if not (left := _errors(cell.captured)):
        raised = cell.raised
        return replace(printed, name=raised.name, message=printed.message or raised.message) if raised else printed
    for other in outputs:
        found = next((error for error in left if _is_of(other, error)), None)
        if found:
            left.remove(found)
        if other is output:
            return found or printed
    return printed


def _errors(captured: Mapping[str, Any]) -> list[Raised]:
    with suppress(ValueError):
        return ERRORS.of(captured)
    return []


def _is_of(output: Mapping[str, Any], error: Raised) -> bool:
    if output["output_type"] == "stream":
        return bool(error.members) and str(output["text"]).startswith(GROUP)
    name = str(output.get("ename"))
    return output["output_type"] == "error" and (
        error.name.rpartition(".")[2] == name or error.message == TEXTLESS.format(name)
    )
