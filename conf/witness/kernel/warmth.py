"""What a forge imports ahead for its kernels, whether it may then be forked, and how a fork turns into a kernel."""

import contextlib
import gc
import importlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Sequence
from importlib.abc import InspectLoader
from pathlib import Path
from types import CodeType
from typing import Any

Program = tuple[CodeType, dict[str, Any]]
"""A module's code, and the names it starts with."""

NEEDED = ("jax", "numpy", "ipykernel.kernelapp")
"""Without these there is nothing to fork."""

LATER = (
    # imported while a kernel starts
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.extensions.storemagic",
    "encodings.ascii",
    "encodings.idna",
    "encodings.latin_1",
    "ipykernel.debugger",
    "pdb",
    "tornado.platform.asyncio",
    "tornado.queues",
    "traitlets.config.argcomplete_config",
    # imported in the first cells of most pages
    "IPython.core.magics.ast_mod",
    "IPython.core.magics.execution",
    "jaxlib.mlir.dialects.builtin",
    "jaxlib.mlir.dialects.mhlo",
    "pygments.formatters.terminal256",
    "stack_data",
)
"""What would be imported lazily by nearly every kernel: only time is lost when one of them is missing or moves."""


def warm() -> str:
    """Import what kernels need; return why a fork of this process is not safe, or an empty text."""
    try:
        for name in NEEDED:
            importlib.import_module(name)
    except Exception as error:
        return f"{name} cannot be imported: {type(error).__name__}: {error}"
    for name in LATER:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    bridge = importlib.import_module("jax._src.xla_bridge")
    if getattr(bridge, "backends_are_initialized", bool)():  # private; its threads would be seen below
        return "a backend of JAX is started already"
    hide = getattr(importlib.import_module("jax._src.source_info_util"), "register_exclusion", None)
    if hide:  # private; the frames of an ordinary kernel's start are in compiled programs, so ours shall not be
        hide(str(Path(__file__).parent))
    gc.collect()
    gc.freeze()  # what a fork never looks at, it does not copy
    if pid := os.fork():
        os.waitpid(pid, 0)
    else:
        os._exit(0)
    # OpenBLAS ends its threads before a fork and starts them again when needed; whoever does not do so is not safe
    if (threads := len(list(Path("/proc/self/task").iterdir()))) > 1:
        return f"{threads} threads are running"
    return ""


def renew() -> None:
    """Give a fork its own state where it would share its parent's; Python itself does so for ``random``."""
    tempfile.tempdir = None
    importlib.import_module("numpy.random").seed()
    if process := sys.modules.get("multiprocessing.process"):
        process.current_process().authkey = os.urandom(32)
    for name in [name for name in sys.modules if name.partition(".")[0] == "witness"]:
        del sys.modules[name]  # a page cannot import what an ordinary kernel could not


def program(argv: Sequence[str]) -> Program:
    """Return the program that ``argv``, which is ``python -m ipykernel_launcher …``, starts; and set the stage for it."""
    spec = importlib.util.find_spec("ipykernel_launcher")
    loader = spec and spec.loader
    assert isinstance(loader, InspectLoader)
    code = loader.get_code("ipykernel_launcher")
    assert code is not None
    if not sys.flags.safe_path:
        sys.path.insert(0, str(Path.cwd()))
    sys.orig_argv = list(argv)
    sys.argv = [code.co_filename, *argv[argv.index("ipykernel_launcher") + 1 :]]
    return code, {"__name__": "__main__", "__spec__": spec, "__file__": code.co_filename}
