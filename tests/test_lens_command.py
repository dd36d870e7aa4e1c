"""The lens that a reader asks for: by the command, in a notebook, and where there is no text to be had."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import html5lib
import pytest

from tests.building import ROOT
from tests.elements import text
from tests.programs import call
from witness.__main__ import main
from witness.lens.magic import called


def program(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)


def test_a_call_is_taken_apart_and_not_called() -> None:
    names = {"f": print, "xs": [1, 2]}
    assert called("f(*xs, 3, end='')", names) == (print, (1, 2, 3), {"end": ""})
    for line in ("", "f", "f(", "x = f(1)"):
        with pytest.raises(SyntaxError):
            called(line, names)


MODEL = "import jax.numpy as jnp\n\n\ndef double(x, scale=2.0):\n    return jnp.sin(x) * scale\n\n\nsize = 3\n"


def test_the_command_writes_one_file(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text(MODEL)
    command = ["-m", "witness", "lens", "model:double", "--args", "f32[3]", "scale=jnp.float32(3)", "-o", "out/a.html"]
    done = program(*command, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^Jaxpr: 2 of 2 equations mapped$", done.stdout, re.MULTILINE)
    html = (tmp_path / "out/a.html").read_text()
    assert "jnp.sin" in text(html5lib.parse(html, namespaceHTMLElements=False))
    assert str(tmp_path) not in html


@pytest.mark.parametrize(
    ("target", "arguments", "message"),
    [
        ("model", [], "expected MODULE:FUNCTION or FILE.py:FUNCTION, got model"),
        ("model:doubled", [], "there is no doubled; known here: double"),
        ("model.py:size", [], "model.py:size is no function: it is of type int"),
        ("other.py:f", [], "there is no file other.py"),
        ("model:double", ["'a' +"], "--args 'a' +: SyntaxError"),
        ("model:double", [], "model:double cannot be traced or compiled: TypeError"),
    ],
)
def test_the_command_says_what_was_expected(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    target: str,
    arguments: list[str],
    message: str,
) -> None:
    (tmp_path / "model.py").write_text(MODEL)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "model", raising=False)
    assert main(["lens", target, "--args", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("witness lens: ")
    assert message in err


ENDS = {
    "exits.py": ("import sys\nsys.exit('bye')\n", [], "exits.py ended with SystemExit: bye"),
    "interrupts.py": ("raise KeyboardInterrupt\n", [], "interrupts.py ended with KeyboardInterrupt"),
    "own.py": ("class E(BaseException): pass\n\nraise E('own')\n", [], "own.py ended with E: own"),
    "late.py": ("def f():\n    raise SystemExit\n", [], "late.py:f ended with SystemExit"),
    "traced.py": ("def f(x):\n    exit(4)\n", ["f32[]"], "traced.py:f ended with SystemExit: 4"),
    "right.py": ("def f(x):\n    return x\n", ["exit(3)"], "--args exit(3) ended with SystemExit: 3"),
    "named.py": ("def f(x):\n    return x\n", ["x=quit()"], "--args x=quit() ended with SystemExit"),
}


@pytest.mark.parametrize("file", ENDS)
def test_code_that_ends_the_program_is_named(file: str, tmp_path: Path) -> None:
    text, arguments, told = ENDS[file]
    (tmp_path / file).write_text(text)
    done = call("witness", "lens", f"{file}:f", "--args", *arguments, cwd=tmp_path)
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"witness lens: {told}; expected code that goes on")
    assert (done.returncode, done.stdout) == (1, "")


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize(
    "text",
    ["import time\n{}time.sleep(600)\n", "import sys, time\ntry:\n    {}time.sleep(600)\nexcept:\n    sys.exit('bye')"],
)
def test_an_interrupt_is_that_of_who_runs_it_and_says_nothing_of_pages(text: str, tmp_path: Path) -> None:
    (tmp_path / "sleeps.py").write_text(text.format("print('up', flush=True); "))
    command = [sys.executable, "-m", "witness", "lens", "sleeps.py:f"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path, text=True) as started:
        assert started.stdout
        assert started.stdout.readline() == "up\n"
        started.send_signal(signal.SIGINT)
        _, told = started.communicate(timeout=60)
    assert (told, started.returncode) == ("witness: interrupted\n", 130)


SHAPES = ["f32[-1]", "f32", "f32[n]", "f32[2.5]", "f32[1,,2]", "i64['a']", "bf16[2 3]", "[f32[1], f32[:]]", "b1[,]"]


@pytest.mark.parametrize("argument", [*SHAPES, "f32[", "f32[2,3]", "f32[]", "f32[2,]", "[f32[ 2 , 3 ]]"])
def test_a_shape_that_is_none_is_told_what_one_is(
    argument: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "shaped.py").write_text("def f(x):\n    return x\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    status = main(["lens", "shaped.py:f", "--args", argument])
    told = capsys.readouterr().err
    wanted = f"witness lens: --args {argument}: a shape is a type and whole numbers, such as f32[2,3], or f32[]"
    assert told.startswith(wanted) is (argument in SHAPES)
    assert status == (2 if argument in SHAPES or argument == "f32[" else 0)


def test_a_name_is_given_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "twice.py").write_text("def f(x):\n    return x\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    assert main(["lens", "twice.py:f", "--args", "x=1", "x=2"]) == 2
    assert "--args x=2: expected each name once, and x is given above" in capsys.readouterr().err


NOTEBOOK = """
import os
os.environ["JAX_PLATFORMS"] = "cpu"
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
import jax, jax.numpy as jnp
before = jax.jit(jnp.cos).lower(1.0).compile()
shell = InteractiveShell.instance()
shell.user_ns["before"] = before
def run(cell):
    with capture_output() as found:
        result = shell.run_cell(cell)
    return result, found.outputs
run("%load_ext witness")
run("import jax, jax.numpy as jnp\\ndef f(x):\\n    return jnp.sin(x) + 1")
_, outputs = run("%lens f(jnp.ones(3))")
(html,) = (output.data["text/html"] for output in outputs if "text/html" in output.data)
print(html.count('class="lens-pane"'), "jnp.sin" in html.replace("<i class=na>", "").replace("</i>", ""))
result, _ = run("jax.jit(f).lower(jnp.ones(3)).compile()")
data, _ = shell.display_formatter.format(result.result)
lens = data["application/vnd.witness.lens+json"]
print([stage["language"] for stage in lens["stages"]], lens["missing"])
data, _ = shell.display_formatter.format(before)
lens = data["application/vnd.witness.lens+json"]
print([stage["language"] for stage in lens["stages"]], len(lens["missing"]))
result, _ = run("%lens 1 + 1")
print(type(result.error_in_exec).__name__, result.error_in_exec)
"""


def test_a_notebook_has_the_magic_and_the_stages_of_what_it_shows() -> None:
    done = program("-c", NOTEBOOK)
    assert done.returncode == 0, done.stderr
    magic, stages, before, wrong = done.stdout.splitlines()[-4:]
    assert magic.startswith("4 ")
    assert stages == "['jaxpr', 'stablehlo', 'hlo'] []"
    assert before == "['hlo'] 2"
    assert wrong.startswith("UsageError %lens f(x) looks at a call")


WITHOUT_HLO = """
import jax, jax.numpy as jnp
from witness.stages.look import look
from witness.lens.document import document


def refuse(*arguments, **named):
    raise NotImplementedError("no text on this backend")


for as_text in (refuse, lambda *arguments, **named: None):
    jax.stages.Compiled.as_text = as_text
    jax.stages.Compiled.cost_analysis = refuse
    lens = look(lambda x: jnp.sin(x) * 2.0, (jnp.ones(3),), {})
    print([stage.language for stage in lens.stages], lens.missing, "Not shown: the optimised HLO" in document(lens, ""))
"""


def test_a_backend_without_a_text_of_what_it_compiled_leaves_the_other_stages() -> None:
    done = program("-c", WITHOUT_HLO)
    assert done.returncode == 0, done.stderr
    raising, empty = done.stdout.splitlines()
    assert raising == "['jaxpr', 'stablehlo'] ['the optimised HLO: no text on this backend'] True"
    assert empty == "['jaxpr', 'stablehlo'] ['the optimised HLO: a compiled function without a text'] True"


def test_the_command_shows_code_when_asked(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text(MODEL)
    for asked in ([], ["--code"]):
        command = ["-m", "witness", "lens", "model:double", "--args", "f32[300]", *asked, "-o", "a.html"]
        done = program(*command, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("\nLLVM IR: 1 of 1 functions mapped\n") == len(asked)
        html = (tmp_path / "a.html").read_text()
        assert html.count("lens-pane lens-code") == len(asked)
        assert str(tmp_path) not in html


MAGIC = """
import os
os.environ["JAX_PLATFORMS"] = "cpu"
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
shell = InteractiveShell.instance()

def run(cell):
    with capture_output() as found:
        result = shell.run_cell(cell)
    return result, [output.data["text/html"] for output in found.outputs if "text/html" in output.data]

run("%load_ext witness")
run("import jax, jax.numpy as jnp\\nf = jax.jit(lambda x: jnp.sin(x) + 1)\\nx = jnp.ones(300)\\nf(x)")
for line in ("%lens f(x)", "%lens --code f(x)", "%lens   --code   f(x)"):
    result, (html,) = run(line)
    print(result.error_in_exec, html.count("lens-pane"), html.count("lens-code"))
print(run("%lens --code")[0].error_in_exec)
"""


def test_the_magic_shows_code_when_asked_of_what_was_compiled_too() -> None:
    done = program("-c", MAGIC)
    assert done.returncode == 0, done.stderr
    plain, code, again, wrong = done.stdout.splitlines()[-4:]
    style = 1  # the style names it, too
    assert plain.split()[0] == code.split()[0] == "None"
    assert int(code.split()[2]) == int(plain.split()[2]) + 1
    assert int(code.split()[1]) == int(plain.split()[1]) + style
    assert again == code
    assert wrong.startswith("%lens f(x) looks at a call")
