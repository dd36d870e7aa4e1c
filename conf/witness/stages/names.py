"""The names of operations that JAX hands down from stage to stage: ``jit(loss)/transpose(jvp())/dot_general``."""

from __future__ import annotations

import re

TRANSFORMED = re.compile(r"(?:jvp|transpose|vmap|linearize|checkpoint|rematted_computation)\b")


def short(path: str) -> str:
    """Return the last part of a name, below what transformed it: the same in all stages.

    What comes before tells the calls around it, which each stage writes in a way of its own.
    """
    *before, last = _parts(path)
    kept = [part for part in before[-1:] if TRANSFORMED.match(part)]
    return "/".join([*kept, last])


def _parts(path: str) -> list[str]:
    parts, depth = [""], 0
    for letter in path.rstrip(":"):
        depth += (letter == "(") - (letter == ")")
        if letter == "/" and depth <= 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts
