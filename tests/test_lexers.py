"""The lexers: every character of real IR has a meaning, and what is not IR is left alone."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from pygments.styles import get_style_by_name
from pygments.token import STANDARD_TYPES, Comment, Error, Keyword, Name, Number, Operator, Punctuation, String, Text

from tests.lexers.tokens import tokens, transcript
from witness.lexers import KERNEL_LEXERS, LEXERS, guess

ROOT = Path(__file__).parents[1]
HERE = ROOT / "tests/lexers"
CASES = sorted(path for name in LEXERS for path in HERE.glob(f"{name}/*/*.txt"))
CODE_CASES = sorted(path for name in KERNEL_LEXERS for path in HERE.glob(f"{name}/*/*.txt"))


def check(name: str, text: str) -> None:
    """Fail unless a lexer knows every character of a text of IR."""
    found = tokens(LEXERS[name], text)
    assert "".join(value for _, value in found) == text
    assert [value for kind, value in found if kind is Error] == []
    unknown = [value for kind, value in found if kind in {Text, Name.Other}]
    assert sum(map(len, unknown)) <= len(text) / 200, unknown
    bound = {value.removeprefix("%") for kind, value in found if kind is Name.Variable}
    used = {value.removeprefix("%") for kind, value in found if kind is Name}
    assert used <= bound
    assert guess(text) == name


# ---------------------------------------------------------------------------------------------------------------------
# Real IR


@pytest.mark.parametrize("path", CASES, ids=lambda path: str(path.relative_to(HERE).with_suffix("")))
def test_recorded_ir_has_its_tokens(path: Path) -> None:
    name = path.relative_to(HERE).parts[0]
    text = path.read_text()
    check(name, text)
    assert transcript(tokens(LEXERS[name], text)) == path.with_suffix(".tokens").read_text()


def test_each_lexer_has_cases_from_both_versions() -> None:
    recorded = {path.relative_to(HERE).parts[:2] for path in CASES}
    assert recorded == {(name, version) for name in LEXERS for version in ("0.10", "0.12")}


def test_the_ir_of_the_installed_jax_is_known(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "conf")])}
    command = [sys.executable, "-m", "tests.lexers.record", "--quick", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=300)
    texts = sorted(path for name in LEXERS for path in tmp_path.glob(f"{name}/*/*.txt"))
    for path in texts:
        check(path.relative_to(tmp_path).parts[0], path.read_text())
    for public in ("attention", "adam", "rnn", "sharded_matmul"):
        assert len([path for path in texts if path.stem.partition("-")[0] == public]) == 8
    for path in tmp_path.glob("primitives/*/*.txt"):
        text = (tmp_path / "jaxpr" / path.parent.name / f"{path.stem}-plain.txt").read_text()
        operations = {value for kind, value in tokens(LEXERS["jaxpr"], text) if kind is Name.Function}
        assert operations == set(path.read_text().split()), path.stem


# ---------------------------------------------------------------------------------------------------------------------
# The code of kernels: of this machine's, and PTX written by hand


@pytest.mark.parametrize("path", CODE_CASES, ids=lambda path: str(path.relative_to(HERE).with_suffix("")))
def test_code_has_its_tokens(path: Path) -> None:
    name, text = path.relative_to(HERE).parts[0], path.read_text()
    found = tokens(KERNEL_LEXERS[name], text)
    assert "".join(value for _, value in found) == text
    assert [value for kind, value in found if kind in {Error, Text, Name.Other}] == []
    bound = {value for kind, value in found if kind is Name.Variable}
    used = {value for kind, value in found if kind is Name and name == "llvm"}
    assert used - {f"%{value}" for kind, value in found if kind is Name.Label} <= bound
    assert transcript(found) == path.with_suffix(".tokens").read_text()
    assert guess(text) is None


def test_code_was_recorded_with_both_versions() -> None:
    recorded = {path.relative_to(HERE).parts[:2] for path in CODE_CASES}
    assert recorded == {("llvm", "0.10"), ("llvm", "0.12"), ("ptx", "0.10"), ("ptx", "0.12"), ("ptx", "hand")}


# ---------------------------------------------------------------------------------------------------------------------
# What tokens mean


def meaning(name: str, text: str) -> str:
    """Return a text's words with the short names of their classes, punctuation and operators left out."""
    found = [(kind, value) for kind, value in tokens({**LEXERS, **KERNEL_LEXERS}[name], text) if value.strip()]
    kept = [(kind, value) for kind, value in found if kind not in Punctuation and kind not in Operator]
    return " ".join(f"{value}/{STANDARD_TYPES[kind]}" for kind, value in kept)


JAXPR = [
    ("{ lambda a:f32[3]; b:i32[]. let", "lambda/k a/nv f32/kt 3/mi b/nv i32/kt let/k"),
    ("{ lambda ; a. let b = neg a in (b,) }", "lambda/k a/nv let/k b/nv neg/nf a/n in/k b/n"),
    ("{ lambda ; . let  in () : { IO, Read<a> } }", "lambda/k let/k in/k IO/nd Read/nd a/n"),  # codespell:ignore nd
    ("{ lambda ; . let  in (0:i32[], -inf:f32[]) }", "lambda/k let/k in/k 0/mi i32/kt -inf/mf f32/kt"),
    ("c:f32[3] d:i32[] = sin[accuracy=None] a", "c/nv f32/kt 3/mi d/nv i32/kt sin/nf accuracy/na None/kc a/n"),
    ("c d = while[body_nconsts=0] a b", "c/nv d/nv while/nf body_nconsts/na 0/mi a/n b/n"),
    ("_:bool[] = and a True:bool[]", "_/nv bool/kt and/nf a/n True/kc bool/kt"),
    ("h:f32[5] = scatter-add[mode=Mode.CLIP] a", "h/nv f32/kt 5/mi scatter-add/nf mode/na Mode/nc CLIP/no a/n"),
    ("p:c64[] = mul d (1-2j):c64[]", "p/nv c64/kt mul/nf d/n (1-2j)/m c64/kt"),
    ("p:key<fry>[2] = wrap[impl=fry] o", "p/nv key/kt fry/kt 2/mi wrap/nf impl/na fry/no o/n"),
    ("b:f32[8@x,4@(y,z)]{V:x} = neg a", "b/nv f32/kt 8/mi x/no 4/mi y/no z/no V/na x/no neg/nf a/n"),
    ("b:f32[floordiv(n, 2),2*n + 1] = neg a", "b/nv f32/kt floordiv/nf n/no 2/mi 2/mi n/no 1/mi neg/nf a/n"),
    ("b:~f32[] = neg a", "b/nv f32/kt neg/nf a/n"),
    ("b:f32<host>[2] = neg a", "b/nv f32/kt host/kt 2/mi neg/nf a/n"),
    ("d:Ref<vmem>{f32[4]} = new_ref a", "d/nv Ref/kt vmem/kt f32/kt 4/mi new_ref/nf a/n"),
    ("h:f32[4,8] <- d[i:i+4,:]", "h/nv f32/kt 4/mi 8/mi d/n i/n i/n 4/mi"),
    ("p[0] += 1.0:f32[]", "p/n 0/mi 1.0/mf f32/kt"),
    ("n:f32[4], f[0,:4] <- f[0,:4], m", "n/nv f32/kt 4/mi f/n 0/mi 4/mi f/n 0/mi 4/mi m/n"),
    ("b:f32[] = jit[name=<lambda> jaxpr=inner] a", "b/nv f32/kt jit/nf name/na <lambda>/nl jaxpr/na inner/nl a/n"),
    ("b:f32[] = pjit[name=f update_jaxpr=None] a", "b/nv f32/kt pjit/nf name/na f/nl update_jaxpr/na None/kc a/n"),
    (
        "b = foo[f=<function g.<locals>.<lambda> at 0xXX>] a",
        "b/nv foo/nf f/na <function g.<locals>.<lambda> at 0xXX>/ni a/n",
    ),
    (
        "b = psum[axes=('x',) dtype=np.float32 k={'n': nan}] a",
        "b/nv psum/nf axes/na 'x'/s1 dtype/na np/nn float32/kt k/na 'n'/s1 nan/mf a/n",
    ),
    ("b:f32[] = sin a  # f.py:3:4 (f)", "b/nv f32/kt sin/nf a/n # f.py:3:4 (f)/c1"),
    ("let f = { lambda ; a:f32[]. let  in (a,) } in\n{", "let/k f/nl lambda/k a/nv f32/kt let/k in/k a/n in/k"),
    ("in:f32[] = sin im", "in/nv f32/kt sin/nf im/n"),
    ("io:f32[] = add in inf:f32[]", "io/nv f32/kt add/nf in/n inf/mf f32/kt"),
    ("inf:f32[] ing:f32[] = foo inz", "inf/nv f32/kt ing/nv f32/kt foo/nf inz/n"),
    ("fwd = f: { lambda ; a:f32[]. let", "fwd = f: /go lambda/k a/nv f32/kt let/k"),
    ("let:f32[] = sin lambda", "let/nv f32/kt sin/nf lambda/n"),
]
STABLEHLO = [
    ("lowered: module @jit_f {", "lowered: /go module/k @jit_f/nl"),
    ("lowered -> #loc = loc(unknown)", "lowered -> /go #loc/cs  = /cs loc/cs (/cs unknown/c )/cs"),
    (
        "module @jit_f attributes {mhlo.num_partitions = 8 : i32} {",
        "module/k @jit_f/nl attributes/k mhlo.num_partitions/na 8/mi i32/kt",
    ),
    (
        "func.func public @main(%arg0: tensor<2x?xf32>) {",
        "func.func/k public/k @main/nl %arg0/nv tensor/kt 2/mi f32/kt",
    ),
    ("%0:2 = stablehlo.while(%iterArg = %c)", "%0/nv 2/mi stablehlo.while/nf %iterArg/nv %c/n"),
    ('%1 = "stablehlo.case"(%0) ({', '%1/nv "stablehlo.case"/nf %0/n'),
    ("return %1#0 : !stablehlo.token", "return/nf %1/n 0/mi stablehlo.token/kt"),
    ("^bb0(%arg2: tensor<f32>):", "^bb0/nl %arg2/nv tensor/kt f32/kt"),
    ("dense<[1.0e+00, 0x7F800000]> : tensor<2xf32>", "dense/nc 1.0e+00/mf 0x7F800000/mh tensor/kt 2/mi f32/kt"),
    ('dense<"0x00FF"> : tensor<2xui8>', 'dense/nc "0x00FF"/s2 tensor/kt 2/mi ui8/kt'),
    ("precision = [#stablehlo<precision HIGHEST>]", "precision/na stablehlo/nc precision/no HIGHEST/no"),
    ('{sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {}]>}', 'sdy.sharding/na sdy.sharding/nc @mesh/nl "x"/s2'),
    ('#loc1 = loc("f.py":1:2 to :3)', '#loc1/cs  = /cs loc/cs (/cs "f.py"/c :1:2/c to/c :3/c )/cs'),
    (
        "%1 = stablehlo.sine %0 : tensor<f32> loc(#loc1)",
        "%1/nv stablehlo.sine/nf %0/n tensor/kt f32/kt loc/cs (/cs #loc1/cs )/cs",
    ),
    ("compare LT, %0, %1, SIGNED", "compare/no LT/no %0/n %1/n SIGNED/no"),
    (
        '"vhlo.return_v1"(%0) : (!vhlo.tensor_v1<2x!vhlo.f32_v1>) -> ()',
        '"vhlo.return_v1"/nf %0/n vhlo.tensor_v1/kt 2/mi vhlo.f32_v1/kt',
    ),
]
HLO = [
    ("compiled = HloModule m, entry=true", "compiled = /go HloModule/k m/nl entry/na true/kc"),
    ("HloModule jit_f, is_scheduled=true", "HloModule/k jit_f/nl is_scheduled/na true/kc"),
    ("ENTRY %main.1 (x.1: f32[3]) -> f32[3] {", "ENTRY/k %main.1/nl x.1/nv f32/kt 3/mi f32/kt 3/mi"),
    ("region_0.1 {", "region_0.1/nl"),
    ("  ROOT %add.1 = f32[2,3]{1,0} add(%a, %b)", "ROOT/k %add.1/nv f32/kt 2/mi 3/mi 1/mi 0/mi add/nf %a/n %b/n"),
    (
        "  get-tuple-element.6 = s32[] get-tuple-element(x), index=1",
        "get-tuple-element.6/nv s32/kt get-tuple-element/nf x/n index/na 1/mi",
    ),
    (
        "  c = bf16[8]{0:T(8,128)(2,1)S(5)} copy(a)",
        "c/nv bf16/kt 8/mi 0/mi T/nc 8/mi 128/mi 2/mi 1/mi S/nc 5/mi copy/nf a/n",
    ),
    ("  c = f32[4]{0} constant({0.5, inf, -nan, ...})", "c/nv f32/kt 4/mi 0/mi constant/nf 0.5/mf inf/mf -nan/mf"),
    ("  c = f32[]{:T(128)} constant(false)", "c/nv f32/kt T/nc 128/mi constant/nf false/kc"),
    (
        "  f = f32[<=8] fusion(%x), kind=kLoop, calls=%c.1",
        "f/nv f32/kt 8/mi fusion/nf %x/n kind/na kLoop/no calls/na %c.1/nl",
    ),
    ("  t = (f32[], /*index=5*/u32[]) tuple(a, b)", "t/nv f32/kt /*index=5*//cm u32/kt tuple/nf a/n b/n"),
    ("  w = f32[] while(x), condition=%c, body=%b", "w/nv f32/kt while/nf x/n condition/na %c/nl body/na %b/nl"),
    (
        ', metadata={op_name="jit(f)/sin" stack_frame_id=1}',
        'metadata/cs =/cs {/cs op_name=/cs "jit(f)/sin"/c stack_frame_id=/cs 1/c }/cs',
    ),
    (', backend_config={"fusion":{"kind":"x","n":[1]}}', 'backend_config/na "fusion"/nt "kind"/nt "x"/s2 "n"/nt 1/mi'),
    (", backend_config={uplo = 76 : ui8}", "backend_config/na uplo/na 76/mi ui8/kt"),
    (
        ", window={size=1x2 pad=0_1x-1_0}, dim_labels=b01f_01io->b01f",
        "window/na size/na 1x2/mi pad/na 0_1x-1_0/mi dim_labels/na b01f_01io->b01f/no",
    ),
    (
        ", sharding={devices=[4,2]<=[8] last_tile_dim_replicate}",
        "sharding/na devices/na 4/mi 2/mi 8/mi last_tile_dim_replicate/no",
    ),
    ('FileNames\n1 "f.py"\n\nENTRY e {', 'FileNames/cs 1/c "f.py"/c ENTRY/k e/nl'),
]
LLVM = [
    ("define noalias ptr @f.1(ptr %0) {", "define/k noalias/na ptr/kt @f.1/nl ptr/kt %0/nv"),
    ('define void @"a b"(<2 x i64> %x, ...) {', 'define/k void/kt @"a b"/nl 2/mi i64/kt %x/nv'),
    (
        "  %3 = fmul nnan <8 x float> %2, splat (float 2.0)",
        "%3/nv fmul/nf nnan/na 8/mi float/kt %2/n splat/na float/kt 2.0/mf",
    ),
    (
        "  %4 = tail call float @llvm.sin.f32(float 0x3FF0A3)",
        "%4/nv tail/k call/nf float/kt @llvm.sin.f32/nl float/kt 0x3FF0A3/mh",
    ),
    ("  tail call void @g()", "tail/k call/nf void/kt @g/nl"),
    (
        "  store i1 true, ptr %p, align 4, !noalias !3",
        "store/nf i1/kt true/kc ptr/kt %p/n align/na 4/mi !noalias/cs !3/cs",
    ),
    ("  br i1 %c, label %5, label %vector.body", "br/nf i1/kt %c/n label/kt %5/n label/kt %vector.body/n"),
    ("vector.body:  ; preds = %5", "vector.body/nl ; preds = %5/c1"),
    ("    i32 0, label %7", "i32/kt 0/mi label/kt %7/n"),
    ("  %9 = icmp ult i64 %8, -12", "%9/nv icmp/nf ult/no i64/kt %8/n -12/mi"),
]
PTX = [
    (".visible .entry f(", ".visible/k .entry/k f/nl"),
    ("    .param .u64 .ptr .align 16 f_param_0,", ".param/k .u64/kt .ptr/k .align/k 16/mi f_param_0/nv"),
    ("    .reg .b32 %r<5>;", ".reg/k .b32/kt %r/nv 5/mi"),
    (
        "    ld.global.nc.v2.f32 {%f1, %f2}, [%rd1+8];",
        "ld/nf .global/nf .nc/nf .v2/nf .f32/kt %f1/nv %f2/nv %rd1/n 8/mi",
    ),
    ("    st.global.b32 [%rd1], %r1;", "st/nf .global/nf .b32/kt %rd1/n %r1/n"),
    ("    @!%p1 bra $L_2;", "%p1/n bra/nf $L_2/nl"),
    ("$L_2: // %done", "$L_2/nl // %done/c1"),
    ("    mov.u32 %r1, %tid.x;", "mov/nf .u32/kt %r1/nv %tid.x/no"),
    ("    fma.rn.f32 %f1, %f2, 0f3F800000, %f3;", "fma/nf .rn/nf .f32/kt %f1/nv %f2/n 0f3F800000/mf %f3/n"),
    ("    elect.sync %r1|%p1, -1;", "elect/nf .sync/nf %r1/nv %p1/nv 1/mi"),
    ("    add_fusion_param_0;", "add_fusion_param_0/nf"),
    ("    mov.b64 %rd1, add_fusion_param_0;", "mov/nf .b64/kt %rd1/nv add_fusion_param_0/n"),
]


@pytest.mark.parametrize(
    ("name", "text", "meant"),
    [
        (name, *case)
        for name, cases in zip([*LEXERS, *KERNEL_LEXERS], (JAXPR, STABLEHLO, HLO, LLVM, PTX), strict=True)
        for case in cases
    ],
)
def test_words_have_their_meaning(name: str, text: str, meant: str) -> None:
    assert meaning(name, text) == meant


@pytest.mark.parametrize(
    "style", ["a11y-high-contrast-dark", "a11y-high-contrast-light", "github-dark", "github-light"]
)
def test_operations_binders_and_types_look_different(style: str) -> None:
    colours = {kind: get_style_by_name(style).style_for_token(kind)["color"] for kind in STANDARD_TYPES}
    assert len({colours[kind] for kind in (Name, Name.Function, Name.Variable, Keyword.Type)}) == 4
    assert colours[Name.Attribute] != colours[Name.Function]
    assert all(colours[kind] for kind in (Comment, Keyword, Name.Class, Name.Constant, Name.Label, Number, String))


# ---------------------------------------------------------------------------------------------------------------------
# What is cut, broken or something else


@pytest.mark.parametrize("name", [*LEXERS, *KERNEL_LEXERS])
def test_a_cut_or_broken_text_has_no_errors(name: str) -> None:
    chance = random.Random(0)
    texts = [path.read_text() for path in [*CASES, *CODE_CASES] if path.relative_to(HERE).parts[0] == name]
    for text in chance.choices(texts, k=10):
        for _ in range(10):
            start, end = sorted(chance.sample(range(len(text)), 2))
            broken = list(text[start:end])
            for _ in range(len(broken) // 50):
                broken[chance.randrange(len(broken))] = chance.choice("[](){}<>'\"=:;#\\/%@é→\x00 \n")
            found = tokens({**LEXERS, **KERNEL_LEXERS}[name], "".join(broken))
            assert "".join(value for _, value in found) == "".join(broken)
            assert Error not in {kind for kind, _ in found}


def test_a_bracket_too_many_in_free_text_spoils_its_own_line_only() -> None:
    lines = "b = foo[\n  kind=it's (one\n  name=a ] {b\n  reverse=True\n] a\nc = sin b"
    meant = meaning("jaxpr", lines)
    assert "name/na a ] {b/nl reverse/na True/kc a/n c/nv sin/nf b/n" in meant


@pytest.mark.parametrize("name", [*LEXERS, *KERNEL_LEXERS])
@pytest.mark.parametrize(
    "text",
    ["<", "(", "a ", "{ lambda ", "a:b ", '"', "'", "<a", "\n", "%a, ", "fmt=", "a -> (", "0_1", ".a", "%a|", "/*"],
)
def test_a_long_line_takes_no_longer_than_a_long_text(name: str, text: str) -> None:
    tokens({**LEXERS, **KERNEL_LEXERS}[name], text * 3_000)
    assert guess(text * 30_000) is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("{ lambda ; a:f32[3]. let b:f32[3] = sin a in (b,) }", "jaxpr"),
        ("\n{ lambda a:Ref{f32[2]{V:x}}; b:f32[3]{V:(x,y)}. let\n", "jaxpr"),
        ("let f = { lambda ; a:f32[]. let  in (a,) } in\n{ lambda", "jaxpr"),
        ("module @jit_f attributes {mhlo.num_partitions = 1 : i32} {\n", "stablehlo"),
        ('#loc = loc(unknown)\n#loc1 = loc("x")\nmodule @jit_f {\n', "stablehlo"),
        ("HloModule jit_f, is_scheduled=true\n", "hlo"),
        ("HloModule m\n\nENTRY main {\n", "hlo"),
        ("HloModule m\n\n%add (a: f32[], b: f32[]) -> f32[] {\n", "hlo"),
        ("", None),
        ("3.0\n", None),
        ("{'loss': 0.1}", None),
        ("{ lambda calculus }", None),
        ("lambda x: x\n", None),
        ("the jaxpr is { lambda ; a:f32[]. let  in (a,) }", None),
        ("module @jit_f was lowered\n", None),
        ("module not found: {'name': 3}", None),
        ("HloModule is the class of a module", None),
        ("HloModule, compiled", None),
        ("# module @x {", None),
        ("step 1: loss 0.3\nHloModule jit_f, is_scheduled=true", None),
    ],
)
def test_a_guess_is_made_by_the_start(text: str, name: str | None) -> None:
    assert guess(text) == name


def test_pygments_finds_each_lexer_by_its_name() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = project["entry-points"]["pygments.lexers"]
    found: list[Any] = [EntryPoint(name, value, "pygments.lexers").load() for name, value in named.items()]
    assert {lexer.aliases[0]: lexer for lexer in found} == LEXERS
