"""``%lens f(x)``: the lens on a function of one's own, in any notebook."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from witness.lens.document import contained
from witness.lens.panes import TITLES, share
from witness.records.lens import Lens

USAGE = (
    "%lens f(x) looks at a call of a function: the call is traced and compiled, and not run; "
    "%lens --code f(x) shows the code of its kernels, too"
)
FLAG = "--code"

Look = Callable[..., Lens]


def load(shell: Any) -> None:
    """Give a shell the magic."""
    shell.register_magic_function(lambda line: _lens(shell, line), "line", "lens")


def _lens(shell: Any, line: str) -> None:
    from IPython.core.error import UsageError

    asked, call = line.strip().startswith(f"{FLAG} "), line.strip().removeprefix(f"{FLAG} ")
    try:
        function, arguments, named = called(call, shell.user_ns)
    except SyntaxError as error:
        raise UsageError(f"{USAGE}; got {line.strip()!r}: {error.msg}") from None
    look: Look = import_module("witness.stages.look").look  # nothing imports the kernel side
    found = look(function, arguments, named, code=asked)
    html = contained(found, lambda file: name_in(shell, file))
    shell.display_pub.publish({"text/html": html, "text/plain": summary(found)})


def called(line: str, names: Mapping[str, Any]) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
    """Return the function and the arguments of a call, without calling it. Raises SyntaxError for anything else."""
    try:
        call = ast.parse(line.strip(), mode="eval").body
    except SyntaxError as error:
        raise SyntaxError(error.msg) from None
    if not isinstance(call, ast.Call):
        raise SyntaxError("this is no call")
    collect = ast.Call(ast.Name("_collect", ast.Load()), call.args, call.keywords)
    scope = {**names, "_collect": lambda *arguments, **named: (arguments, named)}

    def value(node: ast.expr) -> Any:
        return eval(compile(ast.fix_missing_locations(ast.Expression(node)), "<lens>", "eval"), scope)

    function = value(call.func)
    arguments, named = value(collect)
    return function, arguments, named


def summary(lens: Lens) -> str:
    """Return a lens in a few lines of text."""
    lines = [f"Lens on {lens.name}", *(f"{TITLES[stage.language]}: {share(stage)}" for stage in lens.stages)]
    return "\n".join([*lines, *(f"Not shown: {it}" for it in lens.missing)])


def name_in(shell: Any, file: str) -> str:
    """Return the name that the reader of a notebook has for a file: a cell's number, or its path from here."""
    known = getattr(shell.compile, "format_code_name", lambda _: None)(file)
    return f"{known[0]} {known[1]}" if known else short(file)


def short(file: str) -> str:
    """Return a file's path without what is this machine's: from here, from the home, or its last parts."""
    path = Path(file)
    for folder, sign in ((Path.cwd(), ""), (Path.home(), "~/")):
        if path.is_relative_to(folder):
            return f"{sign}{path.relative_to(folder)}"
    return "/".join(path.parts[-2:]) if path.is_absolute() else file
