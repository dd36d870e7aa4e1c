"""A lexer for HLO, as XLA prints it before and after it has compiled: modules, schedules, layouts, metadata."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from pygments.lexer import RegexLexer, bygroups, include
from pygments.token import Comment, Generic, Keyword, Name, Number, Operator, Punctuation, String, Text, Whitespace

KEY = r"[A-Za-z_][\w.-]*"
NAME = r"%?[A-Za-z_][\w.-]*"
DTYPE = r"(?:pred|token|opaque|tuple|bf16|[suf]\d+\w*|c64|c128)(?=\[)"
STRING = r'"(?:[^"\\\n]|\\.)*"'
CALLED = (
    r"calls|to_apply|body|condition|select|scatter|true_computation|false_computation|"
    r"branch_computations|called_computations|called_computation|async_execution_thread"
)
START = re.compile(r"\s*HloModule [\w.$<>-]+(?:, \w+=|\s*\n\s*(?:FileNames\n|(?:ENTRY )?%?[\w.-]+ [{(]))")


class HloLexer(RegexLexer):  # type: ignore[misc]  # Pygments has no types
    """For the text of an HLO module."""

    name = "HLO"
    aliases: ClassVar = ["hlo"]
    filenames: ClassVar = ["*.hlo"]
    mimetypes: ClassVar = ["text/x-hlo"]
    url = "https://openxla.org/xla/hlo_dumps"

    tokens: ClassVar[dict[str, list[Any]]] = {
        "root": [
            (r"\A[^\n]*[:=>] (?=HloModule )", Generic.Output),
            (r"\n\s*(?=\n)|\n", Whitespace),
            (
                r"(?:^|(?<=[:=>] ))([ \t]*)(HloModule)( +)([^\s,]+)",
                bygroups(Whitespace, Keyword, Whitespace, Name.Label),
            ),
            (r"^(?:FileNames|FunctionNames|FileLocations|StackFrames)(?=\s*$)", Comment.Special, "table"),
            # the head of a computation
            (
                rf"^([ \t]*)(?:(ENTRY)([ \t]+))?({NAME})(?=\s+(?:\(.*->.*)?\{{\s*$)",
                bygroups(Whitespace, Keyword, Whitespace, Name.Label),
            ),
            (r"([A-Za-z_][\w.-]*)(:)(?=\s+[(a-z])", bygroups(Name.Variable, Punctuation)),
            # an instruction
            (
                rf"^([ \t]*)(?:(ROOT)([ \t]+))?({NAME})( +)(=)(?=\s)",
                bygroups(Whitespace, Keyword, Whitespace, Name.Variable, Whitespace, Operator),
            ),
            (r"(?:ENTRY|ROOT)(?=\s)", Keyword),
            (r"(constant|parameter)(\()", bygroups(Name.Function, Punctuation), "literal"),
            (r"(?<=\s)[a-z][\w-]*(?=\()", Name.Function),
            include("type"),
            # its attributes
            (r"(metadata|origin)(=)(\{)", bygroups(*3 * [Comment.Special]), "metadata"),
            (rf"({CALLED})(=)({NAME})", bygroups(Name.Attribute, Operator, Name.Label)),
            (rf"({CALLED})(=)(\{{)", bygroups(Name.Attribute, Operator, Punctuation), "called"),
            (r"(control-predecessors)(=)(\{)", bygroups(Name.Attribute, Operator, Punctuation), "operands"),
            (rf"({KEY})(=)(\{{)", bygroups(Name.Attribute, Operator, Punctuation), "attribute"),
            (rf"({KEY})(=)", bygroups(Name.Attribute, Operator)),
            (r"(?<==)[\w?]+_[\w?]+->[\w?]+", Name.Constant),  # the dimensions of a convolution
            (r"(?<==)(?!true|false)[A-Za-z_][\w.]*", Name.Constant),
            include("value"),
            (NAME, Name),
            include("rest"),
        ],
        "operands": [
            (r"\}", Punctuation, "#pop"),
            (NAME, Name),
            include("rest"),
        ],
        "attribute": [
            (r"\}", Punctuation, "#pop"),
            (r"\{", Punctuation, "#push"),
            include("type"),
            (rf"({KEY})(=)", bygroups(Name.Attribute, Operator)),
            (r"(#)([A-Za-z_][\w.]*)", bygroups(Punctuation, Name.Class)),
            include("value"),
            (r"%[\w.-]+", Name),
            (KEY, Name.Constant),
            include("rest"),
        ],
        # f32[2,<=3]{1,0:T(8,128)}
        "type": [
            (rf"({DTYPE})(\[)", bygroups(Keyword.Type, Punctuation), "sizes"),
        ],
        "sizes": [
            (r"(\])(\{)(?=[\d:])", bygroups(Punctuation, Punctuation), ("#pop", "layout")),
            (r"\]", Punctuation, "#pop"),
            (r"\d+", Number.Integer),
            (r"<=|\?", Operator),
            (r"\n", Whitespace, "#pop"),
            include("rest"),
        ],
        "layout": [
            (r"\}", Punctuation, "#pop"),
            (r"\d+", Number.Integer),
            (r"[A-Z]+(?=\()", Name.Class),
            (r"\*", Operator),
            (r"\n", Whitespace, "#pop"),
            include("type"),
            include("rest"),
        ],
        "literal": [
            (r"\)", Punctuation, "#pop"),
            (r"\(", Punctuation, "#push"),
            (r"\.\.\.", Punctuation),
            include("value"),
            (KEY, Name.Constant),
            include("rest"),
        ],
        "called": [
            (r"\}", Punctuation, "#pop"),
            (NAME, Name.Label),
            include("rest"),
        ],
        "value": [
            (r"/\*[^*]*\*/", Comment.Multiline),
            (rf"({STRING})(:)", bygroups(Name.Tag, Punctuation)),
            (STRING, String.Double),
            (r"'(?:[^'\\\n]|\\.)*'", String.Single),
            (r"(?:true|false|null)(?![\w.])", Keyword.Constant),
            (r"-?(?:inf|nan)(?![\w.])", Number.Float),
            (r"-?0x[0-9A-Fa-f]+", Number.Hex),
            (r"-?\d+(?:_-?\d+)+(?:_\d+)?(?:x-?\d+_-?\d+(?:_\d+)?)*", Number.Integer),  # the padding of a window
            (r"\d+(?:x\d+)+", Number.Integer),
            (r"-?\d+(?:\.\d*(?:[eE][+-]?\d+)?|[eE][+-]?\d+)", Number.Float),
            (r"-?\d+", Number.Integer),
            (r"(?:[su]?i|ui|[fc])\d+(?!\w)", Keyword.Type),
            (r"[A-Z]+(?=\(\d)", Name.Class),
            (rf"{KEY}(?=\s+=\s)", Name.Attribute),
            (r"->|<=|[=*+]", Operator),
        ],
        # where an instruction comes from
        "metadata": [
            (r"\}", Comment.Special, "#pop"),
            (r"\{", Comment.Special, "#push"),
            (STRING, Comment),
            (r"\w+=", Comment.Special),
            (r"\s+", Whitespace),
            (r"[^\s{}\"=]+|.", Comment),
        ],
        "table": [
            (r"\n[ \t]*\n", Whitespace, "#pop"),
            (r"\w+=", Comment.Special),
            (STRING, Comment),
            (r"\s+", Whitespace),
            (r"[^\s{}\"=]+|.", Comment),
        ],
        "rest": [
            (r"\s+", Whitespace),
            (r"/\*[^*]*\*/", Comment.Multiline),
            (r"//.*", Comment.Single),
            (r"[\[\](){}<>.,:;#%@]", Punctuation),
            (r".", Text),
        ],
    }

    def analyse_text(text: str) -> float:  # noqa: N805  # Pygments makes it a static method
        """Return 1 for a text that starts as an HLO module does, else 0."""
        return float(bool(START.match(text)))
