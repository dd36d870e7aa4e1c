"""``witness lens module:function --args …``: the lens on a function, as one file of HTML."""

from __future__ import annotations

import argparse
import ast
import re
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from witness.lens.document import document
from witness.lens.magic import short, summary

WRITTEN, ENDED, IMPOSSIBLE = 0, 1, 2
TYPE = r"(bool|b1|bf16|[fiuc]\d+)"
SHAPE = re.compile(TYPE + r"\[([\d, ]*)\]")


class NoLens(Exception):
    """There is nothing to look at; says what was expected and what was there."""


class Ended(Exception):
    """Code that was looked at would have ended this program; says which, and with what."""


@contextmanager
def _going_on(code: str) -> Iterator[None]:
    """Raise Ended where code raises what ends a program, unless who runs it did so."""
    came: list[int] = []

    def take(number: int, _: FrameType | None) -> NoReturn:
        came.append(number)
        raise KeyboardInterrupt

    mine = threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT)
    if mine is signal.default_int_handler:
        signal.signal(signal.SIGINT, take)
    try:
        yield
    except Exception:
        raise
    except BaseException as error:
        if came:
            raise KeyboardInterrupt from error
        raise Ended(f"{code} ended with {_named(error)}; expected code that goes on") from error
    finally:
        if mine is signal.default_int_handler:
            signal.signal(signal.SIGINT, mine)


def _named(error: BaseException) -> str:
    said = "" if isinstance(error, SystemExit) and error.code is None else " ".join(str(error).split())
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


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
        with _going_on(options.target.rpartition(":")[0]):
            module, name = _target(options.target)
            function = _function(module, name, options.target)
        arguments, named = _arguments(options.args, module)
        side = import_module("witness.stages.look")  # nothing imports the kernel side
        try:
            with _going_on(options.target):
                lens = side.look(function, arguments, named, code=options.code)
        except Ended:
            raise
        except Exception as error:
            raise NoLens(f"{options.target} cannot be traced or compiled: {type(error).__name__}: {error}") from error
    except (NoLens, Ended) as error:
        print(f"witness lens: {error}", file=sys.stderr)
        return ENDED if isinstance(error, Ended) else IMPOSSIBLE
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
        by_name = equals and name.isidentifier() and not rest.startswith("=")
        if by_name and name in named:
            raise NoLens(f"--args {text}: expected each name once, and {name} is given above; leave one out")
        with _going_on(f"--args {text}"):
            value = _value(rest if by_name else text, module)
        if by_name:
            named[name] = value
        else:
            arguments.append(value)
    return tuple(arguments), named


def _value(text: str, module: Any) -> Any:
    """Return the value of an argument: shapes in it stand for arrays."""
    side = import_module("witness.stages.look")
    names = {name: import_module(module) for name, module in (("jax", "jax"), ("jnp", "jax.numpy"), ("np", "numpy"))}

    def stand_in(match: re.Match[str]) -> str:
        try:
            dims = ast.literal_eval(f"({match[2].rstrip(' ,')},)") if match[2].strip() else ()
        except SyntaxError:
            raise no_shape from None
        return f"_shape({match[1]!r}, {dims!r})"

    expected = "a shape is a type and whole numbers, such as f32[2,3], or f32[] for a single number"
    no_shape = NoLens(f"--args {text}: {expected}")
    try:
        written = SHAPE.sub(stand_in, text)
        return eval(written, {**vars(module), **names, "_shape": side.shape})
    except NoLens:
        raise
    except Exception as error:
        if isinstance(error, NameError) and re.fullmatch(TYPE, str(error.name)):
            raise no_shape from error
        raise NoLens(f"--args {text}: {type(error).__name__}: {error}") from error
