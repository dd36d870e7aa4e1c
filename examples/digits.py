"""Train a classifier on scikit-learn's digits, with more and more under jit.

It needs JAX and scikit-learn, whose package holds the 1797 pictures:

    python digits.py --epochs 10 --width 64
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np

Array = jax.Array
Params = dict[str, Array]
State = tuple[Params, Params]  # weights, and their momentum
Data = tuple[Array, Array]  # pictures and labels
Piece = Literal["loss", "gradient", "step", "epoch"]

GRAINS: dict[str, tuple[Piece, ...]] = {
    "nothing": (),
    "the loss": ("loss",),
    "the gradient": ("gradient",),
    "the step": ("step",),
    "the epoch": ("epoch",),
}
"""What is jitted in each of the trainings."""


def digits(size: int = 128) -> tuple[Data, Data]:
    """Return batches of `size` pictures to train on, and others to test."""
    from sklearn.datasets import load_digits  # type: ignore[import-untyped]

    pictures, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(labels))
    x, y = (pictures[order] / 16.0).astype(np.float32), labels[order]
    cut = len(x) * 4 // 5 // size * size
    train = x[:cut].reshape(-1, size, 64), y[:cut].reshape(-1, size)
    both: tuple[Data, Data] = jax.device_put((train, (x[cut:], y[cut:])))
    return both


def start(width: int = 64) -> State:
    """Return the state to start from: one hidden layer of `width` units."""
    first, second = jax.random.split(jax.random.key(1))
    params = {
        "w1": jax.random.normal(first, (64, width)) / 8.0,
        "b1": jnp.zeros(width),
        "w2": jax.random.normal(second, (width, 10)) / width**0.5,
        "b2": jnp.zeros(10),
    }
    return params, jax.tree.map(jnp.zeros_like, params)


def scores(params: Params, x: Array) -> Array:
    """Return the log of the probability of each digit, for each picture."""
    hidden = jnp.tanh(x @ params["w1"] + params["b1"])
    return jax.nn.log_softmax(hidden @ params["w2"] + params["b2"])


def accuracy(params: Params, test: Data) -> float:
    """Return the share of pictures whose likeliest digit is the right one."""
    x, y = test
    return float(jnp.mean(scores(params, x).argmax(axis=1) == y))


def training(*jitted: Piece) -> Callable[[State, Data], State]:
    """Return a function that trains for one epoch; named pieces are jitted."""

    def piece(function: Callable[..., Any]) -> Callable[..., Any]:
        return jax.jit(function) if function.__name__ in jitted else function

    @piece
    def loss(params: Params, x: Array, y: Array) -> Array:
        return -jnp.take_along_axis(scores(params, x), y[:, None], 1).mean()

    @piece
    def gradient(params: Params, x: Array, y: Array) -> Params:
        slope: Params = jax.grad(loss)(params, x, y)
        return slope

    @piece
    def step(state: State, batch: Data) -> State:
        params, momentum = state
        slope = gradient(params, *batch)
        momentum = jax.tree.map(lambda m, g: 0.9 * m + g, momentum, slope)
        return jax.tree.map(
            lambda p, m: p - 0.1 * m, params, momentum
        ), momentum

    @piece
    def epoch(state: State, batches: Data) -> State:
        if "epoch" in jitted:
            return jax.lax.scan(
                lambda s, b: (step(s, b), None), state, batches
            )[0]
        for batch in zip(*batches, strict=True):
            state = step(state, batch)
        return state

    return epoch


@dataclass
class Run:
    """What training at one grain took, and where it led."""

    train: Callable[[State, Data], State]
    state: State
    executables: int = 0
    """Executables that were compiled in the first epoch."""
    seconds: list[float] = field(default_factory=list)
    """Of each epoch; tracing and compiling are in the first."""

    def train_once(self, batches: Data) -> None:
        """Train for an epoch, and wait for its end."""
        begin = perf_counter()
        self.state = jax.block_until_ready(self.train(self.state, batches))
        self.seconds.append(perf_counter() - begin)

    @property
    def later(self) -> float:
        """The median time of an epoch after the first two."""
        return median(self.seconds[2:])


def race(
    batches: Data,
    epochs: int = 10,
    width: int = 64,
    grains: dict[str, tuple[Piece, ...]] = GRAINS,
) -> dict[str, Run]:
    """Train at each grain, epoch by epoch in turn, so that none is favoured."""
    compiled: list[str] = []

    def listen(event: str, duration_secs: float, **about: str | int) -> None:
        if event == "/jax/core/compile/backend_compile_duration":
            compiled.append(str(about.get("fun_name")))

    jax.monitoring.register_event_duration_secs_listener(listen)
    runs = {
        name: Run(training(*jitted), start(width))
        for name, jitted in grains.items()
    }
    for run in reversed(runs.values()):  # the last leaves most to the others
        jax.clear_caches()  # or it would find executables of those before
        compiled.clear()
        run.train_once(batches)
        run.executables = len(compiled)
    jax.monitoring.unregister_event_duration_listener(listen)
    for _ in range(epochs - 1):
        for run in runs.values():
            run.train_once(batches)
    return runs


def table(runs: dict[str, Run], test: Data) -> str:
    """Return what each grain took, a line each."""
    head = ("jitted", "executables", "first epoch", "later epoch", "accuracy")
    lines = [f"{head[0]:14}" + "".join(f"{column:>13}" for column in head[1:])]
    for name, run in runs.items():
        first, later = 1e3 * run.seconds[0], 1e3 * run.later
        share = accuracy(run.state[0], test)
        lines.append(
            f"{name:14}{run.executables:13}{first:10.0f} ms"
            f"{later:10.2f} ms{share:13.3f}"
        )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Train a classifier on digits, with more and more of it under jit."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--epochs", type=int, default=10, help="at least 3")
    parser.add_argument("--width", type=int, default=64, help="hidden units")
    parser.add_argument("--batch", type=int, default=128, help="pictures")
    options = parser.parse_args(arguments)
    if options.epochs < 3:
        parser.error("the first two epochs warm up: --epochs 3 or more")
    train, test = digits(options.batch)
    print(table(race(train, options.epochs, options.width), test))


if __name__ == "__main__" and "__file__" in globals():  # not in a notebook
    main()
