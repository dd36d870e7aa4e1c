"""A lexer for jaxprs, as JAX prints them: whole or one equation, with or without types, sources and effects."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from pygments.lexer import RegexLexer, bygroups, default, include
from pygments.token import Comment, Generic, Keyword, Name, Number, Operator, Punctuation, String, Text, Whitespace

WORD = r"[^\W\d][\w']*"
DTYPE = r"(?:bool|bf16|bfloat16|float0|u?int\d+|float\d+\w*|complex\d+|[fiuc]\d+(?:_\w+)?|key(?=<))(?!\w)"
OPERATION = r"[^\W\d][^\s\[\](){}'\",;=]*"
REAL = r"(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf|nan"
BINDERS = r"(?: [^\W\d]+:\S+){0,60} (?:=|<-) "
OBJECT = r"<(?=[A-Za-z_])(?:[^<>\n]|<(?:[^<>\n]|<[^<>\n]{0,200}>){0,400}>){1,1000}>"
BRACED = r"(?:[^;{}]|\{(?:[^;{}]|\{[^;{}]*\})*\})*"
START = re.compile(rf"\s*(?:let [^\s=]+ = )?\{{ lambda {BRACED}; {BRACED}\. let\s")


class JaxprLexer(RegexLexer):  # type: ignore[misc]  # Pygments has no types
    """For the text of a jaxpr, of its equations and of what they hold."""

    name = "Jaxpr"
    aliases: ClassVar = ["jaxpr"]
    filenames: ClassVar = ["*.jaxpr"]
    mimetypes: ClassVar = ["text/x-jaxpr"]
    url = "https://docs.jax.dev/en/latest/jaxpr.html"

    tokens: ClassVar[dict[str, list[Any]]] = {
        "root": [
            (r"\A(?!\s*let )[^\n{\[]*[^\s{\[]\s*(?=\{ lambda )", Generic.Output),
            include("equations"),
        ],
        # let SHARED = { lambda CONSTANTS; ARGUMENTS. let EQUATIONS in RESULTS : { EFFECTS } } in
        "jaxpr": [
            (
                r"(let)( )([^\s=]+)( )(=)(?= \{ lambda)",
                bygroups(Keyword, Whitespace, Name.Label, Whitespace, Operator),
            ),
            (r"(\{)(\s*)(lambda)(?!\w)", bygroups(Punctuation, Whitespace, Keyword), "head"),
            (r"(?<=\} )in(?=\s)", Keyword),
        ],
        "head": [
            (r"(\.)(\s+)(let)(?!\w)", bygroups(Punctuation, Whitespace, Keyword), ("#pop", "body")),
            (rf"{WORD}|\*", Name.Variable),
            (r":(?=\S)", Punctuation, "type"),
            include("rest"),
        ],
        "body": [
            (r"in(?= \((?!\S+j\):))", Keyword, ("#pop", "results")),
            include("equations"),
        ],
        "results": [
            (r"\}", Punctuation, "#pop"),
            (r"(:)(\s+)(\{)", bygroups(Punctuation, Whitespace, Punctuation), "effects"),
            include("operand"),
            include("rest"),
        ],
        "effects": [
            (r"\}", Punctuation, "#pop"),
            (rf"({WORD})(<)({WORD}|\d+)(>)", bygroups(Name.Decorator, Punctuation, Name, Punctuation)),
            (OBJECT, Name.Decorator),
            (WORD, Name.Decorator),
            (r"\(", Punctuation, "round"),
            include("rest"),
        ],
        # BINDERS = PRIMITIVE[PARAMETERS] OPERANDS
        "equations": [
            include("jaxpr"),
            (
                rf"(=)([ \t]+)({OPERATION})(\[)",
                bygroups(Operator, Whitespace, Name.Function, Punctuation),
                "parameters",
            ),
            (rf"(=)([ \t]+)({OPERATION})", bygroups(Operator, Whitespace, Name.Function)),
            (r"([^\W\d][\w.-]*)(\[)(?=\s*(?:#.*\s+)*\w+=)", bygroups(Name.Function, Punctuation), "parameters"),
            (rf"(?:inf|nan)(?=:\S+{BINDERS})", Name.Variable),  # the names of the 5,748th and the 9,145th variable
            (r"(?:True|False)(?=:)", Keyword.Constant),
            include("number"),
            (rf"(?:{WORD}|\*)(?=:[~<\w])", Name.Variable),
            (rf"(?:{WORD}|\*)(?=(?: [^\W\d]+| \*){{0,60}} (?:=|<-) |, \w+\[)", Name.Variable),
            # an equation that binds nothing starts its line with a name no variable has
            (r"^(\s*)([^\W\d]+_\w*|[a-z]{4,})(?=\s)(?!\s+=)", bygroups(Whitespace, Name.Function)),
            (r"(\w+)(=)(?=\S)", bygroups(Name.Attribute, Operator)),
            include("operand"),
            (r"<-|\+=|=", Operator),
            include("rest"),
        ],
        "operand": [
            (r"(?:True|False)(?=:)", Keyword.Constant),
            include("number"),
            (r":(?=[~<\w])", Punctuation, "type"),
            (rf"({WORD})(\[)", bygroups(Name, Punctuation), "index"),
            (WORD, Name),
        ],
        "index": [
            (r"\]", Punctuation, "#pop"),
            (r"\[", Punctuation, "#push"),
            (r"\.\.\.|[:+]", Operator),
            include("number"),
            (WORD, Name),
            (r"\n", Whitespace, "#pop"),
            include("rest"),
        ],
        # DTYPE<MEMORY>[DIMENSIONS]{VARYING}, Ref{TYPE}
        "type": [
            (r"~", Operator),
            (r"\[", Punctuation, "dimensions"),
            (r"<", Punctuation, "angle"),
            (r"\{", Punctuation, "refined"),
            (r"\(", Punctuation, "round"),
            (WORD, Keyword.Type),
            default("#pop"),
        ],
        "dimensions": [
            (r"[\])]", Punctuation, "#pop"),
            (r"[\[(]", Punctuation, "#push"),
            (r"\d+", Number.Integer),
            (r"[-+*/^@%]|\.\.\.", Operator),
            (rf"{WORD}(?=\()", Name.Function),
            (WORD, Name.Constant),
            (r"\n", Whitespace, "#pop"),
            include("rest"),
        ],
        "angle": [
            (r">", Punctuation, "#pop"),
            (WORD, Keyword.Type),
            (r"\n", Whitespace, "#pop"),
            include("rest"),
        ],
        "refined": [
            (r"[})]", Punctuation, "#pop"),
            (r"\(", Punctuation, "#push"),
            (rf"({WORD})(:)", bygroups(Name.Attribute, Punctuation)),
            (rf"~?{WORD}(?=[\[<{{])", Keyword.Type, "type"),
            (WORD, Name.Constant),
            (r"\n", Whitespace, "#pop"),
            include("rest"),
        ],
        # NAME=VALUE, a line for each where they do not fit one
        "parameters": [
            (r"\]", Punctuation, "#pop"),
            (r"(\n\s*)(fmt)(=)", bygroups(Whitespace, Name.Attribute, Operator), "lines"),
            (r"(fmt)(=)", bygroups(Name.Attribute, Operator), "format"),
            (
                r"(\n\s*)(name)(=)([^\n=]+)(?=\n)",
                bygroups(Whitespace, Name.Attribute, Operator, Name.Label),
            ),
            (
                r"(name|jvp|fwd|bwd)(=)(?!None\b|Wrapped )([^\s\[\](){}<>'\",]+)(?=[\s\]])",
                bygroups(Name.Attribute, Operator, Name.Label),
            ),
            (
                rf"(jaxpr|\w+_jaxpr)(=)(?!None\b)({WORD})(?=[\s\]])",
                bygroups(Name.Attribute, Operator, Name.Label),
            ),
            (r"Wrapped function:(?:\n(?:\d+ +: |Core: ).*|\n(?=\n))*", Name.Entity),
            (r"[)}]", Punctuation),
            include("value"),
            (WORD, Name.Other),
            include("rest"),
        ],
        # free text, up to the next parameter
        "lines": [
            (r"(?=\s*\n\s*(?:\w+=|\]))", Text, "#pop"),
            (r"\]", String),
            include("text"),
        ],
        "format": [
            (r"(?=\s+\w+=|\])", Text, "#pop"),
            include("text"),
        ],
        "text": [
            (r"\{\{|\}\}", String.Escape),
            (r"\{[^{}\n]*\}", String.Interpol),
            (r"[^{}\s\]]+(?:[ \t]+[^{}\s\]=]+(?=[\s{}\]]))*|.|\n", String),
        ],
        "value": [
            include("jaxpr"),
            (rf"({WORD})(=)", bygroups(Name.Attribute, Operator)),
            (r"[bru]?'(?:[^'\\\n]|\\.)*'", String.Single),
            (r'[bru]?"(?:[^"\\\n]|\\.)*"', String.Double),
            (r"(?:True|False|None|Ellipsis)(?!\w)", Keyword.Constant),
            (r"<lambda>", Name.Label),
            (OBJECT, Name.Entity),
            (r"(?:np|jnp|numpy)(?=\.)", Name.Namespace),
            (DTYPE, Keyword.Type, "type"),
            (r"-?(?:inf|nan)(?!\w)", Number.Float),
            include("number"),
            (rf"({WORD})(\.)({WORD})(?=\()", bygroups(Name.Class, Punctuation, Name.Class)),
            (rf"([A-Z]\w*)(\.)({WORD})", bygroups(Name.Class, Punctuation, Name.Constant)),
            (r"([A-Z]\w*)(\[)(?=\s*\w+=)", bygroups(Name.Function, Punctuation), "parameters"),
            (rf"{WORD}(?=\()|[A-Z]\w*(?=\[)", Name.Class),
            (rf"(?<==){WORD}", Name.Constant),
            (r"\(", Punctuation, "round"),
            (r"\[", Punctuation, "square"),
            (r"\{", Punctuation, "curly"),
            (r"[-+*/^@%|&=<>!?~.]", Operator),
        ],
        "round": [(r"\)", Punctuation, "#pop"), include("nested")],
        "square": [(r"\]", Punctuation, "#pop"), include("nested")],
        "curly": [(r"\}", Punctuation, "#pop"), include("nested")],
        "nested": [
            # a text with a bracket too many ends where the next parameter begins
            (r"(?=\n\s*(?:\w+=\S|\]))", Text, "#pop"),
            include("value"),
            (WORD, Name.Constant),
            include("rest"),
        ],
        "number": [
            (rf"\(-?(?:{REAL})[+-](?:{REAL})j\)", Number),
            (r"0x[0-9a-fA-FX]+", Number.Hex),
            (r"-?\d+(?![\w.])", Number.Integer),
            (rf"-?(?:{REAL})j(?!\w)", Number),
            (r"-?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?(?!\w)", Number.Float),
            (r"-(?:inf|nan)(?!\w)|(?:inf|nan)(?=[:,)])", Number.Float),
        ],
        "rest": [
            (r"(^|(?<=\s))#.*", Comment.Single),
            (r"\s+", Whitespace),
            (r"\.\.\.", Punctuation),
            (r"[\[\](){}<>.,:;]", Punctuation),
            (r"\w+|.", Text),
        ],
    }

    def analyse_text(text: str) -> float:  # noqa: N805  # Pygments makes it a static method
        """Return 1 for a text that starts as a jaxpr does, else 0."""
        return float(bool(START.match(text)))
