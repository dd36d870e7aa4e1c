"""Pygments lexers for what JAX prints: jaxprs, StableHLO and HLO; and for the code of kernels: LLVM IR and PTX.

Standard library and Pygments only. Their tokens have one meaning in all five languages:

=====================  ======================================================================================
`Name.Function`        an operation: a primitive, a StableHLO operation, an HLO opcode, an instruction
`Name.Variable`        a name where it is bound; where it is used it is a plain `Name`
`Name.Label`           the name of a whole: a module, a function, a computation, a nested jaxpr, a block
`Name.Attribute`       the name of a parameter; a flag
`Name.Class`           the type of a parameter's structured value
`Name.Constant`        a parameter's value that is a word: an enumerated value, a mesh axis, a named dimension;
                       a register with a meaning of its own
`Name.Decorator`       an effect
`Name.Entity`          the representation of some Python object
`Keyword`              `lambda`, `let` and `in`, `module` and `func.func`, `ENTRY` and `ROOT`, `define`, `.entry`
`Keyword.Type`         an element type or another type; its sizes are `Number.Integer`
`Keyword.Constant`     `True`, `false`, `None`
`Number`, `String`     literals
`Comment`              comments, and where an operation comes from: locations, metadata, tables of files
`Generic.Output`       what a program printed before IR on its first line
`Name.Other`, `Text`   what the lexer does not know
=====================  ======================================================================================
"""

from __future__ import annotations

from pygments.lexer import Lexer

from witness.lexers.hlo import HloLexer
from witness.lexers.jaxpr import JaxprLexer
from witness.lexers.llvm import LlvmLexer
from witness.lexers.ptx import PtxLexer
from witness.lexers.stablehlo import StableHloLexer

LEXERS: dict[str, type[Lexer]] = {"jaxpr": JaxprLexer, "stablehlo": StableHloLexer, "hlo": HloLexer}
"""Each lexer by the name that Pygments knows it by."""

KERNEL_LEXERS: dict[str, type[Lexer]] = {"llvm": LlvmLexer, "ptx": PtxLexer}
"""Those of the code of kernels, which nothing prints; Pygments has lexers of its own by these names."""


def guess(text: str) -> str | None:
    """Return the name of the lexer for a printed text that starts as IR does, and None for any other text."""
    return next((name for name, lexer in LEXERS.items() if lexer.analyse_text(text)), None)
