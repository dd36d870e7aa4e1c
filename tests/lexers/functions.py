"""Small functions whose IR has every form that the lexers know, each with the arguments it is traced for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.ad_checkpoint import checkpoint_name
from jax.experimental import io_callback, pallas
from jax.sharding import AxisType, NamedSharding, PartitionSpec

Function = Callable[..., Any]
Shown = Literal["jaxpr", "lowered", "stablehlo", "hlo"]


@dataclass(frozen=True)
class Case:
    """A function, and what it is traced for."""

    function: Function
    arguments: Callable[[], tuple[Any, ...]]
    """Makes the arguments, once JAX has its devices."""
    slow: bool
    """Whether it takes more than a second to lower and compile."""
    shown: Shown
    """The last form of it that is looked at."""


CASES: dict[str, Case] = {}
"""Every case by its name."""


def traced_for(*arguments: Any, slow: bool = False, shown: Shown = "hlo") -> Callable[[Function], Function]:
    """Return a decorator that makes a function a case, traced for shapes like ``"f32[2,3]"`` or for anything else."""

    def keep(function: Function) -> Function:
        CASES[function.__name__] = Case(function, lambda: tuple(map(made, arguments)), slow, shown)
        return function

    return keep


DTYPES = {
    "b1": jnp.bool_,
    "bf16": jnp.bfloat16,
    "c64": jnp.complex64,
    "f16": jnp.float16,
    "f32": jnp.float32,
    "f8": jnp.float8_e4m3fn,
    "i32": jnp.int32,
    "i4": jnp.int4,
    "i8": jnp.int8,
    "u32": jnp.uint32,
    "u8": jnp.uint8,
}


def made(argument: Any) -> Any:
    """Return the array type that a word such as ``"f32[2,3]"`` names, a call's result, or the argument itself."""
    if callable(argument):
        return argument()
    if not isinstance(argument, str):
        return argument
    dtype, _, dims = argument.rstrip("]").partition("[")
    return jax.ShapeDtypeStruct(tuple(int(dim) for dim in dims.split(",") if dim), DTYPES[dtype])


def mesh(**axes: int) -> jax.sharding.Mesh:
    return jax.make_mesh(tuple(axes.values()), tuple(axes), axis_types=(AxisType.Auto,) * len(axes))


# ---------------------------------------------------------------------------------------------------------------------
# What people write


@traced_for("f32[2,4,8]", "f32[2,4,8]", "f32[2,4,8]")
def attention(query: jax.Array, key: jax.Array, value: jax.Array) -> jax.Array:
    """Causal attention of two heads."""
    scores = jnp.einsum("htd,hsd->hts", query, key) / jnp.sqrt(query.shape[-1])
    causal = jnp.tril(jnp.ones(scores.shape[-2:], bool))
    weights = jax.nn.softmax(jnp.where(causal, scores, -jnp.inf), axis=-1)
    return jnp.einsum("hts,hsd->htd", weights, value)


@traced_for("f32[4]", "f32[4]", "f32[4]", 3)
def adam(parameter: jax.Array, mean: jax.Array, square: jax.Array, step: int) -> tuple[jax.Array, ...]:
    """One Adam update of a quadratic."""
    slope = jax.grad(lambda x: jnp.sum((x - 1) ** 2))(parameter)
    mean = 0.9 * mean + 0.1 * slope
    square = 0.999 * square + 0.001 * slope**2
    update = mean / (1 - 0.9**step) / (jnp.sqrt(square / (1 - 0.999**step)) + 1e-8)
    return parameter - 1e-3 * update, mean, square


@traced_for("f32[3,3]", "f32[3,2]", "f32[5,2]")
def rnn(recurrent: jax.Array, enter: jax.Array, inputs: jax.Array) -> tuple[jax.Array, jax.Array]:
    """A recurrent network, as a scan, with its gradient."""

    def step(state: jax.Array, x: jax.Array) -> tuple[jax.Array, jax.Array]:
        state = jnp.tanh(recurrent @ state + enter @ x)
        return state, state

    def loss(inputs: jax.Array) -> jax.Array:
        return lax.scan(step, jnp.zeros(3), inputs)[1].sum()

    return jax.value_and_grad(loss)(inputs)


@traced_for("f32[8,4]", "f32[4,8]")
def sharded_matmul(a: jax.Array, b: jax.Array) -> Any:
    """A matrix product over a mesh of eight devices."""
    devices = mesh(x=4, y=2)
    a = lax.with_sharding_constraint(a, NamedSharding(devices, PartitionSpec("x", None)))
    b = lax.with_sharding_constraint(b, NamedSharding(devices, PartitionSpec(None, "y")))
    return lax.with_sharding_constraint(a @ b, NamedSharding(devices, PartitionSpec("x", "y")))


@traced_for("f32[3]")
def nested(x: jax.Array) -> Any:
    """A jit in a jit in a jit, one of them called twice."""

    @jax.jit
    def inner(x: jax.Array) -> jax.Array:
        return jnp.sin(x) * 2

    @jax.jit
    def outer(x: jax.Array) -> Any:
        return inner(x) + inner(jnp.cos(x))

    return outer(x) - jax.jit(lambda x: x + 1)(x)


@traced_for("f32[3]", "i32")
def control_flow(x: jax.Array, n: jax.Array) -> Any:
    """Branches and loops."""
    x = lax.cond(n > 0, jnp.sin, lambda x: -x, x)
    x = lax.switch(n, [jnp.sin, jnp.cos, lambda x: x * jnp.inf], x)
    x = lax.while_loop(lambda x: jnp.all(x < 10), lambda x: x * 2.5, x)
    return lax.fori_loop(0, n, lambda i, x: lax.cond(i % 2 == 0, jnp.square, jnp.negative, x), x)


@jax.custom_jvp
def softplus(x: jax.Array) -> jax.Array:
    return jnp.log1p(jnp.exp(x))


@softplus.defjvp
def softplus_jvp(primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> tuple[jax.Array, jax.Array]:
    (x,), (t,) = primals, tangents
    return softplus(x), t * jax.nn.sigmoid(x)


@jax.custom_vjp
def clipped(x: jax.Array) -> jax.Array:
    return x


clipped.defvjp(lambda x: (x, None), lambda _, g: (jnp.clip(g, -1.0, 1.0),))


@traced_for("f32[3]")
def derivatives(x: jax.Array) -> tuple[jax.Array, ...]:
    """Custom derivatives, recomputation, and what differentiation makes of them."""
    kept = jax.checkpoint_policies.save_only_these_names("kept")

    @partial(jax.checkpoint, policy=kept, prevent_cse=False)
    def again(x: jax.Array) -> jax.Array:
        return jnp.sin(checkpoint_name(jnp.exp(x), "kept"))

    def f(x: jax.Array) -> jax.Array:
        return jnp.sum(again(softplus(clipped(x))) * lax.stop_gradient(x))

    return f(x), jax.grad(f)(x), *jax.jvp(lambda x: jnp.sum(again(softplus(x))), (x,), (x,))


# ---------------------------------------------------------------------------------------------------------------------
# Forms of the language


@traced_for("f32[3]", "i32")
def effects(x: jax.Array, n: jax.Array) -> Any:
    """Prints, ordered and not, and calls to the host."""
    jax.debug.print("x = {x}; {{n}} = {n}", x=x, n=n)
    jax.debug.print("it's ] a [ trap ({})", n, ordered=True)
    y = jax.pure_callback(lambda x: x, x, x, vmap_method="sequential")
    io_callback(lambda x: None, None, y, ordered=True)
    return y


@traced_for("f32[3]", "c64[2]", "b1[2]", 2.0)
def literals(x: jax.Array, z: jax.Array, p: jax.Array, weak: float) -> tuple[jax.Array, ...]:
    """Numbers of every kind, and a constant that is closed over."""
    table = jnp.arange(12, dtype=jnp.float32).reshape(4, 3)
    return (
        x * -2.5 + jnp.inf - jnp.nan,
        jnp.maximum(x, -jnp.inf) * 1e-30 * weak,
        z * (1 - 2j),
        p & True,
        jnp.array([1, -2, 3], jnp.int8) + jnp.int8(-128),
        x @ table.T + jnp.array([0.5, jnp.inf, -jnp.inf, jnp.nan]),
        jnp.float32(3.4e38) * x,
        x[0] * np.arange(120, dtype=np.uint8),
    )


@traced_for("bf16[4]", "f8[4]", "i4[4]", "u8[2,2]", "f16[4]")
def dtypes(a: jax.Array, b: jax.Array, c: jax.Array, d: jax.Array, e: jax.Array) -> tuple[jax.Array, ...]:
    """Element types, narrow and wide."""
    narrow = lax.reduce_precision(a.astype(jnp.float32), exponent_bits=5, mantissa_bits=2)
    return narrow, b.astype(jnp.float16) + e, c.astype(jnp.int32), lax.bitcast_convert_type(d, jnp.uint16), e > 1


@traced_for("u32[2]", slow=True)
def randomness(seed: jax.Array) -> tuple[jax.Array, ...]:
    """Typed keys, and the algorithms below them."""
    key = jax.random.wrap_key_data(seed)
    first, second = jax.random.split(key)
    bits = lax.rng_bit_generator(jnp.zeros(4, jnp.uint32), (2,))
    return jax.random.normal(first, (3,)), jax.random.bits(second), jax.random.key_data(second), *bits


@traced_for("f32[2,8,8,3]", "f32[3,3,3,4]")
def convolution(image: jax.Array, kernel: jax.Array) -> Any:
    """A convolution with named dimensions, and pooling."""
    y = lax.conv_general_dilated(
        image, kernel, (1, 2), ((0, 1), (1, 1)), rhs_dilation=(2, 1), dimension_numbers=("NHWC", "HWIO", "NHWC")
    )
    return lax.reduce_window(y, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


@traced_for("f32[5,4]", "i32[3]", slow=True)
def indexing(x: jax.Array, i: jax.Array) -> tuple[jax.Array, ...]:
    """Gathers, scatters, slices and sorts."""
    kept = x.at[i].add(1.0).at[0, i].set(2.0, mode="drop", unique_indices=True)
    part = lax.dynamic_slice(x, (i[0], 0), (2, 2))
    padded = lax.pad(x, 0.0, ((1, -1, 0), (0, 2, 1)))
    return (
        kept,
        x[i, 1:3],
        lax.dynamic_update_slice(x, part, (i[1], 1)),
        padded[::-1, ::2],
        jnp.sort(x, axis=0),
        jnp.argsort(x),
        *lax.top_k(x, 2),
        jnp.cumsum(x, axis=1),
        jnp.searchsorted(x[0], x[1]),
    )


@traced_for("f32[4,4]", "f32[4]", slow=True)
def algebra(a: jax.Array, b: jax.Array) -> tuple[jax.Array, ...]:
    """Calls to libraries: factorisations, transforms, special functions."""
    a = a @ a.T + jnp.eye(4)
    return (
        jnp.linalg.cholesky(a),
        jnp.linalg.solve(a, b),
        *jnp.linalg.eigh(a),
        *jnp.linalg.qr(a),
        jnp.fft.rfft(b),
        jnp.fft.ifft2(a),
        jax.scipy.special.erf(b) + lax.lgamma(b),
        jnp.dot(a, b, precision="highest", preferred_element_type=jnp.float32),
    )


@traced_for("f32[8,4]", "f32[8]")
def per_device(x: jax.Array, y: jax.Array) -> tuple[jax.Array, ...]:
    """What each device does, and what they tell each other."""

    @partial(
        jax.shard_map, mesh=mesh(x=8), in_specs=(PartitionSpec("x"), PartitionSpec("x")), out_specs=PartitionSpec()
    )
    def talk(x: jax.Array, y: jax.Array) -> Any:
        i = lax.axis_index("x")
        ring = [(j, (j + 1) % 8) for j in range(8)]
        z = lax.ppermute(x * i, "x", ring) + lax.psum_scatter(lax.all_gather(x, "x", tiled=True), "x", tiled=True)
        return lax.psum(z.sum() + y, "x") + lax.pmax(lax.all_to_all(jnp.ones((8, 1)) * i, "x", 0, 0), "x").sum()

    return talk(x, y), jax.vmap(lambda x: x / lax.psum(x, "i"), axis_name="i")(x)


def explicitly_sharded() -> jax.ShapeDtypeStruct:
    devices = jax.make_mesh((4, 2), ("x", "y"), axis_types=(AxisType.Explicit,) * 2)
    return jax.ShapeDtypeStruct((8, 4), jnp.float32, sharding=NamedSharding(devices, PartitionSpec("x", "y")))


@traced_for(explicitly_sharded)
def explicit_sharding(x: jax.Array) -> Any:
    """Shardings in types."""
    whole = NamedSharding(jax.typeof(x).sharding.mesh, PartitionSpec(("x", "y"), None))
    return jax.sharding.reshard(jnp.sin(x) + 1, whole) * 2


@traced_for(lambda: jax.ShapeDtypeStruct(jax.export.symbolic_shape("b, 2*b+1"), jnp.float32), shown="stablehlo")
def symbolic(x: jax.Array) -> tuple[jax.Array, ...]:
    """Dimensions that have names."""
    b = x.shape[0]
    return jnp.concatenate([x, x]).reshape(-1), x[: b // 2].sum(axis=0), jnp.ones((b % 3 + 4,)), jnp.arange(b * b)


@traced_for("f32[8,8]", "f32[8,8]", shown="jaxpr")
def kernel(x: jax.Array, y: jax.Array) -> Any:
    """A Pallas kernel: blocks of memory, read and written."""

    def add(x_ref: Any, y_ref: Any, o_ref: Any) -> None:
        i = pallas.program_id(0)
        o_ref[...] = x_ref[...] + y_ref[pallas.ds(i, 4), :] * 2.0
        o_ref[0, 0:4] = jnp.zeros(4)

    blocks = pallas.BlockSpec((4, 8), lambda i: (i, 0))
    whole = pallas.BlockSpec((8, 8), lambda i: (0, 0))
    made = jax.ShapeDtypeStruct((8, 8), jnp.float32)
    return pallas.pallas_call(add, out_shape=made, grid=(2,), in_specs=[blocks, whole], out_specs=blocks)(x, y)


@traced_for("f32[3]", "i32")
def references(x: jax.Array, i: jax.Array) -> tuple[jax.Array, jax.Array]:
    """References that are read, written and added to."""
    kept = jax.new_ref(jnp.zeros(3))
    kept[0] = 1.0
    kept[1:] = x[:2]
    jax.ref.addupdate(kept, 2, 1.0)
    kept[i] = kept[i] + 7.0
    old = jax.ref.swap(kept, ..., jnp.ones(3))
    return old, jax.ref.freeze(kept)


@traced_for("f32[2]", {"w": 1.0, "b": None})
def odd_names(in_: jax.Array, let: dict[str, Any]) -> tuple[jax.Array, ...]:
    """Names that look like keywords, scopes, barriers, composites, and enough variables to need two letters."""
    with jax.named_scope("lambda ; let's go"):
        x = in_ * let["w"]
    x = lax.composite(lambda x, scale: x * scale, "my.scaled")(x, scale=2.0)
    x = lax.optimization_barrier(x)
    for i in range(30):
        x = x * i if i % 2 else jnp.sin(x)
    return x, lax.custom_linear_solve(lambda x: 2 * x, x, lambda mv, b: b / 2)


@traced_for("f32[4,6]", "f32[3,6,5]", "i32[3]", slow=True)
def ragged(x: jax.Array, w: jax.Array, sizes: jax.Array) -> tuple[jax.Array, ...]:
    """Uncommon operations with long parameters."""
    return (
        lax.ragged_dot(x, w, sizes),
        lax.associative_scan(jnp.add, x),
        jnp.histogram(x[0], bins=3)[0],
        lax.map(lambda r: r.sum(), x, batch_size=2),
        jnp.einsum("ij,kjl->ikl", x, w),
        jnp.select([x > 1, x < -1], [x, -x], 0),
        jnp.quantile(x, 0.5),
        jax.nn.gelu(x),
        jnp.linalg.norm(x),
    )
