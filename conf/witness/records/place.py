"""Where a text names a path of a machine: how the path may be spelt, where it begins and where it ends."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from html import escape
from urllib.parse import quote

INSIDE = r"[A-Za-z0-9_.~+*$)\]}/\\-]"
"""What stands before a slash in the middle of a path, or of a URL that does not say its scheme."""

OPENS = (r"\\[abfnrtv]", r"://", r":///", "file:", r"%(?:[013-7][0-9A-Fa-f]|2[0-9A-Ca-c])", "-[IL]")
"""What stands before a path though it ends with such: a literal's newline, a URL without a host, a quoted blank, …"""

END = r"(?![\w~+@-]|\.\w|%(?!2[Ff]))"
IN_FRAME = r"(?=[\w.+@/-]{1,300}\.py\"?(?::|\(|, line | source_line=)\d)"
"""What follows the path of a folder in the name of a frame."""


def tells(path: str) -> bool:
    """Return whether a path tells one machine from another: not ``/src`` or ``~/src``, nor what is below ``/usr``."""
    return path.startswith("/") and path.rstrip("/").count("/") > 1 and not path.startswith("/usr/")


def spellings(path: str) -> Iterator[str]:
    """Yield a path as it stands in a text, in a URL, in JSON and in markup; as it is where it tells nothing."""
    literal = json.dumps(path)[1:-1]
    others = (quote(path), quote(path, safe=""), literal, literal.replace("/", r"\/"), escape(path))
    yield from dict.fromkeys((path, *others) if tells(path) else (path,))


def pattern(exact: Iterable[str], below: Iterable[str], places: Iterable[str]) -> str:
    """Return a regular expression of the paths that a text names, each from its beginning, in whole segments.

    Args:
        exact: Paths of files.
        below: Expressions of files.
        places: Paths of folders, spelt in any way. One that tells nothing is named by a frame alone.
    """
    alternatives = [
        *(re.escape(path) + END for path in sorted(exact, key=len, reverse=True)),
        *(expression + END for expression in below),
        *(re.escape(path) + _end(path) for path in sorted(places, key=len, reverse=True)),
    ]
    by_start: dict[str, list[str]] = defaultdict(list)
    for alternative in alternatives:
        start = _first(alternative)
        by_start[start].append(alternative.removeprefix(start))
    return "|".join(
        f"{start}(?=[{''.join(map(_first, rests))}]){_begins(start)}(?:{'|'.join(rests)})"
        for start, rests in by_start.items()
    )


def _first(expression: str) -> str:
    """Return the expression of its first character."""
    return expression[: 2 if expression.startswith("\\") else 1]


def _begins(start: str) -> str:
    """Return the condition that a path begins with the character that was read last."""
    opens = "|".join(f"(?<={before}{start})" for before in OPENS)
    drive = rf"(?<!\b[A-Z]:{start})"
    return f"{drive}(?:(?<!{INSIDE}{start})|{opens})"


def _end(path: str) -> str:
    folder = path.endswith(("/", "%2F"))
    if path.startswith(("/", "~")) and not tells(path):
        return IN_FRAME if folder else f"(?=/){IN_FRAME}"
    return "" if folder else END
