"""The environment variables that kernels see: the allow-listed ones and ours, or all of another's site."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

PASSED = (
    "PATH",
    "HOME",
    "USER",
    "SHELL",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "TMPDIR",
    "VIRTUAL_ENV",
    "PYTHONPATH",
)
"""Variables that a process needs to start at all, and the shell that ``!`` uses."""

DECISIVE = (
    "JAX_*",
    "XLA_*",
    "CUDA_*",
    "NVIDIA_*",
    "ROCR_*",
    "HIP_*",
    "TPU_*",
    "LIBTPU_*",
    "OMP_*",
    "MKL_*",
    "OPENBLAS_*",
    "NPY_*",
    "TF_CPP_*",
)
"""Variables that may change what a page prints: they are passed, and they are in the key."""

FIXED = {"LC_ALL": "C.UTF-8", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
"""Variables that every process of ours has: text in UTF-8."""

QUIET = {"PYDEVD_DISABLE_FILE_VALIDATION": "1"}
"""What a kernel of another's site has besides its author's variables, unless it is set."""


def decisive(given: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the variables that are set and may change what a page prints."""
    return {
        name: value
        for name, value in sorted(given.items())
        if name not in FIXED and any(fnmatchcase(name, pattern) for pattern in DECISIVE)
    }


def needed(given: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return what every process of ours has: the variables it needs to start, the decisive ones, and the fixed ones."""
    return {**{name: given[name] for name in PASSED if name in given}, **decisive(given), **FIXED}


def variables(
    scratch: Path, *, reproducible: bool, declared: Iterable[str] = (), given: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Return the whole environment of a kernel, from that of the build; what programs cache is below ``scratch``.

    For reproducible pages that is what is ``needed`` and the ``declared`` variables, which they read; figures have
    the style of our book, and jaxprs no colours. A kernel of another's site has all variables of the build, as in a
    stock run, and with them the author's own settings of Matplotlib.

    >>> variables(Path("scratch"), reproducible=False, given={"SITE": "1"})
    {'PYDEVD_DISABLE_FILE_VALIDATION': '1', 'SITE': '1'}
    """
    if not reproducible:
        return {**QUIET, **given}
    config = Path(__file__).parent.parent / "capture" / "matplotlibrc"
    more = {name: given[name] for name in declared if name in given}
    cached = {"MPLCONFIGDIR": str(scratch / "matplotlib"), "MATPLOTLIBRC": str(config)}
    return {**more, **needed(given), **cached, "JAX_PPRINT_USE_COLOR": "false"}
