"""What a page says in its front matter below ``witness``: the settings that there are, and what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from witness.reading.known_names import WITNESS, instead
from witness.reading.plan import Lane

UNITS = {"_budget": "seconds", "_limit": "MB"}
"""What a setting with such an end is a number of."""

LISTS = {
    "after": "the pages to run before, such as `after: data` or `after: [data, intro/setup]`",
    "inputs": "files or patterns, such as [data/*.csv, helper.py]",
    "environment": "names of variables, such as [SITE_FLAG]",
}
"""Settings that are one name or a list of them, and what to write."""


def faults(settings: Any) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """Yield what is wrong: the key that is at fault, why, and what to write instead."""
    if not isinstance(settings, Mapping):
        yield (), "`witness` must hold keys and values", instead("", WITNESS)
        return
    for key, value in settings.items():
        if fault := _fault(key, value):
            yield (str(key),), *fault


def _fault(key: str, value: Any) -> tuple[str, str] | None:
    if key not in WITNESS:
        return f"`witness` has no setting `{key}`", instead(str(key), WITNESS)
    wrong, mend = False, ""
    if key == "needs":
        wrong, mend = not (isinstance(value, list) and _names(value)), "write a list of packages, such as [matplotlib]"
    elif unit := next((unit for end, unit in UNITS.items() if str(key).endswith(end)), ""):
        number = isinstance(value, int | float) and not isinstance(value, bool) and value > 0
        wrong, mend = not number, f"write a number of {unit} above 0"
    elif key == "lane":
        wrong, mend = value not in get_args(Lane), f"write {' or '.join(get_args(Lane))}"
    elif key == "lens":
        wrong, mend = value != "lines", "write lines"
    elif key in LISTS:
        names = listed(value)
        wrong, mend = not _names(names), f"write {LISTS[key]}"
        if key == "environment" and not wrong:
            wrong = not all(re.fullmatch(r"[A-Za-z_]\w*", name) for name in names)
    return (f"`{key}` is {value!r}", mend) if wrong else None


def listed(value: Any) -> list[Any]:
    """Return one name, or a list of them, as a list; of nothing, an empty one."""
    return value if isinstance(value, list) else [] if value is None else [value]


def _names(value: list[Any]) -> bool:
    return all(isinstance(name, str) and name.strip() for name in value)
