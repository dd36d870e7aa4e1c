"""Places of the user's program, as JAX notes them."""

from __future__ import annotations

import linecache
from pathlib import Path
from typing import Any

from witness.jax_private import user_frame
from witness.records.ir import Place

OURS = f"{Path(__file__).parents[1]}/"
"""The folder of the package: what calls a function for a reader is none of its program, nor is who called that."""


def of_traceback(traceback: Any) -> Place | None:
    """Return the user's innermost frame in a traceback of JAX's own kind."""
    frame = user_frame(traceback)
    if frame is None or str(frame.file_name).startswith(OURS):
        return None
    return in_characters(
        Place(
            file=str(frame.file_name),
            line=int(frame.start_line),
            column=int(frame.start_column),
            end_line=int(frame.end_line),
            end_column=int(frame.end_column),
            function=str(frame.function_name),
        )
    )


def in_characters(place: Place) -> Place:
    """Return a place with columns in characters; JAX counts bytes of UTF-8."""

    def column(line: int, count: int) -> int:
        text = linecache.getline(place.file, line)
        return count if text.isascii() else len(text.encode()[:count].decode("utf-8", "ignore"))

    return Place(
        place.file,
        place.line,
        column(place.line, place.column),
        place.end_line,
        column(place.end_line, place.end_column),
        place.function,
    )
