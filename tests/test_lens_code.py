"""The code of kernels as it is asked for: in a cell and on a page; without leaving a trace."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import html5lib
import pytest

from tests.building import ROOT, Site, page
from tests.elements import text
from tests.gpu_code import entry, languages, on_gpu
from witness.lens.document import section
from witness.records.codec import decode
from witness.records.compilation import Compilation
from witness.records.kinds import LENS
from witness.records.lens import Lens
from witness.records.store import Store
from witness.stages.kernel_code import sanitised

# ---------------------------------------------------------------------------------------------------------------------
# On this machine

PROGRAM = """
import json, os, sys
os.environ["JAX_PLATFORMS"] = "cpu"
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
shell = InteractiveShell.instance()
shell.run_line_magic("load_ext", "witness")
shown = []
shell.displayhook.write_format_data = lambda data, *_: shown.append(data)

def run(asked, cell):
    if asked:
        shell._witness.look("code")
    kind, lens = "application/vnd.witness.cell+json", "application/vnd.witness.lens+json"
    shown.clear()
    with capture_output() as found:
        result = shell.run_cell(cell)
    data = [*shown, *(it.data for it in found.outputs)]
    error = result.error_in_exec or result.error_before_exec
    return {
        "lens": next((it[lens] for it in data if lens in it), None),
        "work": next((it[kind].get("work") for it in data if kind in it), None),
        "told": sorted(name for it in data if kind in it for name in it[kind]),
        "error": f"{type(error).__name__}: {error}" if error else "",
        "out": found.stdout,
    }

print(json.dumps([run(*cell) for cell in json.load(sys.stdin)]))
"""

DEFINE = """\
import gc, glob, os, tempfile
import jax, jax.numpy as jnp
from jax._src import compiler
stock = compiler.backend_compile_and_load
x = jnp.ones((16, 16))
def f(x):
    y = jnp.sin(x) * 2.0 + x
    return jnp.tanh(y @ y) - 1.0"""
COMPILE = "jax.jit(lambda x: f(x) + {}).lower(x).compile()"
CLEAN = "assert compiler.backend_compile_and_load is stock\nassert not glob.glob(tempfile.gettempdir() + '/code-*')"
CACHE = """\
jax.config.update("jax_compilation_cache_dir", tempfile.mkdtemp())
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)
def kept(x):
    return f(x) + 12"""
KEPT = (
    "names = sorted(os.listdir(jax.config.jax_compilation_cache_dir))\nprint(len([it for it in names if 'kept' in it]))"
)
CELLS: dict[str, tuple[bool, str]] = {
    "define": (False, DEFINE),
    "without": (False, COMPILE.format(1)),
    "with": (True, COMPILE.format(2)),
    "clean": (False, CLEAN),
    "plain call": (False, "g = jax.jit(lambda x: f(x) + 3)\ng(x)\ng(x)\ng.lower(x).compile()\nNone"),
    "call": (True, "h = jax.jit(lambda x: f(x) + 4)\nh(x)\nh(x)\nh.lower(x).compile()"),
    "call again": (False, "h(x)\nh.lower(x).compile()\nNone"),
    "earlier": (True, "h.lower(x).compile()"),
    "two": (
        True,
        "jax.jit(jnp.cos).lower(x).compile()\nlast = jax.jit(lambda x: x + 5).lower(x).compile()\njnp.sinh(x)\nlast",
    ),
    "own options": (
        True,
        "own = tempfile.mkdtemp()\nslow = {'xla_backend_optimization_level': 0, 'xla_dump_emitter_re': 'llvm'}\n"
        "slow['xla_dump_to'] = own\n"
        "jax.jit(lambda x: f(x) + 6).lower(x).compile(slow)",
    ),
    "own, empty": (
        True,
        "none = {'xla_dump_to': tempfile.mkdtemp(), 'xla_dump_hlo_module_re': 'none'}\n"
        "jax.jit(lambda x: f(x) + 10).lower(x).compile(none)",
    ),
    "own folder": (False, "print(any(name.endswith('.ll') for name in os.listdir(own)))"),
    "level 0": (True, "jax.jit(f, compiler_options={'xla_backend_optimization_level': 0}).lower(x).compile()"),
    "raises": (True, COMPILE.format(7) + "\nraise ValueError('after it')"),
    "refused": (True, "jax.jit(f).lower(x).compile({'xla_no_such_option': True})"),
    "refused by stock": (False, "jax.jit(f).lower(x).compile({'xla_no_such_option': True})"),
    "clean again": (False, CLEAN),
    "library": (True, "jax.jit(lambda x: x @ x).lower(x).compile()"),
    "sort": (True, "jax.jit(jnp.sort).lower(x).compile()"),
    "lowered": (True, "jax.jit(lambda x: f(x) + 8).lower(x)"),
    "number": (True, "1 + 1"),
    "cache": (False, CACHE),
    "kept": (True, "jax.jit(kept).lower(x).compile()"),
    "one entry": (False, KEPT),
    "loaded": (True, "jax.clear_caches()\njax.jit(kept).lower(x).compile()"),
    "one entry still": (False, KEPT),
    "another JAX": (False, "import witness.jax_private as private\nprivate.COMPILER = 'jax.gone'"),
    "no hold": (True, COMPILE.format(9)),
    "clean at last": (False, CLEAN),
}  # fmt: skip


@pytest.fixture(scope="module")
def did(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    command = [sys.executable, "-c", PROGRAM]
    asked = json.dumps([*CELLS.values()])
    env = {**os.environ, "TMPDIR": str(tmp_path_factory.mktemp("temporary"))}
    done = subprocess.run(command, input=asked, capture_output=True, text=True, check=False, cwd=ROOT, env=env)
    assert done.returncode == 0, done.stderr
    return dict(zip(CELLS, json.loads(done.stdout.splitlines()[-1]), strict=True))


def test_a_cell_that_imports_jax_itself_has_its_code() -> None:
    cell = "import sys\nassert 'jax' not in sys.modules\nimport jax\njax.jit(lambda x: x * 2 + x).lower(1.0).compile()"
    asked = json.dumps([(True, cell), (False, "print([type(it).__name__ for it in sys.meta_path])")])
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], input=asked, capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    first, finders = json.loads(done.stdout.splitlines()[-1])
    assert first["error"] == ""
    assert languages(decode(Lens, first["lens"]))[-1] == "llvm"
    assert "ImportHook" not in finders["out"]


def lens_of(did: dict[str, dict[str, Any]], name: str) -> Lens:
    assert did[name]["error"] == ""
    return decode(Lens, did[name]["lens"])


def counts(did: dict[str, dict[str, Any]], name: str) -> list[tuple[int, ...]]:
    work = decode(Compilation, did[name]["work"])
    return [(len(it.traced), it.found, len(it.lowered), len(it.compiled), len(it.loaded)) for it in work.programs]


def test_every_kernel_made_here_has_its_code(did: dict[str, dict[str, Any]]) -> None:
    lens = lens_of(did, "with")
    assert languages(lens) == ["jaxpr", "stablehlo", "hlo", "llvm"]
    code = lens.stages[-1]
    coded = [it.kernel for it in code.operations]
    assert coded == sorted(filter(lambda it: it is not None, coded))  # type: ignore[type-var]
    fusions = {number for number, it in enumerate(lens.kernels) if it.what == "loop fusion"}
    assert fusions
    assert fusions <= set(coded)
    for it in code.operations:
        assert it.places
        head = code.text.split("\n")[it.spans[0][0] - 1]
        assert it.kernel is not None
        assert sanitised(lens.kernels[it.kernel].name) in sanitised(head)
    assert not re.search(r"ModuleID|source_filename|target |attributes #|!\d|#\d|/tmp|0x[0-9a-f]{9}", code.text)
    names = {name for it in code.operations for name in it.names}
    assert {"sin", "tanh"} <= names


def test_nothing_else_is_seen_of_it(did: dict[str, dict[str, Any]]) -> None:
    assert counts(did, "with") == counts(did, "without") == [(1, 0, 1, 1, 0)]
    assert counts(did, "call") == counts(did, "plain call")
    assert did["call again"]["work"] is None
    assert {*did["with"]["told"], "conditions"} == {*did["without"]["told"], "conditions"}  # other work on the machine
    assert languages(lens_of(did, "without")) == ["jaxpr", "stablehlo", "hlo"]
    for name in ("clean", "clean again", "clean at last"):
        assert did[name]["error"] == ""


def test_what_a_call_compiled_has_code_in_its_own_cell(did: dict[str, dict[str, Any]]) -> None:
    assert languages(lens_of(did, "call"))[-1] == "llvm"


@pytest.mark.parametrize("name", ["earlier", "loaded"])
def test_what_was_compiled_before_says_why_there_is_none(did: dict[str, dict[str, Any]], name: str) -> None:
    lens = lens_of(did, name)
    assert languages(lens)[-1] == "hlo"
    (why,) = lens.missing
    assert why.startswith("the code of its kernels: JAX had the program already")
    assert f"Not shown: {why}." in text(html5lib.parse(section(lens), namespaceHTMLElements=False))


def test_without_a_hold_on_the_compiler_that_is_said(did: dict[str, dict[str, Any]]) -> None:
    lens = lens_of(did, "no hold")
    assert languages(lens)[-1] == "hlo"
    assert lens.missing == ["the code of its kernels: this JAX gives no hold on its compiler"]


def test_of_two_functions_the_one_that_is_shown_has_its_own(did: dict[str, dict[str, Any]]) -> None:
    lens = lens_of(did, "two")
    assert re.search(r"@\w*add\w*\(", lens.stages[-1].text)
    assert len(lens.stages[-1].operations) == len(lens.kernels) == 1


def test_a_page_s_own_options_stay(did: dict[str, dict[str, Any]]) -> None:
    assert languages(lens_of(did, "own options"))[-1] == "llvm"
    assert did["own folder"]["out"].strip() == "True"
    (why,) = lens_of(did, "own, empty").missing
    assert "a folder of its own (xla_dump_to), and none was written there" in why
    assert " x float>" in lens_of(did, "with").stages[-1].text  # many numbers at once
    assert " x float>" not in lens_of(did, "level 0").stages[-1].text


def test_an_error_is_the_page_s_own(did: dict[str, dict[str, Any]]) -> None:
    assert did["raises"]["error"] == "ValueError: after it"
    assert did["refused"]["error"] == did["refused by stock"]["error"]
    assert "xla_no_such_option" in did["refused"]["error"]


def test_what_is_no_compiled_function_is_shown_as_ever(did: dict[str, dict[str, Any]]) -> None:
    assert languages(lens_of(did, "lowered")) == ["jaxpr", "stablehlo"]
    assert lens_of(did, "lowered").missing == []
    assert (did["number"]["lens"], did["number"]["error"]) == (None, "")


def test_a_kernel_of_a_library_is_named(did: dict[str, dict[str, Any]]) -> None:
    lens = lens_of(did, "with")
    coded = {it.kernel for it in lens.stages[-1].operations}
    without = [it.name for number, it in enumerate(lens.kernels) if number not in coded]
    assert without  # a product of matrices
    assert lens.missing == [
        f"the code of {len(without)} of {len(lens.kernels)} kernels, "
        f"which XLA leaves to a library or to its runtime: {', '.join(without)}"
    ]


def test_what_a_kernel_calls_is_part_of_it(did: dict[str, dict[str, Any]]) -> None:
    lens = lens_of(did, "sort")
    (number,) = (number for number, it in enumerate(lens.kernels) if it.what == "sort")
    assert number in {it.kernel for it in lens.stages[-1].operations}  # how two numbers are compared


def test_the_cache_on_disk_sees_what_it_always_does(did: dict[str, dict[str, Any]]) -> None:
    assert languages(lens_of(did, "kept"))[-1] == "llvm"
    assert did["one entry"]["out"] == did["one entry still"]["out"] != "0\n"
    assert counts(did, "loaded") == [(1, 0, 1, 0, 1)]


# ---------------------------------------------------------------------------------------------------------------------
# On a page

PAGE = {
    "define": (
        "import jax\nimport jax.numpy as jnp\n\n\ndef wave(x):\n    return jnp.sin(x) * 2.0 + x\n\n\nx = jnp.ones(300)"
    ),
    "code": ":lens: code\ncompiled = jax.jit(wave).lower(x).compile()\ncompiled",
    "earlier": ":lens: code\ncompiled",
    "panes": "compiled",
    "number": ":lens: code\n1 + 1",
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site.at(tmp_path_factory.mktemp("code"), {"page": page(*PAGE.values())})
    done = site.build("-W", "--keep-going")
    assert done.returncode == 0, done.stderr
    return site


def test_a_page_shows_source_hlo_and_code(built: Site) -> None:
    tree = html5lib.parse(built.html("page") or "", namespaceHTMLElements=False)
    lenses = [node for node in tree.iter("div") if "witness-lens" in (node.get("class") or "").split()]
    heads = [[it for it in lens.iter("p") if it.get("class") == "lens-head"] for lens in lenses]
    titles = [[text(head).partition(" of ")[0] for head in own] for own in heads]
    assert [[re.sub(r" \d+$", "", title) for title in own] for own in titles] == [
        ["Source", "Optimised HLO", "LLVM IR"],
        ["Source", "Optimised HLO"],
        ["Source", "Jaxpr", "StableHLO", "Optimised HLO"],
    ]
    assert "Not shown: the code of its kernels: JAX had the program already" in text(lenses[1])
    (code,) = (node for node in lenses[0].iter("div") if "lens-code" in (node.get("class") or "").split())
    assert text(code).count("define ") == 1
    assert {node.get("data-o") for node in code.iter("b")} - {None} == {"0"}


def test_a_record_from_a_gpu_shows_its_ptx(built: Site, tmp_path: Path) -> None:
    """What a page's record holds of a GPU is rendered where there is none."""
    folder = tmp_path / "site"
    shutil.copytree(built.folder, folder)
    site = Site(folder)
    (path,) = (folder / "records").glob("*/page.json")
    store = Store(path.parent)
    record, stamp = store.read("page"), store.stamp("page")
    assert record
    assert stamp
    lens, code, _ = on_gpu(tmp_path, entry("loop_add_fusion_1") + entry("loop_add_fusion_3"))
    cells = [
        replace(cell, outputs=[{**it, "data": {**it["data"], **LENS.data(lens)}} for it in cell.outputs])
        if cell.number == [*PAGE].index("code") + 1
        else cell
        for cell in record.cells
    ]
    store.rewrite(replace(record, cells=cells), stamp)
    site.page("page", (folder / "docs/page.md").read_text() + "\nMore prose.\n")
    done = site.build("-W")
    assert done.returncode == 0, done.stderr
    assert site.ran(done) == []
    html = site.html("page") or ""
    assert "<b>PTX</b> <span>3 of 3 functions mapped</span>" in html
    assert len(re.findall(r"loop_add_fusion_3_param_0", html)) == code.text.count("loop_add_fusion_3_param_0") > 0
    assert "gemm.5" in html


def test_the_option_is_one_of_those_that_lint_knows(tmp_path: Path) -> None:
    site = Site.at(tmp_path, {"page": page(":lens: codes\n1 + 1")})
    done = site.build("-W")
    assert done.returncode != 0
    assert re.search(r"`:lens:` is 'codes'.*\bcode\b", done.stderr, re.DOTALL)
