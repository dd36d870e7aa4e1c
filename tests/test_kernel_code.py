"""The code of kernels: read from what XLA writes, linked to what it was made of, and for a GPU that is not here."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from pygments.token import Error, Text

from tests.building import ROOT
from tests.gpu_code import HLO, entry, languages, on_gpu
from tests.lexers.tokens import tokens
from witness.lens.document import section
from witness.lens.span_links import Links
from witness.lexers import KERNEL_LEXERS
from witness.records.codec import decode
from witness.records.ir import Ir
from witness.records.lens import Lens
from witness.stages.compiled_kernels import kernels
from witness.stages.instructions import HloProgram
from witness.stages.kernel_code import WrittenCode, kernel_code, sanitised
from witness.stages.sources import Arguments


def test_each_kernel_of_a_gpu_has_its_code_in_the_order_of_the_program(tmp_path: Path) -> None:
    names = ("sort_7__1", "loop_add_fusion_3", "loop_add_fusion_1", "compare_9_1", "memset")
    _, code, without = on_gpu(tmp_path, *map(entry, names))
    assert code.language == "ptx"
    heads = re.findall(r"^(?:\.visible \.entry |// )(\w+.*?)\(?$", code.text, re.MULTILINE)
    assert heads == [
        "loop_add_fusion_1",
        "loop_add_fusion.2 runs the code of loop_add_fusion.1",
        "sort_7__1",
        "compare_9_1",
        "loop_add_fusion_3",
        "memset",
    ]
    assert [it.kernel for it in code.operations] == [0, 2, 3, 3, 4, None]
    assert without == ["the code of 1 of 5 kernels, which XLA leaves to a library or to its runtime: gemm.5"]


def test_code_has_the_places_of_all_that_its_kernel_is_made_of(tmp_path: Path) -> None:
    lens, code, _ = on_gpu(tmp_path, entry("loop_add_fusion_1") + entry("loop_add_fusion_3"))
    assert [[code.places[n].line for n in it.places] for it in code.operations] == [[3], [4], [4]]
    links = Links(lens)
    for number in (0, 2, 4):
        assert links.of_kernel(number)
    lines = code.text.split("\n")
    assert [lines[it.spans[0][0] - 1][it.spans[0][1] : it.spans[0][2]] for it in code.operations][::2] == [
        ".visible .entry loop_add_fusion_1(",
        ".visible .entry loop_add_fusion_3(",
    ]
    html = section(lens)
    assert "PTX" in html
    assert html.count("lens-code") == 1


def test_fusions_that_differ_in_a_number_are_not_taken_for_one(tmp_path: Path) -> None:
    _, code, without = on_gpu(tmp_path, entry("loop_add_fusion_3"))
    assert "runs" not in code.text
    assert without[0].startswith("the code of 4 of 5 kernels")
    assert without[0].endswith("loop_add_fusion.1, gemm.5, loop_add_fusion.2, 1 more")


def test_without_ptx_it_is_llvm_ir_and_without_both_it_is_said(tmp_path: Path) -> None:
    _, code, _ = on_gpu(tmp_path)
    assert code.language == "llvm"
    (tmp_path / "module_0001.jit_f.ir-with-opt.ll").unlink()
    with pytest.raises(LookupError, match="XLA wrote none"):
        kernel_code(WrittenCode([*tmp_path.iterdir()]), code, HloProgram(HLO), [])


SMALL = """\
HloModule jit_g

%fused (p: f32[]) -> f32[] {
  %p = f32[] parameter(0)
  ROOT %neg.1 = f32[] negate(%p), metadata={op_name="jit(g)/neg"}
}

%small (q: f32[]) -> f32[] {
  %q = f32[] parameter(0)
  %wrapped_negate = f32[] fusion(%q), kind=kLoop, calls=%fused
  ROOT %copy.3 = f32[] copy(%wrapped_negate)
}

ENTRY %main (x: f32[]) -> f32[] {
  %x = f32[] parameter(0)
  ROOT %call.4 = f32[] call(%x), to_apply=%small
}
"""


def test_small_kernels_that_are_one_function_share_it_and_its_helper(tmp_path: Path) -> None:
    path = tmp_path / "module_0001.jit_g.small.ir-with-opt.ll"
    path.write_text(
        "define ptr @call.4_kernel(ptr %0) {\n  ret ptr null\n}\n\ndefine float @helped() {\n  ret float 1.0\n}\n"
    )
    program = HloProgram(SMALL)
    found = kernels(program)
    assert [it.name for it in found] == ["wrapped_negate", "copy.3"]
    hlo = Ir.of("hlo", SMALL, program.origins(Arguments(None), {}))
    code, without = kernel_code(WrittenCode([path]), hlo, program, found)
    assert without == []
    assert [(it.kernel, it.names) for it in code.operations] == [(None, ["neg"])] * 2


def test_a_function_is_named_for_its_instruction() -> None:
    assert sanitised("loop_add_fusion.1") == sanitised("loop_add_fusion_1") == "loop_add_fusion_1"
    assert sanitised("größe") == "gr__e"


# ---------------------------------------------------------------------------------------------------------------------
# On a GPU that is not here: XLA's own compiler for it needs the description of one, and no GPU

FOR_A_GPU = """
import json, os
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["XLA_FLAGS"] = "--xla_gpu_autotune_level=0"
import jax, jax.numpy as jnp
from jax.experimental import topologies
from witness.records.codec import encode
from witness.stages.look import look

DEVICE = '''
gpu_device_info {
  threads_per_block_limit: 1024 threads_per_warp: 32 threads_per_core_limit: 2048 core_count: 132 fpus_per_core: 128
  shared_memory_per_block: 49152 shared_memory_per_core: 233472 shared_memory_per_block_optin: 232448
  block_dim_limit_x: 2147483647 block_dim_limit_y: 65535 block_dim_limit_z: 65535
  registers_per_core_limit: 65536 registers_per_block_limit: 65536 cuda_compute_capability { major: 9 }
  clock_rate_ghz: 1.98 memory_bandwidth: 3352320000000 l2_cache_size: 52428800 device_memory_size: 84942979072
  runtime_version: "12.8.0" driver_version: "12.8.0" compile_time_toolkit_version: "12.8.0"
}
platform_name: "CUDA"
'''
jax.devices()
topology = topologies.get_topology_desc(platform="cuda", target_config=DEVICE, topology="1x1x1")
mesh = topologies.make_mesh(topo=topology, mesh_shape=(1,), axis_names=("x",))
sharding = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec())
x = jax.ShapeDtypeStruct((1000,), jnp.float32, sharding=sharding)

def f(x):
    y = jnp.sin(x) * 2.0 + x
    return jnp.sort(y / y.sum())

print(json.dumps(encode(look(f, (x,), {}, code=True))))
"""


def has_cuda() -> bool:
    plugins = find_spec("jax_plugins")
    folders = (plugins and plugins.submodule_search_locations) or ()
    return any(path for folder in folders for path in Path(folder).glob("xla_cuda*"))


@pytest.mark.skipif(not has_cuda(), reason="JAX's plugin for CUDA is not installed")
def test_for_a_gpu_every_kernel_has_its_ptx() -> None:
    done = subprocess.run([sys.executable, "-c", FOR_A_GPU], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    lens = decode(Lens, json.loads(done.stdout.splitlines()[-1]))
    assert languages(lens) == ["jaxpr", "stablehlo", "hlo", "ptx"]
    code = lens.stages[-1]
    made = {number for number, it in enumerate(lens.kernels) if "fusion" in it.what}
    assert made
    assert made <= {it.kernel for it in code.operations}
    assert all(it.places for it in code.operations)
    assert code.text.count(".visible .entry ") == len(code.operations)
    assert not re.search(r"\.version|\.target|\.loc\s|-- (?:Begin|End)", code.text)
    found = tokens(KERNEL_LEXERS["ptx"], code.text)
    assert [value for kind, value in found if kind in {Error, Text}] == []
