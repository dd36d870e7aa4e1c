"""The code of a compiled program's kernels as one more stage, below its optimised HLO."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from witness.records.ir import Ir, Language, Origin
from witness.records.lens import CompiledKernel
from witness.stages.instructions import HloProgram, Instruction
from witness.stages.kernel_functions import READ, KernelFunction

FOLDER = "xla_dump_to"
"""The option of XLA's compiler that has it write what it makes of a program into a folder."""


def options(folder: str) -> dict[str, str]:
    """Return the options that have XLA's compiler write the code of kernels into a folder.

    XLA writes LLVM IR by itself with JAX 0.10.2, and where it is asked for it with 0.12.
    """
    return {FOLDER: folder, "xla_dump_emitter_re": "llvm|ptx"}


WRITTEN: Sequence[tuple[Language, str]] = (("ptx", ".ptx"), ("llvm", ".ir-with-opt.ll"))
"""The files that hold code; where there is PTX, the LLVM IR that it was made of is left."""

COMMENT: dict[Language, str] = {"llvm": ";", "ptx": "//"}

NAMED = 3
"""Kernels without code that are named."""


@dataclass(frozen=True)
class WrittenCode:
    """What XLA wrote of one program."""

    files: Sequence[Path] = ()
    why: str = "XLA wrote none for this backend"
    """Why there is none, where there is none."""

    def read(self) -> tuple[Language, list[KernelFunction]]:
        """Return the functions. Raises LookupError where there are none."""
        for language, end in WRITTEN:
            texts = [it.read_text("utf-8", "replace") for it in sorted(self.files) if it.name.endswith(end)]
            if found := [function for text in texts for function in READ[language](text)]:
                return language, found
        raise LookupError(self.why)


@dataclass
class _Code:
    """A text that grows."""

    lines: list[str] = field(default_factory=list)
    origins: list[Origin] = field(default_factory=list)

    def add(self, text: str, hlo: Ir, kernel: int | None) -> None:
        """Add a function, which has the places of all that its kernel is made of."""
        if self.lines:
            self.lines.append("")
        first = len(self.lines) + 1
        self.lines += text.split("\n")
        members = [it for it in hlo.operations if kernel is not None and it.kernel == kernel]
        places = dict.fromkeys(hlo.places[place] for it in members for place in it.places)
        names = dict.fromkeys(name for it in members for name in it.names)
        spans = [
            (number, len(line) - len(line.lstrip()), len(line))
            for number, line in enumerate(self.lines[first - 1 :], first)
            if line.strip()
        ]
        self.origins.append(Origin(spans, list(places), list(names), kernel=kernel))


def kernel_code(
    written: WrittenCode, hlo: Ir, program: HloProgram, kernels: Sequence[CompiledKernel]
) -> tuple[Ir, list[str]]:
    """Return the code of the kernels in their order, and which have none. Raises LookupError where none has any."""
    language, functions = written.read()
    by_kernel = _by_kernel(functions, _known(program, kernels))
    like = _like(program, kernels, set(by_kernel), hlo.text)
    code, without = _Code(), list[str]()
    for number, kernel in enumerate(kernels):
        for function in by_kernel.get(number, ()):
            code.add(function.text, hlo, number)
        if number in like:
            code.add(f"{COMMENT[language]} {kernel.name} runs the code of {kernels[like[number]].name}", hlo, number)
        elif number not in by_kernel:
            without.append(kernel.name)
    for function in by_kernel.get(None, ()):
        code.add(function.text, hlo, None)
    return Ir.of(language, "\n".join(code.lines), code.origins), _told(without, len(kernels))


def _told(without: Sequence[str], amount: int) -> list[str]:
    if not without:
        return []
    more = [f"{len(without) - NAMED} more"] if len(without) > NAMED else []
    names = ", ".join([*without[:NAMED], *more])
    return [f"the code of {len(without)} of {amount} kernels, which XLA leaves to a library or to its runtime: {names}"]


def _known(program: HloProgram, kernels: Sequence[CompiledKernel]) -> dict[str, int]:
    """Return the number of the kernel that a name stands for: its own, that of a computation it calls or of a part."""
    parts = {it.name: it.kernel for inside in program.computations.values() for it in inside}
    called = {name: it.kernel for name, callers in program.callers.items() for it in callers}
    own = {it.name: number for number, it in enumerate(kernels)}
    return {sanitised(name): it for name, it in {**parts, **called, **own}.items() if it is not None}


def _by_kernel(functions: Iterable[KernelFunction], known: Mapping[str, int]) -> dict[int | None, list[KernelFunction]]:
    """Return the functions of each kernel, by its number; those of none below None.

    Of several functions for the same instruction each but one has a number behind its name.
    """
    found: dict[int | None, list[KernelFunction]] = {}
    seen: set[str] = set()
    for it in functions:
        if it.name in seen:
            continue
        seen.add(it.name)
        name = sanitised(it.name)
        base = re.sub(r"_+\d+$", "", name)
        found.setdefault(known.get(name, known.get(base)), []).append(it)
    return found


def sanitised(name: str) -> str:
    """Return a name as the assembly language that is strictest has it: nothing but letters, digits and underscores."""
    return re.sub(r"[^\w$]", "_", name, flags=re.ASCII)


def _like(program: HloProgram, kernels: Sequence[CompiledKernel], coded: set[int | None], hlo: str) -> dict[int, int]:
    """Return for fusions without code of their own the number of one that is made of the same, and has code."""
    lines = hlo.split("\n")
    numbers = {it.name: number for number, it in enumerate(kernels)}
    every = (it for inside in program.computations.values() for it in inside)
    fusions = {numbers[it.name]: it for it in every if it.opcode == "fusion" and it.name in numbers}
    of = {number: _made_of(program, it, lines) for number, it in fusions.items()}
    first = {of[number]: number for number in sorted(fusions, reverse=True) if number in coded}
    return {number: first[made] for number, made in of.items() if number not in coded and made in first}


def _made_of(program: HloProgram, fusion: Instruction, lines: Sequence[str]) -> tuple[str, ...]:
    """Return what a fusion does, without names."""
    kind = re.search(r"\bkind=\w+", fusion.rest)
    inside = [member for name in fusion.called for member in program.computations[name]]
    numbers = {member.name: str(number) for number, member in enumerate(inside)}
    written = [lines[it.line - 1][it.start : it.end].partition(" = ")[2] for it in inside]
    numbered = [re.sub(r"%([\w.-]+)", lambda match: numbers.get(match[1], "?"), text) for text in written]
    return fusion.type, kind[0] if kind else "", *numbered
