"""The programs of `examples/`: each does what its page says of it, on the command line too."""

from __future__ import annotations

import json
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import bench_sizes
import digits
import export_model
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from serve_model import BadFile, Server
from traces_once import listening

EXAMPLES = Path(__file__).parents[1] / "examples"
PROGRAMS = [path.stem for path in sorted(EXAMPLES.glob("*.py")) if "argparse" in path.read_text("utf-8")]


def program(name: str, *arguments: str, folder: Path = EXAMPLES, says: str = "") -> subprocess.CompletedProcess[str]:
    """Run a program as a reader does."""
    command = [sys.executable, f"{name}.py", *arguments]
    return subprocess.run(command, cwd=folder, input=says, capture_output=True, text=True, check=False)


Ends = Callable[..., tuple[object, str, str]]


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ends:
    """Return what runs a program that only says something: here, where JAX is imported already."""

    def run(name: str, *arguments: str) -> tuple[object, str, str]:
        monkeypatch.setattr(sys, "argv", [f"{name}.py", *arguments])
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
        return ended.value.code, *capsys.readouterr()

    return run


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_program_says_how_it_is_called(name: str, ends: Ends) -> None:
    status, out, _ = ends(name, "--help")
    assert status == 0
    assert f"usage: {name}.py" in out


# ---------------------------------------------------------------------------------------------------------------------
# Digits


@pytest.fixture(scope="module")
def run_digits() -> tuple[dict[str, digits.Run], digits.Data]:
    train, test = digits.digits()
    return digits.race(train, epochs=4, width=16), test


@pytest.mark.slow
def test_training_leads_to_the_same_weights_whatever_is_jitted(
    run_digits: tuple[dict[str, digits.Run], digits.Data],
) -> None:
    runs, test = run_digits
    *others, last = [run.state for run in runs.values()]
    for state in others:
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=2e-3), state, last)
    assert min(digits.accuracy(run.state[0], test) for run in runs.values()) > 0.8


@pytest.mark.slow
def test_the_more_is_jitted_the_fewer_executables_there_are(
    run_digits: tuple[dict[str, digits.Run], digits.Data],
) -> None:
    counts = [run.executables for run in run_digits[0].values()]
    assert counts == sorted(counts, reverse=True)
    assert len(set(counts)) == len(counts)
    assert counts[-1] == 1


@pytest.mark.slow
def test_the_pictures_to_test_with_are_none_of_those_to_train_on() -> None:
    (x, y), (test, labels) = digits.digits(size=100)
    assert x.shape == (14, 100, 64)
    assert y.shape == (14, 100)
    assert len(test) == len(labels) == 1797 - 1400
    together = np.concatenate([x.reshape(-1, 64), test])
    assert len(np.unique(together, axis=0)) == len(together)


@pytest.mark.slow
def test_the_table_has_a_line_for_each_grain(run_digits: tuple[dict[str, digits.Run], digits.Data]) -> None:
    head, *lines = digits.table(*run_digits).splitlines()
    assert head.split("  ")[0] == "jitted"
    assert [line[:14].strip() for line in lines] == list(digits.GRAINS)
    assert {len(line) for line in [head, *lines]} == {len(head)}


@pytest.mark.slow
def test_too_few_epochs_are_refused(ends: Ends) -> None:
    status, _, err = ends("digits", "--epochs", "2")
    assert status == 2
    assert "--epochs 3 or more" in err


# ---------------------------------------------------------------------------------------------------------------------
# Export and serve


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with an exported model and the server, and nothing of the model's source."""
    folder = tmp_path_factory.mktemp("served")
    done = program("export_model", str(folder / "sine.jax"))
    assert done.returncode == 0, done.stderr
    assert f"{(folder / 'sine.jax').stat().st_size:,} bytes" in done.stdout
    shutil.copy(EXAMPLES / "serve_model.py", folder)
    return folder


def test_a_model_is_served_without_its_source(exported: Path) -> None:
    asked = ["[[0.0], [0.5]]", "[[1, 2]]", "not JSON", "[]", "7", "[[null]]", "[[0.25]]"]
    done = program("serve_model", "sine.jax", "--rows", "1", "4", folder=exported, says="\n".join(asked) + "\n")
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(asked)
    assert np.allclose(answers[0], np.sin([[0.0], [1.5]]), atol=0.2)
    assert np.allclose(answers[-1], np.sin(0.75), atol=0.2)
    assert answers[1] == {"error": "expected shape (rows, 1), got (1, 2)"}
    assert all("error" in answer for answer in answers[2:5])


@pytest.fixture(scope="module")
def data() -> bytes:
    weights = jnp.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    return export_model.export(jax.jit(lambda x: x @ weights), 3, [jax.default_backend()])


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 11])
def test_any_number_of_rows_is_answered_row_by_row_and_never_compiled_for(data: bytes, count: int) -> None:
    server = Server(data, rows=[4, 2])
    rows = np.arange(3.0 * count).reshape(count, 3)
    with listening() as (work, _):
        answer = server.answer(rows)
    assert work == []
    np.testing.assert_allclose(answer, rows @ [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], rtol=1e-6)


@pytest.fixture
def bad_files(data: bytes, tmp_path: Path) -> dict[str, Path]:
    other = next(name for name in ("tpu", "cuda") if name != jax.default_backend())
    texts = {
        "empty": b"",
        "cut": data[: len(data) // 2],
        "text": b"no model at all, but some longer text" * 99,
        "other": export_model.export(jax.jit(jnp.sin), 1, [other]),
    }
    files = {name: tmp_path / name for name in texts}
    for name, path in files.items():
        path.write_bytes(texts[name])
    return {**files, "missing": tmp_path / "missing"}


@pytest.mark.parametrize("name", ["empty", "cut", "text", "other"])
def test_a_file_that_holds_nothing_to_run_here_is_refused(bad_files: dict[str, Path], name: str) -> None:
    with pytest.raises(BadFile, match="exported"):
        Server(bad_files[name].read_bytes())


@pytest.mark.parametrize("name", ["cut", "missing"])
def test_the_server_ends_with_one_line_about_a_file_it_cannot_use(
    bad_files: dict[str, Path], name: str, ends: Ends
) -> None:
    status, _, err = ends("serve_model", str(bad_files[name]))
    assert status == 1
    assert err.startswith(f"{bad_files[name]}: ")
    assert len(err.splitlines()) == 1


# ---------------------------------------------------------------------------------------------------------------------
# Bench


def test_sizes_are_powers_up_to_the_largest() -> None:
    assert bench_sizes.powers(1000) == [1, 10, 100, 1000]
    assert bench_sizes.powers(999) == [1, 10, 100]
    assert bench_sizes.powers(64, smallest=4, step=4) == [4, 16, 64]


def test_the_chain_has_as_many_operations_as_it_says() -> None:
    assert len(jax.make_jaxpr(bench_sizes.chain)(jnp.ones(3)).eqns) == bench_sizes.OPERATIONS


def test_both_are_timed_in_turn_at_each_size(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[bool] = []

    def seconds(call: object, calls: int) -> float:
        with listening() as (work, _):
            call()  # type: ignore[operator]
        order.append(bool(work))
        return 0.001 * len(order)

    monkeypatch.setattr(bench_sizes, "seconds", seconds)
    jax.clear_caches()
    times = bench_sizes.race([7], rounds=2)
    first, warm_slow, warm_fast, *turns = order
    assert first, "the first call of the compiled function compiles it"
    assert warm_slow, "op by op compiles when it is warmed up"
    assert not warm_fast
    assert turns == [False] * 4
    assert times.first == [0.001]
    assert times.op_by_op[0] == pytest.approx((0.004 + 0.006) / 2)
    assert times.compiled[0] == pytest.approx((0.005 + 0.007) / 2)


@pytest.mark.slow
def test_the_bench_prints_and_draws(tmp_path: Path) -> None:
    picture = tmp_path / "sizes.png"
    done = program("bench_sizes", "--largest", "10", "--rounds", "1", "--save", str(picture))
    assert done.returncode == 0, done.stderr
    first, head, *lines = done.stdout.splitlines()
    assert first.startswith("8 operations on ")
    assert "op by op" in head
    assert [line.split()[0] for line in lines] == ["1", "10"]
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_sizes_that_make_no_sense_are_refused(ends: Ends) -> None:
    assert ends("bench_sizes", "--largest", "0")[0] == 2
