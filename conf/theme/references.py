"""The references that prose leads to: their addresses, and what each knows, as files of the book.

``python -m theme.references`` brings the files up to date; a build only reads them.
"""

from __future__ import annotations

import sys
from pathlib import Path
from urllib.request import urlopen

from sphinx.util.inventory import InventoryFile

FOLDER = Path(__file__).parent / "inventories"
ADDRESSES = {
    "JAX": "https://docs.jax.dev/en/latest/",
    "NumPy": "https://numpy.org/doc/stable/",
    "Python": "https://docs.python.org/3/",
}


def file(name: str) -> Path:
    """Return where what a reference knows is kept."""
    return FOLDER / f"{name.lower()}.inv"


def main() -> int:
    """Fetch each reference's own list; keep it if it can be read."""
    for name, address in ADDRESSES.items():
        with urlopen(f"{address}objects.inv", timeout=60) as answer:
            data = answer.read()
        count = sum(map(len, InventoryFile.loads(data, uri=address).data.values()))
        file(name).write_bytes(data)
        print(f"{file(name).name}: {count} names")
    return 0


if __name__ == "__main__":
    sys.exit(main())
