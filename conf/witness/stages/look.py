"""Looking at any function through the lens: it is traced, lowered and compiled for these arguments, and not run."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from witness.records.lens import Lens
from witness.stages import Stages
from witness.stages.kernel_code import FOLDER, WrittenCode, options


def look(function: Any, arguments: tuple[Any, ...], named: dict[str, Any], *, code: bool = False) -> Lens:
    """Return the lens on a function, with the code of its kernels if asked; what it raises while traced is raised.

    A function that is jitted already is taken as it is. Of another, arguments that are no data, as texts and functions
    are, are static.
    """
    import jax

    if not hasattr(function, "trace"):
        function = jax.jit(
            function,
            static_argnums=[place for place, value in enumerate(arguments) if not _is_data(value)],
            static_argnames=[name for name, value in named.items() if not _is_data(value)],
        )
    traced = function.trace(*arguments, **named)
    lowered = traced.lower()
    if not code:
        return Stages(traced, lowered, lowered.compile()).lens()
    with TemporaryDirectory() as folder:
        compiled, why = _compiled(lowered, folder)
        stages = Stages(traced, lowered, compiled)
        files = [*Path(folder).iterdir()]
        return stages.with_code(stages.lens(), WrittenCode(files) if files else WrittenCode(why=why))


def _compiled(lowered: Any, folder: str) -> tuple[Any, str]:
    """Return a function compiled anew, what is made of it written to a folder; and why nothing is, if so."""
    try:
        return lowered.compile(options(folder)), LOADED
    except Exception:  # a compiler that does not know the options; what else is wrong is so without them
        why = f"the compiler of this backend does not know {FOLDER}"
    return lowered.compile(), why


LOADED = "XLA wrote none; the program may have come from JAX's compilation cache"


def made_with() -> str:
    """Return what a lens is made with."""
    import jax

    device = jax.devices()[0]
    return f"JAX {jax.__version__}, {getattr(device, 'device_kind', device.platform)}"


def shape(dtype: str, dims: tuple[int, ...]) -> Any:
    """Return what stands for an array of this type, as JAX prints it: ``f32``, ``bf16``, ``i32``."""
    import jax.numpy as jnp
    from jax import ShapeDtypeStruct

    kinds = {"f": "float", "i": "int", "u": "uint", "c": "complex", "bf": "bfloat"}
    letters = dtype.rstrip("0123456789")
    name = "bool" if dtype in ("b1", "bool", "pred") else kinds.get(letters, letters) + dtype[len(letters) :]
    return ShapeDtypeStruct(dims, jnp.dtype(name))


def _is_data(value: Any) -> bool:
    import jax

    return all(isinstance(leaf, int | float | complex) or hasattr(leaf, "dtype") for leaf in jax.tree.leaves(value))
