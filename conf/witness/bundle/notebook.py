"""A page in a bundle: the notebook with what it displayed, and the record of all else, which belong together."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from witness.records.codec import encode
from witness.records.page_record import PageRecord

SAMPLES = ("samples", "pilot")
DIGITS = 4
"""Significant digits that are kept of a sample: no clock has as many."""


def split(record: PageRecord) -> tuple[bytes, bytes]:
    """Return a page's notebook, and its record without what is in that, both as JSON."""
    data = summarised(encode(record))
    cells = [
        {
            "cell_type": "code",
            "id": f"cell-{cell['number']}",
            "metadata": {},
            "execution_count": cell["execution_count"],
            "source": cell.pop("source"),
            "outputs": cell.pop("outputs"),
        }
        for cell in data["cells"]
    ]
    metadata = {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "language_info": record.language,
    }
    return _json({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}), _json(data)


def joined(notebook: bytes, record: bytes) -> PageRecord:
    """Return the record of a page. Raises ValueError when these are not the two parts of one."""
    try:
        shown, data = json.loads(notebook), json.loads(record)
        for cell, kept in zip(shown["cells"], data["cells"], strict=True):
            kept |= {"source": cell["source"], "outputs": cell["outputs"]}
        return PageRecord.from_json(json.dumps(data))
    except (AttributeError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"no page: {error!r}") from error


def summarised(value: Any) -> Any:
    """Return JSON data in which the samples of timings have as many digits as a clock can tell.

    >>> summarised({"statement": "f()", "samples": [0.00123456789]})
    {'statement': 'f()', 'samples': [0.001235]}
    """
    if isinstance(value, Mapping):
        timing = "statement" in value
        return {
            name: [float(f"{it:.{DIGITS}g}") for it in part] if timing and name in SAMPLES else summarised(part)
            for name, part in value.items()
        }
    return [summarised(part) for part in value] if isinstance(value, (list, tuple)) else value


def _json(data: Any) -> bytes:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
