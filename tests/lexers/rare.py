"""More functions for the lexers: forms of the three languages that few programs have."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.experimental import io_callback, pallas
from jax.sharding import AxisType, PartitionSpec

from tests.lexers.functions import CASES as CASES
from tests.lexers.functions import mesh, traced_for


@traced_for("f32[3]", shown="lowered")
def foreign(x: jax.Array) -> Any:
    """A call of a library's function, with attributes of every kind, which writes to its argument."""
    made = jax.ShapeDtypeStruct((3,), jnp.float32)
    call = jax.ffi.ffi_call("my_target", made, has_side_effect=True, input_output_aliases={0: 0})
    return call(x, size=np.int32(4), name='hello "you"', flag=True, weights=np.array([1.0, 2.0], np.float32))


@traced_for(*(jax.ShapeDtypeStruct((4,), getattr(jnp, name)) for name in ("int2", "uint2", "int4", "uint4")))
def narrow_integers(a: jax.Array, b: jax.Array, c: jax.Array, d: jax.Array) -> tuple[jax.Array, ...]:
    """Integers of two bits and of four."""
    return a.astype(jnp.float32), b.astype(jnp.int8), c + c, d.astype(jnp.uint16) * jnp.uint16(65535)


FLOATS = ("float4_e2m1fn", "float8_e8m0fnu", "float8_e3m4", "float8_e4m3", "float8_e4m3b11fnuz", "float8_e5m2fnuz")


@traced_for(*(jax.ShapeDtypeStruct((4,), getattr(jnp, name)) for name in FLOATS))
def narrow_floats(*arrays: jax.Array) -> tuple[jax.Array, ...]:
    """Each kind of float with eight bits or less."""
    return tuple(array.astype(jnp.float32) for array in arrays)


@traced_for(jax.ShapeDtypeStruct((4, 8), jnp.float8_e4m3fn), jax.ShapeDtypeStruct((8, 4), jnp.float8_e5m2), "bf16[4,4]")
def narrow_products(a: jax.Array, b: jax.Array, c: jax.Array) -> tuple[jax.Array, ...]:
    """Products that are summed up in a wider type, by an algorithm that has a name."""
    wide = lax.dot_general(a, b, (((1,), (0,)), ((), ())), preferred_element_type=jnp.float32)
    named = lax.DotAlgorithmPreset.BF16_BF16_F32
    return wide, lax.dot(c, c, precision=named, preferred_element_type=jnp.float32)


@traced_for("f32[8,8]", "f32[8,8]")
def interpreted(x: jax.Array, y: jax.Array) -> Any:
    """A Pallas kernel that is interpreted: blocks are cut out, computed and put back in a loop."""

    def multiply(x_ref: Any, y_ref: Any, o_ref: Any) -> None:
        @pallas.when(pallas.program_id(0) == 0)
        def _() -> None:
            o_ref[...] = jnp.zeros_like(o_ref)

        o_ref[...] += x_ref[...] @ y_ref[...]

    blocks = pallas.BlockSpec((4, 8), lambda i: (i, 0))
    whole = pallas.BlockSpec((8, 8), lambda i: (0, 0))
    made = jax.ShapeDtypeStruct((8, 8), jnp.float32)
    call = pallas.pallas_call(
        multiply,
        out_shape=made,
        grid=(2,),
        in_specs=[blocks, whole],
        out_specs=blocks,
        interpret=True,
        name="my-kernel",
    )
    return call(x, y)


@traced_for("f32[8,4]")
def collectives(x: jax.Array) -> Any:
    """What devices tell each other along one axis, without types that vary."""

    def talk(x: jax.Array) -> Any:
        every = lax.all_gather(x, "x")
        parts = [
            lax.psum_scatter(every, "x"),
            lax.ppermute(x, "x", [(0, 1), (1, 0)]),
            lax.pmin(x, "x"),
            lax.pmean(x, "x"),
            lax.all_to_all(every, "x", 0, 0),
            lax.axis_index("x"),
        ]
        return jnp.stack([jnp.sum(part) for part in parts]).sum()[None]

    along = PartitionSpec("x")
    return jax.shard_map(talk, mesh=mesh(x=8), in_specs=along, out_specs=along, check_vma=False)(x)


@traced_for("f32[8,4]")
def two_axes(x: jax.Array) -> Any:
    """Devices in two directions, one of which is left to the compiler."""
    devices = jax.make_mesh((2, 4), ("a", "b"), axis_types=(AxisType.Auto,) * 2)

    @partial(jax.shard_map, mesh=devices, in_specs=PartitionSpec(("a", "b")), out_specs=PartitionSpec())
    def both(x: jax.Array) -> Any:
        return lax.pmax(lax.psum(x.sum(), "b"), ("a",))

    along = PartitionSpec("a")

    @partial(jax.shard_map, mesh=devices, in_specs=along, out_specs=along, axis_names={"a"})
    def one(x: jax.Array) -> Any:
        return x * lax.axis_index("a")

    return both(x), one(x)


@traced_for("f32[3]")
def effects_in_a_loop(x: jax.Array) -> Any:
    """Ordered prints in a scan, texts with line ends, callbacks that return nothing."""

    def step(total: jax.Array, x: jax.Array) -> tuple[jax.Array, None]:
        jax.debug.print("step {total}:\n [a=b] {{}}", total=total, ordered=True)
        jax.debug.callback(lambda _: None, x)
        return total + x, None

    io_callback(lambda: None, None)
    return lax.scan(step, 0.0, x)


@traced_for("f32[3]")
def references_in_a_loop(x: jax.Array) -> Any:
    """References that go into a function and into a loop."""
    kept = jax.new_ref(x)

    @jax.jit
    def change(kept: Any) -> None:
        kept[...] += 1.0
        kept[1:] = kept[:2] * 2

    def step(i: jax.Array, total: jax.Array) -> Any:
        kept[i] = total
        return total + kept[i]

    change(kept)
    return lax.fori_loop(0, 3, step, 0.0), jax.ref.freeze(kept)


@traced_for(lambda: jax.ShapeDtypeStruct(jax.export.symbolic_shape("b, 3"), jnp.float32), shown="stablehlo")
def batch(x: jax.Array) -> Any:
    """One dimension that has a name."""
    return jnp.tanh(x) * x.shape[0]


def dimensions() -> jax.ShapeDtypeStruct:
    sizes = jax.export.symbolic_shape("a, max(a, 3), floordiv(a+4, 2)", constraints=["a>=2", "a<=9"])
    return jax.ShapeDtypeStruct(sizes, jnp.float32)


@traced_for(dimensions, shown="stablehlo")
def computed_dimensions(x: jax.Array) -> Any:
    """Dimensions that are computed from one, and a loop as long as it."""
    return lax.fori_loop(0, x.shape[0], lambda i, total: total + x[i], jnp.zeros(x.shape[1:]))


@traced_for("f32[8,4]", "f32[8,4]")
@partial(jax.jit, donate_argnums=0, keep_unused=True)
def donated(x: jax.Array, y: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Memory that a result may take over."""
    return x + y, y * 2


@traced_for("c64[4]")
def complex_numbers(z: jax.Array) -> tuple[jax.Array, ...]:
    """Parts, and literals that are infinite, no numbers or zeros with a sign."""
    return (
        lax.complex(z.real, z.imag) * (1 + 2j),
        jnp.abs(z) + jnp.angle(z),
        jnp.conj(z) / 1j,
        z * complex("nan+infj") + complex(0, -0.0),
    )


@traced_for("f32[4,8]", "c64[4,8]")
def transforms(x: jax.Array, z: jax.Array) -> tuple[jax.Array, ...]:
    """Fourier's, of each kind."""
    return jnp.fft.rfftn(x), jnp.fft.irfft2(jnp.fft.rfft2(x)), jnp.fft.fft(z), jnp.fft.ifftn(z)


@traced_for("f32[8]", "i32[8]")
def sorts(x: jax.Array, i: jax.Array) -> tuple[Any, ...]:
    """Sorting by several keys, the greatest, exactly and nearly."""
    return lax.sort((x, i), num_keys=2), lax.top_k(x, 3), lax.approx_max_k(x, 2), jnp.argsort(i, descending=True)


@traced_for()
def keys() -> tuple[jax.Array, ...]:
    """Keys of the hardware's generators, made from literals."""
    second = jax.random.key(1, impl="rbg")
    third = jax.random.key(2, impl="unsafe_rbg")
    bits = jax.random.bits(second, (2,), jnp.uint8)
    return bits, jax.random.key_data(jax.random.fold_in(third, 3)), jax.random.clone(second)


@traced_for("f32[3]")
def odd_literals(x: jax.Array) -> tuple[jax.Array, ...]:
    """The least, the greatest and no number of a type."""
    return (
        x * 1e-45 + 3.4028235e38,
        x > jnp.nan,
        x.astype(jnp.bfloat16) * jnp.bfloat16(3.1),
        x.astype(jnp.float16) * jnp.float16(65504),
        x.astype(jnp.int32) + jnp.int32(-(2**31)),
        jnp.zeros((3, 0)).sum(1) * x,
        x[0] * np.random.default_rng(0).random(200).astype(np.float32),
    )
