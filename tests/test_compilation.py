"""What JAX did under each cell: the reader's functions by name, JAX's own counted, nothing where nothing was done."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path

import pytest

from tests.building import Site, page
from witness.records.codec import decode, encode
from witness.records.compilation import Compilation, CompiledProgram, total
from witness.records.kinds import COMPILATION

SET_UP = """\
import functools, jax, jax.numpy as jnp
x = jnp.arange(8.0)
def f(x):
    return jnp.where(x > 0, jnp.sin(x) * 2, x)
def multiply(x):
    return x * 3 - 1
jf = jax.jit(f)"""

T, L, C = "traced", "lowered", "compiled"
ALL = (T, L, C)
CELLS: dict[str, tuple[str, dict[str, tuple[str, ...]] | None, bool | None]] = {
    # what runs, what the reader's functions went through, and whether programs of JAX's own were made beside
    "set up": (SET_UP, {}, True),
    "nothing": ("1 + 1", None, False),
    "first call": ("jf(x)", {"f": ALL}, False),
    "second call": ("jf(x)", None, False),
    "jit again": ("jax.jit(f)(x)", None, False),
    "make_jaxpr of what is traced": ("str(jax.make_jaxpr(f)(x))", {"f": ("found",)}, False),
    "make_jaxpr": ("str(jax.make_jaxpr(lambda x: x + 1)(x))", {"<lambda>": (T,)}, False),
    "eval_shape": ("jax.eval_shape(f, jax.ShapeDtypeStruct((3,), 'float32'))", {"f": (T,)}, False),
    "op by op": ("f(x)", {}, True),
    "error": (":raises: jax.errors.TracerBoolConversionError\njax.jit(lambda x: 1 if x > 0 else 2)(1.0)",
              {"<lambda>": ("failed",)}, False),
    "lower": ("low = jax.jit(multiply).lower(x)", {"multiply": (T, L)}, False),
    "a namesake": ("x * 5.0", {}, True),
    "compile": ("low.compile()\nNone", {"multiply": (C,)}, False),
    "differentiated": ("jax.jit(jax.grad(lambda x: multiply(x).sum()))(x)", {"<lambda>": ALL}, False),
    "from outside": ("jax.linearize(jax.jit(multiply), x)[0]", {"multiply": (L, C)}, None),
    "nested": ("@jax.jit\ndef outer(x):\n    return jf(x * 2) + jf(x)\n\nouter(x)", {"outer": ALL}, False),
    "scan": ("def body(c, a):\n    return c + a, c\n\njax.lax.scan(body, 0.0, x)", {"scan of body": ALL}, None),
    "scan in jit": ("jax.jit(lambda x: jax.lax.scan(body, 0.0, x))(x)", {"<lambda>": ALL}, False),
    "map": ("jax.lax.map(lambda a: a * 3, x)", {"scan": ALL}, None),
    "jit of JAX's function": ("jax.jit(jnp.sinh)(x)", {"sinh": ALL}, False),
    "JAX's function": ("jnp.cosh(x)", {}, True),
    "jit of another": ("jax.jit(jax.nn.softmax)(x)", {"softmax": ALL}, False),
    "partial": ("jax.jit(functools.partial(multiply))(x[:3])", {"multiply": ALL}, None),
    "callable": ("class Caller:\n    def __call__(self, x):\n        return x + 1\n\njax.jit(Caller())(x)",
                 {"Caller": ALL}, False),
    "within": ("@jax.jit\ndef within(x):\n    with jax.ensure_compile_time_eval():\n        y = jnp.ones(13).sum()\n"
               "    return x + y\n\nwithin(x)", {"within": ALL}, True),
    "rude": ("class Rude:\n    def __getattr__(self, name):\n        return self\n    def __call__(self, x):\n"
             "        return x\n\ntry:\n    jax.jit(Rude())(x)\nexcept Exception:\n    pass", None, False),
    "cleared": ("jax.monitoring.clear_event_listeners()", {}, False),
    "heard again": ("jax.jit(lambda y: y * 5)(x)", {"<lambda>": ALL}, False),
    "own listener": ("heard = []\nlisten = jax.monitoring.register_event_duration_secs_listener\n"
                     "listen(lambda event, seconds, **more: heard.append(event))\n"
                     "jax.jit(lambda y: y * 6)(x)\nassert len(heard) == 3", {"<lambda>": ALL}, False),
    "several types": ("twice = jax.jit(lambda a: a * 8)\ntwice(x), twice(1.0), jax.jit(lambda a: a * 8)(x)",
                      {"<lambda>": ALL}, False),
    "printed": ("print('unmistakable')", None, False),
}  # fmt: skip
CACHE = """\
import os
import tempfile
jax.config.update("jax_compilation_cache_dir", tempfile.mkdtemp(dir=os.getcwd()))
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)
cached = lambda y: y * 7 + 2
jax.jit(cached)(x)
jax.clear_caches()"""


def cells(text: str) -> str:
    """Return a cell with its options."""
    options, _, code = text.partition("\n") if text.startswith(":") else ("", "", text)
    return (
        f"```{{code-cell}} python\n{options}\n{code}\n```\n" if options else f"```{{code-cell}} python\n{code}\n```\n"
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    pages = {
        "all": page(prose="\n".join(cells(code) for code, _, _ in CELLS.values())),
        "cache": page(SET_UP, CACHE, "jax.jit(cached)(x)"),
        "plain": page("import sys\n'jax.numpy' in sys.modules and 'in a fork'", "2 + 2"),
        "timed": page("%timeit -q -n 1 -r 2 pass", SET_UP, "jax.jit(lambda x: x + 3)(1.0)"),
        "hidden": page(SET_UP, options=":tags: [remove-output]\n"),
    }
    site = Site.at(tmp_path_factory.mktemp("work"), pages)
    site.right("-W")
    return site


def works(site: Site, name: str) -> list[Compilation | None]:
    return [COMPILATION.of(cell.captured) for cell in site.record(name).cells]


def done(program: CompiledProgram) -> tuple[str, ...]:
    steps = ("traced", "failed", "found", "lowered", "compiled", "loaded")
    return tuple(step for step in steps if getattr(program, step))


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_tells_what_it_made_jax_do(site: Site, name: str) -> None:
    _, programs, own = CELLS[name]
    work = works(site, "all")[list(CELLS).index(name)]
    if programs is None:
        assert work is None
        return
    assert work is not None
    assert {program.name: done(program) for program in work.programs} == programs
    if own is not None:
        assert bool(work.own.compiled) == own
    assert work.lost == (name == "cleared")
    assert all(seconds >= 0 for program in work.programs for seconds in program.traced + program.compiled)


def test_the_time_of_work_within_other_work_counts_once(site: Site) -> None:
    cell = site.record("all").cells[list(CELLS).index("within")]
    work = COMPILATION.of(cell.captured)
    assert work is not None
    assert 0 < work.seconds < cell.seconds


def test_a_program_from_the_persistent_cache_is_loaded_not_compiled(site: Site) -> None:
    first, work = works(site, "cache")[1:]
    assert first is not None
    assert [done(program) for program in first.programs] == [ALL]
    assert work is not None
    assert [done(program) for program in work.programs] == [(T, L, "loaded")]


def test_a_page_without_jax_says_nothing(site: Site) -> None:
    assert works(site, "plain") == [None, None]
    assert "witness-strip" not in (site.html("plain") or "")


def test_the_strip_is_one_line_with_its_details_folded_and_explained_once(site: Site) -> None:
    html = site.html("all") or ""
    found = re.findall(r'<details class="[^"]*witness-strip[^"]*">\s*<summary>(.*?)</summary>', html)
    assert len(found) == sum(work is not None and bool(work.programs or work.lost) for work in works(site, "all"))
    assert re.fullmatch(r"JAX: f traced \(.*?\), lowered \(.*?\), compiled \(.*?\)", found[0])
    assert not re.search("JAX.s own", " ".join(found))
    assert html.count("with tracers for arguments") == 1


def test_it_is_explained_where_it_first_stands_and_not_where_only_timings_are_told(site: Site) -> None:
    html = site.html("timed") or ""
    assert html.count("Tracing runs a function") == 1
    assert html.index("quiet timing") < html.index("Tracing runs a function")


def test_the_strip_tells_types_in_the_line_of_a_function_or_in_a_list_below_it(site: Site) -> None:
    html = site.html("all") or ""
    strips = re.findall(r'<details class="[^"]*witness-strip[^"]*">.*?</details>', html, re.DOTALL)
    texts = [" ".join(unescape(re.sub(r"<[^>]+>", "", strip)).split()) for strip in strips]
    assert re.search(
        r"f: traced 1 time, [^;]*; lowered [^;]*; compiled [^;]*, for float32\[8\] → float32\[8\]\.", texts[0]
    )
    assert re.search(r"JAX: <lambda> traced 3× for 2 types \(", texts[-1])
    assert re.search(r"; for float32\[8\] → float32\[8\], 2 times ~float32\[\] → ~float32\[\]$", texts[-1])
    assert texts[-1].count("→") == strips[-1].count("<li>") - 1 == 2
    assert re.search(
        r"JAX.s own programs, most of them of one operation, on float32(, \w+)*( and \w+)?: ", " ".join(texts)
    )


def test_a_cell_whose_output_is_removed_has_no_strip(site: Site) -> None:
    assert works(site, "hidden")[0] is not None
    assert "witness-strip" not in (site.html("hidden") or "")


def test_strips_stay_out_of_the_search(site: Site) -> None:
    assert "stablehlo" not in site.words()


@pytest.mark.parametrize("builder", ["latex", "text"])
def test_other_builders_write_strips_too(site: Site, builder: str) -> None:
    site.right("-W", "-b", builder, output=builder)


def test_a_kernel_that_is_not_forked_hears_the_cell_that_imports_jax(tmp_path: Path) -> None:
    sets = "import os, sys\nos.environ['MINE'] = '1'\n"  # code that sets variables gets no fork
    ours = "[it for it in sys.meta_path if type(it).__module__.startswith('witness')]"
    seen = f"assert 'jax' not in sys.modules\nassert {ours}"
    module = "jax._src.monitoring"
    left = f"assert not {ours}\n{module}.__loader__ is {module}.__spec__.loader, {module}"
    site = Site.at(tmp_path, {"a": page(sets + seen, SET_UP, left), "b": page(sets + "'jax' in sys.modules")})
    site.right("-W")
    first, work, _ = works(site, "a")
    assert first is None
    assert work is not None
    assert work.own.compiled
    assert re.search(r"\(True,.*module", re.sub(r"<[^>]+>", "", site.html("a") or ""), re.DOTALL)
    assert "False" in (site.html("b") or "")


def test_totals_take_functions_of_one_name_together() -> None:
    one = Compilation([CompiledProgram("f", traced=[1.0], compiled=[2.0])], CompiledProgram("", compiled=[0.5]))
    two = Compilation(
        [CompiledProgram("f", traced=[3.0], found=1), CompiledProgram("g", lowered=[1.0])],
        CompiledProgram("", lowered=[0.25]),
    )
    all_of_it = total([one, two])
    assert [program.name for program in all_of_it.programs] == ["f", "g"]
    assert all_of_it.programs[0] == CompiledProgram("f", traced=[1.0, 3.0], compiled=[2.0], found=1)
    assert all_of_it.seconds == 7.75
    assert decode(Compilation, json.loads(json.dumps(encode(all_of_it)))) == all_of_it
    with pytest.raises(ValueError, match=r"not |no "):
        decode(Compilation, {"programs": [{"title": "f"}], "own": {}})
