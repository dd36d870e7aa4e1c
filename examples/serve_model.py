"""Load an exported function from its file, and answer without compiling.

It needs JAX and flatbuffers, and not the source of what it serves. Each line
that it reads is a request, rows of numbers as JSON; each that it prints is
the answer:

    echo "[[0.0], [0.5]]" | python serve_model.py sine.jax --rows 1 8 64
"""

import argparse
import json
import struct
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np


class BadFile(ValueError):
    """A file that holds no exported function that can run here."""


class Server:
    """An exported function, compiled ahead of time for some sizes.

    A request is filled up with zeros to the next size, and cut into pieces
    if it is larger than all of them: so that none ever waits for a compiler.
    """

    def __init__(self, data: bytes, rows: Sequence[int] = (1, 8, 64)) -> None:
        from jax.export import deserialize

        try:
            self.exported = deserialize(bytearray(data))
        except (struct.error, ValueError, KeyError) as error:
            raise BadFile("no exported function, or not all of it") from error
        if jax.default_backend() not in self.exported.platforms:
            made_for = " and ".join(self.exported.platforms)
            raise BadFile(
                f"exported for {made_for}, and this is {jax.default_backend()}"
            )
        (self.takes,) = self.exported.in_avals
        function = jax.jit(self.exported.call)
        self.executables = {
            size: function.lower(self.like(size)).compile()
            for size in sorted(set(rows))
        }

    def like(self, size: int) -> jax.ShapeDtypeStruct:
        """Return the type of an argument with so many rows."""
        shape = (size, *self.takes.shape[1:])
        return jax.ShapeDtypeStruct(shape, self.takes.dtype)

    def answer(self, rows: Any) -> np.ndarray:
        """Return what the function makes of each row.

        Raises ValueError where the rows are not those that it takes.
        """
        asked = np.asarray(rows, self.takes.dtype)
        if asked.shape[1:] != self.takes.shape[1:] or not len(asked):
            wanted = ", ".join(map(str, self.takes.shape))
            raise ValueError(f"expected shape ({wanted}), got {asked.shape}")
        largest = max(self.executables)
        pieces = [
            self._piece(asked[k : k + largest])
            for k in range(0, len(asked), largest)
        ]
        return np.concatenate(pieces)

    def _piece(self, asked: np.ndarray) -> np.ndarray:
        size = min(s for s in self.executables if s >= len(asked))
        filled = np.zeros(self.like(size).shape, asked.dtype)
        filled[: len(asked)] = asked
        return np.asarray(self.executables[size](filled))[: len(asked)]


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve an exported function: a line of JSON in, a line of JSON out."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument(
        "--rows",
        type=int,
        nargs="+",
        default=[1, 8, 64],
        help="sizes to compile for before the first request",
    )
    options = parser.parse_args(arguments)
    if min(options.rows) < 1:
        parser.error("--rows must be 1 or more")
    try:
        server = Server(options.file.read_bytes(), options.rows)
    except (OSError, BadFile) as error:
        parser.exit(1, f"{options.file}: {error}\n")
    for line in sys.stdin:
        try:
            answer = server.answer(json.loads(line)).tolist()
        except (ValueError, TypeError) as error:
            answer = {"error": str(error)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__" and "__file__" in globals():  # not in a notebook
    main()
