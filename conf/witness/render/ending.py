"""How a build ends that cannot go on: one line that says why, and an exit status of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from witness.runner.environment import NoEnvironment


@contextmanager
def plainly(place: Path) -> Iterator[None]:
    """End the build in one line where it is interrupted, where JAX is missing, or where files cannot be written.

    Sphinx would report any of these as a fault of its own, with a traceback.
    """
    try:
        yield
        return
    except NoEnvironment as error:
        why, status = str(error), 2
    except OSError as error:
        why, status = f"{error.filename or place}: {error.strerror}", 2
    except KeyboardInterrupt:
        why, status = "interrupted; finished pages are kept", 130
    print(f"witness: {why}", file=sys.stderr)
    raise SystemExit(status)
