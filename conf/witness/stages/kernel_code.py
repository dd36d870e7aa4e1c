"""The code of a compiled program's kernels as one more stage, below its optimised HLO."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    why: str = "XLA wrote none: its kernels are calls of a library or of its runtime, or this backend writes none"
    """Why there is none, where there is none."""

    def read(self) -> tuple[Language, list[list[KernelFunction]]]:
        """Return the functions of each file. Raises LookupError where there are none."""
        for language, end in WRITTEN:
            texts = [it.read_text("utf-8", "replace") for it in sorted(self.files) if it.name.endswith(end)]
            if any(found := [[*READ[language](text)] for text in texts]):
                return language, found
        raise LookupError(self.why)


Kernels = frozenset[int]
"""Numbers of kernels: small ones are made one function."""


@dataclass
class _Code:
    """A text that grows."""

    lines: list[str] = field(default_factory=list)
    origins: list[Origin] = field(default_factory=list)

    def add(self, text: str, hlo: Ir, of: Kernels) -> None:
        """Add a function, which has the places of all that its kernels are made of."""
        if self.lines:
            self.lines.append("")
        first = len(self.lines) + 1
        self.lines += text.split("\n")
        members = [it for it in hlo.operations if it.kernel in of]
        places = dict.fromkeys(hlo.places[place] for it in members for place in it.places)
        names = dict.fromkeys(name for it in members for name in it.names)
        spans = [
            (number, len(line) - len(line.lstrip()), len(line))
            for number, line in enumerate(self.lines[first - 1 :], first)
            if line.strip()
        ]
        self.origins.append(Origin(spans, list(places), list(names), kernel=min(of) if len(of) == 1 else None))


def kernel_code(
    written: WrittenCode, hlo: Ir, program: HloProgram, kernels: Sequence[CompiledKernel]
) -> tuple[Ir, list[str]]:
    """Return the code of the kernels in their order, and which have none. Raises LookupError where none has any."""
    language, modules = written.read()
    found = [*_found(modules, _known(program, kernels))]
    coded = Kernels().union(*(of for of, _ in found))
    like = _like(program, kernels, coded, hlo.text)
    for number, other in like.items():
        text = f"{COMMENT[language]} {kernels[number].name} runs the code of {kernels[other].name}"
        found.append((Kernels([number]), text))
    code = _Code()
    for of, text in sorted(found, key=lambda it: min(it[0], default=len(kernels))):
        code.add(text, hlo, of)
    without = [it.name for number, it in enumerate(kernels) if number not in coded and number not in like]
    return Ir.of(language, "\n".join(code.lines), code.origins), _told(without, len(kernels))


def _told(without: Sequence[str], amount: int) -> list[str]:
    if not without:
        return []
    more = [f"{len(without) - NAMED} more"] if len(without) > NAMED else []
    names = ", ".join([*without[:NAMED], *more])
    return [f"the code of {len(without)} of {amount} kernels, which XLA leaves to a library or to its runtime: {names}"]


def _known(program: HloProgram, kernels: Sequence[CompiledKernel]) -> dict[str, Kernels]:
    """Return the kernels that a name stands for: that of an instruction, of a part of one, or of a computation."""
    parts, called = dict[str, Kernels](), dict[str, Kernels]()
    for it in (it for inside in program.computations.values() for it in inside):
        parts[it.name] = _within(program, it.called) if it.kernel is None else Kernels([it.kernel])
        called |= dict.fromkeys(it.called, parts[it.name])
    own = {it.name: Kernels([number]) for number, it in enumerate(kernels)}
    known = {sanitised(name): of for name, of in {**parts, **called, **own}.items() if of}
    return {**{f"{name}_kernel": of for name, of in known.items()}, **known}


def _within(program: HloProgram, names: Iterable[str]) -> Kernels:
    """Return the kernels that some computations run, in loops and branches too."""
    found, waiting, seen = set[int](), [*names], set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        for it in program.computations.get(name, ()):
            found |= set() if it.kernel is None else {it.kernel}
            waiting += it.called
    return Kernels(found)


def _found(modules: Iterable[Sequence[KernelFunction]], known: Mapping[str, Kernels]) -> Iterator[tuple[Kernels, str]]:
    """Yield each function once, with its kernels; a helper has that of the one function it is beside.

    Of several functions for the same instruction each but one has a number behind its name.
    """
    seen: set[str] = set()
    for module in modules:
        named = {it.name: sanitised(it.name) for it in module}
        of = {it: known.get(name) or known.get(re.sub(r"_+\d+$", "", name)) for it, name in named.items()}
        beside = {it for it in of.values() if it}
        only = next(iter(beside)) if len(beside) == 1 else Kernels()
        yield from ((of[it.name] or only, it.text) for it in module if it.name not in seen)
        seen |= named.keys()


def sanitised(name: str) -> str:
    """Return a name as the assembly language that is strictest has it: nothing but letters, digits and underscores."""
    return re.sub(r"[^\w$]", "_", name, flags=re.ASCII)


def _like(program: HloProgram, kernels: Sequence[CompiledKernel], coded: Kernels, hlo: str) -> dict[int, int]:
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
