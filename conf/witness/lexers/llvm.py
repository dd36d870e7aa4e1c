"""A lexer for the functions of LLVM IR, as XLA writes them for a kernel; Pygments' own stops at newer words."""

from __future__ import annotations

from typing import Any, ClassVar

from pygments.lexer import RegexLexer, bygroups, default, include
from pygments.token import Comment, Keyword, Name, Number, Operator, Punctuation, String, Text, Whitespace

STRING = r'"(?:[^"\\\n]|\\.)*"'
NAME = rf"(?:[\w$.-]+|{STRING})"
TYPE = r"(?:i\d+|ptr|void|half|bfloat|float|double|fp128|x86_fp80|x86_amx|label|metadata|token)(?![\w.])"

COMPARED = "[ou]?(?:eq|ne)|[ous](?:gt|ge|lt|le)|ord|uno"


class LlvmLexer(RegexLexer):  # type: ignore[misc]  # Pygments has no types
    """For the text of LLVM functions."""

    name = "LLVM IR"
    aliases: ClassVar = ["llvm-ir"]
    url = "https://llvm.org/docs/LangRef.html"

    tokens: ClassVar[dict[str, list[Any]]] = {
        "root": [
            (r"^(?:define|declare)\b", Keyword, "head"),
            (rf"^({NAME})(:)", bygroups(Name.Label, Punctuation)),
            (rf"^([ \t]+)(%{NAME})( = )", bygroups(Whitespace, Name.Variable, Operator), "operation"),
            (rf"^([ \t]+)(?=[a-z])(?!{TYPE})", Whitespace, "operation"),
            include("value"),
        ],
        # define noalias ptr @name(ptr %0) {
        "head": [
            (r"\{$", Punctuation, "#pop"),
            (r"\n", Whitespace, "#pop"),
            (rf"%{NAME}", Name.Variable),
            include("value"),
        ],
        # tail call void @name(…)
        "operation": [
            (r"(?:tail|musttail|notail)\b", Keyword),
            (r"[a-z][\w.]*", Name.Function, "#pop"),
            (r" +", Whitespace),
            default("#pop"),
        ],
        "value": [
            (r"\n+|[ \t]+", Whitespace),
            (r";.*", Comment.Single),
            (rf"(label)( +)(%{NAME})", bygroups(Keyword.Type, Whitespace, Name)),
            (rf"%{NAME}", Name),
            (rf"@{NAME}", Name.Label),
            (rf"[!#]{NAME}", Comment.Special),
            (r"!", Comment.Special),
            (rf"c?{STRING}", String.Double),
            (TYPE, Keyword.Type),
            (r"(?:true|false|null|none|undef|poison|zeroinitializer)(?![\w.])", Keyword.Constant),
            (rf"(?:{COMPARED})(?![\w.])", Name.Constant),
            (r"[+-](?:inf|[qs]?nan)\b", Number.Float),
            (r"0x[KLMHR]?[0-9A-Fa-f]+", Number.Hex),
            (r"-?\d+\.\d*(?:[eE][+-]?\d+)?", Number.Float),
            (r"-?\d+", Number.Integer),
            (r"x(?=\s)", Operator),
            (r"[A-Za-z_][\w.]*", Name.Attribute),
            (r"\.\.\.|[=*]", Operator),
            (r"[\[\](){}<>,:|]", Punctuation),
            (r".", Text),
        ],
    }
