"""Record the lexers' cases with the JAX that runs this: ``python -m tests.lexers.record``.

``--tokens`` writes the tokens of the recorded IR anew, and needs no JAX. ``--quick DIRECTORY`` writes the IR of what
takes less than a second, at any length, to another directory, and beside it the names of the primitives that each
function has.
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.lexers.tokens import tokens, transcript
from witness.lexers import KERNEL_LEXERS, LEXERS

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CODED = ("adam", "nested", "odd_names", "sorts")
"""Functions of whose kernels the code is kept."""
LONGEST = 10_000
"""IR with more characters is not kept as a case. A second form of the same IR may have a fifth of them."""


def printed(quick: bool) -> Iterator[tuple[str, str, str]]:
    """Yield the lexer, the case and the text of each form of each function's IR, for a machine of eight devices."""
    os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=8"
    os.environ["JAX_PLATFORMS"] = "cpu"
    os.environ["JAX_PPRINT_USE_COLOR"] = "false"
    import jax

    from tests.lexers.rare import CASES

    jax.config.update("jax_hlo_source_file_canonicalization_regex", f"{re.escape(str(ROOT))}/")
    for name, case in CASES.items():
        if case.slow and quick:
            continue
        arguments = case.arguments()
        function: Any = case.function if hasattr(case.function, "trace") else jax.jit(case.function)
        traced = function.trace(*arguments)
        jaxpr = getattr(traced.jaxpr, "jaxpr", traced.jaxpr)
        yield "jaxpr", name, str(traced.jaxpr)
        yield "jaxpr", f"{name}-annotated", jaxpr.pretty_print(source_info=True, name_stack=True, print_effects=True)
        yield "jaxpr", f"{name}-plain", jaxpr.pretty_print(custom_pp_eqn_rules=False, print_shapes=False)
        if quick:
            yield "primitives", name, "\n".join(sorted(primitives(jaxpr)))
        if case.shown == "jaxpr":
            continue
        if case.shown == "stablehlo":
            yield "stablehlo", name, jax.export.export(function)(*arguments).mlir_module()
            continue
        lowered = traced.lower()
        yield "stablehlo", name, lowered.as_text()
        yield "stablehlo", f"{name}-located", lowered.as_text(debug_info=True)
        generic = lowered.compiler_ir().operation.get_asm(print_generic_op_form=True)
        yield "stablehlo", f"{name}-generic", generic
        if case.shown == "lowered":
            continue
        yield "hlo", f"{name}-lowered", lowered.as_text(dialect="hlo")
        yield "hlo", name, lowered.compile().as_text()
        if name in CODED:
            yield "llvm", name, code(lowered)


def code(lowered: Any) -> str:
    """Return the code of a function's kernels, as a lens shows it; none for those of which XLA writes none."""
    from witness.stages import Stages
    from witness.stages.kernel_code import WrittenCode, options

    with TemporaryDirectory() as folder:
        stages = Stages(None, lowered, lowered.compile(options(folder)))
        lens = stages.with_code(stages.lens(), WrittenCode([*Path(folder).iterdir()]))
    return next((stage.text for stage in lens.stages if stage.language == "llvm"), "")


def primitives(jaxpr: Any) -> set[str]:
    """Return the names of all primitives in a jaxpr and in the jaxprs that its parameters hold."""
    names = set()
    for equation in jaxpr.eqns:
        names.add(equation.primitive.name)
        held = list(equation.params.values())
        for value in held:
            held += value if isinstance(value, tuple) else ()
            inner = getattr(value, "jaxpr", value)
            names |= primitives(inner) if hasattr(inner, "eqns") else set()
    return names


def scrubbed(text: str) -> str:
    """Return IR without the place where it was made: directories, addresses, and blanks before comments."""
    text = text.replace(f"{ROOT}/", "")
    text = re.sub(r" at 0x[0-9a-f]+", " at 0xXXXXXXXXXXXX", text)
    return re.sub(r" {3,}#", "  #", text).rstrip("\n") + "\n"


def write_ir(to: Path, *, quick: bool, longest: float) -> None:
    """Write each form of IR that is not too long below a directory, in place of what this JAX had there."""
    import jax

    version = ".".join(jax.__version__.split(".")[:2])
    for lexer in [*LEXERS, "llvm"]:
        for old in (to / lexer / version).glob("*"):
            old.unlink()
    for lexer, case, text in printed(quick):
        text = scrubbed(text)
        if text.strip() and len(text) <= (longest / 5 if "-" in case else longest):
            path = to / lexer / version / f"{case}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)


def write_tokens(below: Path) -> None:
    """Write the tokens of each recorded text beside it."""
    for name, lexer in {**LEXERS, **KERNEL_LEXERS}.items():
        for path in below.glob(f"{name}/*/*.txt"):
            path.with_suffix(".tokens").write_text(transcript(tokens(lexer, path.read_text())))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.lexers.record", description="Record the lexers' cases.")
    parser.add_argument("--tokens", action="store_true", help="only write the tokens of the recorded IR anew")
    parser.add_argument("--quick", type=Path, metavar="DIRECTORY", help="write IR of any length there, and no tokens")
    options = parser.parse_args()
    if options.quick:
        write_ir(options.quick, quick=True, longest=float("inf"))
    else:
        if not options.tokens:
            write_ir(HERE, quick=False, longest=LONGEST)
        write_tokens(HERE)
