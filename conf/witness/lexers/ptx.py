"""A lexer for PTX, the assembly language that NVIDIA's driver takes, as LLVM writes it.

Pygments' own takes the beginning of any name for an instruction, and knows neither guards nor floats.
"""

from __future__ import annotations

from typing import Any, ClassVar

from pygments.lexer import RegexLexer, bygroups, default, include
from pygments.token import Comment, Keyword, Name, Number, Operator, Punctuation, String, Text, Whitespace

WORD = r"[A-Za-z_$][\w$]*"
TYPE = r"\.(?:pred|[bsu]\d+|b?f16|tf32|f32|f64|e\dm\d\w*)(?:x\d)?(?!\w)"
SPECIAL = (
    r"%(?:n?(?:tid|ctaid|warpid|smid|clusterid)|laneid|gridid|lanemask_\w+|clock\w*|globaltimer\w*|"
    r"(?:is_explicit_)?cluster\w*|\w+_smem_size)(?:\.[xyzw])?(?!\w)"
)
"""Registers that the machine has given a meaning."""

WITHOUT_RESULT = (
    r"st|red|bar|barrier|bra|brx|call|cp|discard|exit|fence|griddepcontrol|mbarrier|membar|prefetch\w*|ret|stmatrix|"
    r"trap|wgmma"
)
"""Instructions whose first operand is not their result."""


class PtxLexer(RegexLexer):  # type: ignore[misc]  # Pygments has no types
    """For the text of PTX."""

    name = "PTX of a kernel"
    aliases: ClassVar = ["ptx-kernel"]
    url = "https://docs.nvidia.com/cuda/parallel-thread-execution/"

    tokens: ClassVar[dict[str, list[Any]]] = {
        "root": [  # where a statement begins
            include("blank"),
            (rf"({WORD})(:)(?!:)", bygroups(Name.Label, Punctuation)),
            (r"(@)(!?)(%?\w+)", bygroups(Punctuation, Operator, Name)),
            (rf"(?=(?:{WITHOUT_RESULT})\b)", Text, ("operands", "mnemonic")),
            (rf"(?={WORD})", Text, ("operands", "result", "mnemonic")),
            (r"(?=\.[A-Za-z])", Text, "declaration"),
            (r"[{}();,]", Punctuation),
            (r".", Text),
        ],
        # ld.global.f32 %f1, [%rd1];
        "mnemonic": [
            (TYPE, Keyword.Type),
            (r"(?:\.|::)?\w+", Name.Function),
            default("#pop"),
        ],
        # the registers that an instruction writes: %r1|%p1, {%r1, %r2}
        "result": [
            (r"[ \t]+", Whitespace),
            (r"%\w+", Name.Variable),
            (r"\|", Operator),
            (r"\{", Punctuation, ("#pop", "results")),
            default("#pop"),
        ],
        "results": [
            (r"%\w+", Name.Variable),
            (r"\s+", Whitespace),
            (r",", Punctuation),
            (r"\}", Punctuation, "#pop"),
            default("#pop"),
        ],
        "operands": [
            (r";", Punctuation, "#pop"),
            include("value"),
        ],
        # .visible .entry fusion(   .param .u64 fusion_param_0,   .reg .b32 %r<5>;
        "declaration": [
            (r";", Punctuation, "#pop"),
            (r"\n", Whitespace, "#pop"),
            (TYPE, Keyword.Type),
            (r"\.[A-Za-z]\w*(?:::\w+)*", Keyword),
            (rf"{WORD}(?=\()", Name.Label),
            (rf"%\w+|(?!\$){WORD}", Name.Variable),
            include("value"),
        ],
        "blank": [
            (r"\s+", Whitespace),
            (r"//.*", Comment.Single),
            (r"/\*(?:[^*]|\*(?!/))*\*/", Comment.Multiline),
        ],
        "value": [
            include("blank"),
            (r'"(?:[^"\\\n]|\\.)*"', String.Double),
            (SPECIAL, Name.Constant),
            (r"%\w+", Name),
            (r"0[fF][0-9A-Fa-f]{8}|0[dD][0-9A-Fa-f]{16}", Number.Float),
            (r"0[xX][0-9A-Fa-f]+U?", Number.Hex),
            (r"\d+\.\d*(?:[eE][+-]?\d+)?", Number.Float),
            (r"\d+U?", Number.Integer),
            (r"\$[\w$]+", Name.Label),
            (WORD, Name),
            (r"\.\w+", Operator),
            (r"[=+*/!|&-]", Operator),
            (r"[\[\](){}<>,:.]", Punctuation),
            (r".", Text),
        ],
    }
