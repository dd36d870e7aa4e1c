"""A lexer for StableHLO, as JAX prints it: MLIR with the dialects `stablehlo`, `chlo`, `vhlo`, `sdy` and `func`."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from pygments.lexer import RegexLexer, bygroups, include
from pygments.token import Comment, Generic, Keyword, Name, Number, Operator, Punctuation, String, Text, Whitespace

WORD = r"[A-Za-z_][\w$]*"
DOTTED = rf"{WORD}(?:\.{WORD})*"
TYPE = r"(?:[su]?i\d+|ui\d+|bf16|tf32|f\d+\w*|index|none|token)(?!\w)"
VALUE = r"%[\w$.-]+"
STRING = r'"(?:[^"\\\n]|\\.)*"'
START = re.compile(
    r"\s*(?:(?:#[\w$.-]+ = |//| at ).*\n\s*)*"
    r"(?:\"builtin\.module\"\(\) [<(].*\(\{|"
    r"(?:builtin\.)?module(?: @(?:[\w$.-]+|\"[^\"\n]*\"))?(?: attributes \{.*\})? \{\s*)$",
    re.MULTILINE,
)


class StableHloLexer(RegexLexer):  # type: ignore[misc]  # Pygments has no types
    """For the text of a StableHLO module, with or without its locations."""

    name = "StableHLO"
    aliases: ClassVar = ["stablehlo"]
    filenames: ClassVar = ["*.mlir"]
    mimetypes: ClassVar = ["text/x-stablehlo"]
    url = "https://openxla.org/stablehlo/spec"

    tokens: ClassVar[dict[str, list[Any]]] = {
        "root": [
            (r"\A(?!#)[^\n]*[:=>] (?=(?:builtin\.)?module |\"builtin\.module\"|#loc)", Generic.Output),
            (r"\s+", Whitespace),
            (r"//.*", Comment.Single),
            (r"(loc)(\()", bygroups(Comment.Special, Comment.Special), "location"),
            (r"(?:^|(?<=[:=>] ))(#loc[\w$.-]*)( = )(loc)(\()", bygroups(*4 * [Comment.Special]), "location"),
            # names of values, blocks, symbols and aliases
            (rf"{VALUE}(?:#\d+)?(?=(?::\d+)?(?:, {VALUE}(?::\d+)?){{0,20}} = |: )", Name.Variable),
            (rf"({VALUE})(#)(\d+)", bygroups(Name, Punctuation, Number.Integer)),
            (VALUE, Name),
            (r"\^[\w$.-]+", Name.Label),
            (rf"@(?:[\w$.-]+|{STRING})", Name.Label),
            (r"[#!](?=[\w$.-]+\s*=\s)", Punctuation),
            # attributes, types and operations
            (rf"(#)({DOTTED})", bygroups(Punctuation, Name.Class)),
            (rf"(!)({DOTTED})(<)", bygroups(Punctuation, Keyword.Type, Punctuation), "sizes"),
            (rf"(!)({DOTTED})", bygroups(Punctuation, Keyword.Type)),
            (rf"(dense_resource)(<)({WORD})(>)", bygroups(Name.Class, Punctuation, Name.Constant, Punctuation)),
            (r"(?:dense|sparse|array|opaque|affine_map|strided|distinct)(?=<|\[)", Name.Class),
            (r"(tensor|memref|vector|tuple|complex)(<)", bygroups(Keyword.Type, Punctuation), "sizes"),
            (TYPE, Keyword.Type),
            (rf"{STRING}(?=\s*\(\s*[%)])", Name.Function),
            (STRING, String.Double),
            (rf"{DOTTED}(?=\s*=(?!=))", Name.Attribute),
            (r"(?:module|func\.func|builtin\.module|attributes|public|private|nested)(?![\w.])", Keyword),
            (r"(?:true|false|unit)(?!\w)", Keyword.Constant),
            (r"(?:cond|do|init|reducer|applies|across|dimensions|to|at|iterArg)(?=[\s(:]|$)(?!\.)", Keyword),
            (r"(?:return|call)(?![\w.])", Name.Function),
            (rf"{WORD}(?:\.{WORD})+(?=>)", Name.Constant),
            (rf"{WORD}(?:\.{WORD})+", Name.Function),
            # literals
            (r"-?0x[0-9A-Fa-f]+", Number.Hex),
            (r"-?\d+\.\d*(?:[eE][+-]?\d+)?", Number.Float),
            (r"-?\d+(?=x\d)", Number.Integer),
            (r"-?\d+", Number.Integer),
            (r"x(?=[\s\d\[?])", Operator),
            (r"->|==|>=|<=|[=:+*/?|-]", Operator),
            (WORD, Name.Constant),
            (r"[\[\](){}<>,.#;!&@%^]", Punctuation),
            (r".", Text),
        ],
        # 2x?xf32, #encoding between angles
        "sizes": [
            (r">", Punctuation, "#pop"),
            (r"<", Punctuation, "#push"),
            (r"(\d+)(x)", bygroups(Number.Integer, Operator)),
            (r"([?*])(x)", bygroups(Operator, Operator)),
            (rf"(#)({DOTTED})(<)", bygroups(Punctuation, Name.Class, Punctuation), "#push"),
            (r"\n", Whitespace, "#pop"),
            include("root"),
        ],
        # where an operation comes from
        "location": [
            (r"\)", Comment.Special, "#pop"),
            (r"\(", Comment.Special, "#push"),
            (r"#[\w$.-]+", Comment.Special),
            (STRING, Comment),
            (r"[^()\"#\s]+", Comment),
            (r"\s+", Whitespace),
            (r".", Comment),
        ],
    }

    def analyse_text(text: str) -> float:  # noqa: N805  # Pygments makes it a static method
        """Return 1 for a text that starts as an MLIR module does, else 0."""
        return float(bool(START.match(text)))
