"""A function's stages, as JAX has them: the texts of each, with links to its source, as far as JAX keeps them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from witness.records.ir import Ir, Place
from witness.records.lens import CompiledKernel, Lens
from witness.stages import costs, equations
from witness.stages.compiled_kernels import kernels, loops
from witness.stages.instructions import HloProgram
from witness.stages.kernel_code import WrittenCode, kernel_code
from witness.stages.operations import Module
from witness.stages.sources import Arguments, sources


class Stages:
    """A function on its way down, as far as it has been taken; each part is looked at once it is asked for."""

    def __init__(self, traced: Any = None, lowered: Any = None, compiled: Any = None) -> None:
        self._traced, self._lowered, self._compiled = traced, lowered, compiled
        self._by_path: dict[str, list[Place]] = {}
        jaxpr = getattr(traced, "jaxpr", None)
        info = getattr(getattr(jaxpr, "jaxpr", jaxpr), "debug_info", None)
        self._arguments = Arguments(getattr(info, "func_src_info", None))
        self._program: HloProgram | None = None
        self._hlo: Ir | None = None
        self.kernels: list[CompiledKernel] = []
        self.loops: list[str] = []

    def jaxpr(self) -> Ir:
        """Return what was traced."""
        return Ir.of("jaxpr", *equations.equations(self._traced.jaxpr, self._arguments.home))

    def stablehlo(self) -> Ir:
        """Return what it was lowered to."""
        text = str(self._lowered.as_text())
        module = Module(text, str(self._lowered.as_text(debug_info=True)), self._arguments.home)
        self._by_path = module.by_path()
        return Ir.of("stablehlo", text, module.origins())

    def hlo(self) -> Ir:
        """Return what it was compiled to."""
        text = self._compiled.as_text()
        if not isinstance(text, str):
            raise TypeError("a compiled function without a text")
        self._program = HloProgram(text)
        self.kernels, self.loops = kernels(self._program), loops(self._program)
        self._hlo = Ir.of("hlo", text, self._program.origins(self._arguments, self._by_path))
        return self._hlo

    def lens(self) -> Lens:
        """Return all stages there are, and say which could not be looked at."""
        asked = [
            ("the jaxpr", self._traced, self.jaxpr),
            ("StableHLO", self._lowered, self.stablehlo),
            ("the optimised HLO", self._compiled, self.hlo),
        ]
        last = max((n for n, (_, given, _) in enumerate(asked) if given is not None), default=-1)
        stages, missing = [], []
        for name, given, make in asked[: last + 1]:
            try:
                if given is None:
                    raise LookupError("it was made before the extension was loaded")
                stages.append(make())
            except Exception as error:  # another JAX, a backend without a text: the others are still true
                missing.append(f"{name}: {str(error) or type(error).__name__}")
        jaxpr = getattr(self._traced, "jaxpr", None)
        apart = costs.apart(jaxpr, self._lowered) if self._compiled is not None else None
        return Lens(
            name=self._name(),
            stages=stages,
            sources=sources(_places(stages)),
            kernels=self.kernels,
            compiled=costs.analysed(self._compiled) if self._compiled is not None else None,
            apart=apart,
            equations=costs.leaves(jaxpr),
            loops=self.loops,
            missing=missing,
        )

    def with_code(self, lens: Lens, written: WrittenCode, room: float = math.inf) -> Lens:
        """Return the lens with the code of its kernels as one more stage, or with why there is none.

        ``room`` is how many characters it may have.
        """
        try:
            if self._hlo is None or self._program is None:
                raise LookupError("there is no optimised HLO")
            code, without = kernel_code(written, self._hlo, self._program, self.kernels)
            if len(code.text) > room:
                raise LookupError(f"its {len(code.text):,} characters are more than a record keeps")
        except Exception as error:  # another XLA, files that are gone: the other stages are still true
            return replace(
                lens, missing=[*lens.missing, f"the code of its kernels: {str(error) or type(error).__name__}"]
            )
        return replace(lens, stages=[*lens.stages, code], missing=[*lens.missing, *without])

    def _name(self) -> str:
        name = getattr(self._traced, "fun_name", None)
        return str(name or "the function")


def _places(stages: Iterable[Ir]) -> list[Place]:
    """Return the places of what belongs to the program."""
    counted = ((stage, it) for stage in stages for it in stage.operations if it.counted)
    return list(dict.fromkeys(stage.places[number] for stage, it in counted for number in it.places))
