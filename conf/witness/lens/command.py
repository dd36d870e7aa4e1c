"""``witness lens module:function --args …``: the lens on a function, as one file of HTML."""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from witness.lens.document import document
from witness.lens.magic import short, summary

WRITTEN, IMPOSSIBLE = 0, 2
SHAPE = re.compile(r"(bool|b1|bf16|[fiuc]\d+)\[([\d, ]*)\]")


class NoLens(Exception):
    """There is nothing to look at; says what was expected and what was there."""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    command = commands.add_parser(
        "lens",
        help="show a function in every stage, from its source to optimised HLO, as one HTML file",
        description="Trace and compile a function, without running it, and write its source, jaxpr, StableHLO and "
        "optimised HLO side by side, each linked to the others, with what its kernels cost: one file of HTML that "
        "needs nothing else. It may execute what an argument says.",
    )
    command.add_argument("target", metavar="MODULE:FUNCTION", help="a module or a file.py, and a function in it")
    command.add_argument(
        "--args",
        nargs="*",
        default=[],
        metavar="ARG",
        help="arguments, each a shape as f32[2,3], or Python in which jax, jnp, np and the module's names are known; "
        "name=… for one by name",
    )
    command.add_argument("--code", action="store_true", help="show the code of its kernels, too: LLVM IR or PTX")
    command.add_argument("-o", "--output", type=Path, help="the file; default: FUNCTION.html")
    command.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Write the file, and return the exit status."""
    try:
        module, name = _target(options.target)
        function = _function(module, name, options.target)
        arguments, named = _arguments(options.args, module)
        side = import_module("witness.stages.look")  # nothing imports the kernel side
        try:
            lens = side.look(function, arguments, named, code=options.code)
        except Exception as error:
            raise NoLens(f"{options.target} cannot be traced or compiled: {type(error).__name__}: {error}") from error
    except NoLens as error:
        print(f"witness lens: {error}", file=sys.stderr)
        return IMPOSSIBLE
    output = options.output or Path(f"{name}.html")
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(document(lens, f"{options.target}, with {side.made_with()}.", short), "utf-8")
    print(f"{summary(lens)}\n{output}: {output.stat().st_size / 1000:,.0f} kB")
    return WRITTEN


def _target(text: str) -> tuple[Any, str]:
    """Return the module and the function's name."""
    place, colon, name = text.rpartition(":")
    if not colon or not place or not name:
        raise NoLens(f"expected MODULE:FUNCTION or FILE.py:FUNCTION, got {text}")
    sys.path.insert(0, str(Path.cwd()))
    path = Path(place)
    try:
        if path.suffix != ".py":
            return import_module(place), name
        spec = spec_from_file_location(path.stem, path.resolve())
        if spec is None or spec.loader is None or not path.is_file():
            raise NoLens(f"there is no file {place}")
        module = sys.modules[path.stem] = module_from_spec(spec)
        sys.path.insert(0, str(path.resolve().parent))
        spec.loader.exec_module(module)
    except NoLens:
        raise
    except Exception as error:  # whatever a module may raise
        raise NoLens(f"{place} cannot be imported: {type(error).__name__}: {error}") from error
    return module, name


def _function(module: Any, name: str, target: str) -> Any:
    found = module
    for part in name.split("."):
        if not hasattr(found, part):
            known = [own for own, value in vars(module).items() if callable(value) and not own.startswith("_")]
            raise NoLens(f"{target}: there is no {name}; known here: {', '.join(known) or 'nothing'}")
        found = getattr(found, part)
    if not callable(found):
        raise NoLens(f"{target} is no function: it is of type {type(found).__name__}")
    return found


def _arguments(texts: Sequence[str], module: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments, and those by name."""
    arguments: list[Any] = []
    named: dict[str, Any] = {}
    for text in texts:
        name, equals, rest = text.partition("=")
        if equals and name.isidentifier() and not rest.startswith("="):
            named[name] = _value(rest, module)
        else:
            arguments.append(_value(text, module))
    return tuple(arguments), named


def _value(text: str, module: Any) -> Any:
    """Return the value of an argument: shapes in it stand for arrays."""
    side = import_module("witness.stages.look")
    names = {name: import_module(module) for name, module in (("jax", "jax"), ("jnp", "jax.numpy"), ("np", "numpy"))}

    def stand_in(match: re.Match[str]) -> str:
        dims = ast.literal_eval(f"({match[2]},)") if match[2].strip() else ()
        return f"_shape({match[1]!r}, {dims!r})"

    try:
        written = SHAPE.sub(stand_in, text)
        return eval(written, {**vars(module), **names, "_shape": side.shape})
    except Exception as error:
        raise NoLens(f"--args {text}: {type(error).__name__}: {error}") from error
