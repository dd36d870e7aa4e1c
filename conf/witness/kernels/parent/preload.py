"""What a fork server imports ahead for its kernels, whether it may then be forked, and what a fork drops."""

import contextlib
import gc
import importlib
import os
import sys
import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from witness import jax_private
from witness.kernels.parent.hidden_imports import HiddenImports

AHEAD = ("numpy", "jax", "jaxlib.mlir.dialects.builtin", "jaxlib.mlir.dialects.mhlo")
"""What pages import, in an order in which each needs only those before it."""

LATER = (
    # imported while a kernel starts
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "encodings.ascii",
    "encodings.idna",
    "encodings.latin_1",
    "faulthandler",
    "ipykernel.debugger",
    "pdb",
    "tornado.platform.asyncio",
    "tornado.queues",
    "traitlets.config.argcomplete_config",
    # imported in the first cells of most pages
    "IPython.core.magics.ast_mod",
    "IPython.core.magics.execution",
    "IPython.utils.timing",
    "pygments.formatters.terminal256",
    "stack_data",
    "witness.capture",
)
"""What would be imported lazily by nearly every kernel: only time is lost when one of them is missing or moves."""


_ahead: HiddenImports | None = None


def preload() -> str:
    """Import what kernels need; return why a fork of this process is not safe, or an empty text."""
    global _ahead
    try:
        os.environ["JPY_PARENT_PID"] = str(os.getpid())  # a kernel's own is not known yet; that there is one matters
        importlib.import_module(name := "ipykernel.kernelapp")
        for name in LATER:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
        _ahead = HiddenImports()
        for name in AHEAD:
            with contextlib.suppress(*([ImportError] if "." in name else [])):
                _ahead.make(name)
    except Exception as error:
        return f"{name} cannot be imported: {type(error).__name__}: {error}"
    if jax_private.has_backend():  # its threads would be seen below
        return "a backend of JAX is started already"
    gc.collect()
    gc.freeze()  # a collection in the parent would write to what the forks share
    if pid := os.fork():
        os.waitpid(pid, 0)
    else:
        os._exit(0)
    # OpenBLAS ends its threads before a fork and starts them again when needed; whoever does not do so is not safe
    if (threads := len(list(Path("/proc/self/task").iterdir()))) > 1:
        return f"{threads} threads are running"
    return ""


def reset_after_fork(argv: Sequence[str], notes: Path) -> None:
    """Give a fork its own state where it would share its parent's, and the arguments of the command that it acts for.

    What was imported ahead is hidden; ``notes`` is a file that tells what the page then imported of it.

    Python itself does so for ``random``.
    """
    gc.unfreeze()  # a collection takes a page as long as one would without a fork
    sys.orig_argv = list(argv)
    sys.argv[1:] = argv[argv.index("ipykernel_launcher") + 1 :]
    if not sys.flags.safe_path:
        sys.path.insert(0, str(Path.cwd()))
    tempfile.tempdir = None
    jax_private.forget_notebook()
    if _ahead:
        _ahead.hide(notes)


def begin() -> None:
    """Let the page of a fork begin: from here on, what changes is its doing."""
    if _ahead:
        _ahead.begin()


def before(what: str, awaited: Mapping[str, Collection[str]]) -> None:
    """Have the page of a fork run again from here, if ever: see `HiddenImports.before`."""
    if _ahead:
        _ahead.before(what, awaited)
