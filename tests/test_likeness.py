"""Where a page would see that its kernel is a fork, it runs in an ordinary one, and what it does is done once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.kernels import LINUX, Pages
from witness.python.clocks import reading
from witness.reading.plan import Cell, Plan
from witness.reading.scripts import beside
from witness.records.page_record import PageRecord
from witness.records.store import Store
from witness.runner.environment import find
from witness.runner.facts import Facts
from witness.runner.likeness import imports_late, packages
from witness.runner.local import Local
from witness.runner.progress import Progress
from witness.runner.run import run

OTHERWISE = {
    "a variable": "os.environ.update(JAX_ENABLE_X64='1')",
    "C's own variable": "import ctypes; ctypes.CDLL(None).setenv(b'XLA_FLAGS', b'', 1)",
    "a variable that is gone": "os.environ.pop('PATH')",
    "a finder": "sys.meta_path.insert(0, type('F', (), {'find_spec': lambda *_: None})())",
    "an import of its own": "import builtins as b; s = b.__import__; b.__import__ = lambda *a, **k: s(*a, **k)",
    "another numpy": "open('numpy.py', 'w').write('name = 1')",
    "a profile": "sys.setprofile(lambda *_: None)",
    "a helper with a clock": "open('_h.py', 'w').write('from time import perf_counter as now'); import _h",
    "a function with a clock": "import time\ndef f():\n  t = time.time(); import jax; return t\nf()",
    "a function with a date": """from datetime import datetime
def f():
  t = datetime.now(); import jax; return datetime.now() - t
f()""",
    "a part of it": "import ml_dtypes",
}


@pytest.mark.parametrize("name", OTHERWISE)
def test_a_fork_ends_where_a_fresh_import_could_go_otherwise(forked: Pages, name: str) -> None:
    with forked.start() as page:
        page.begin(f"import os, sys\n{OTHERWISE[name]}\nimport jax")
        assert page.exit_reason() == "killed by SIGKILL (signal 9)"
        assert '"why"' in page.kernel.notes.read_text()


UNLIKE = {
    "a variable": [
        "import os; vars(os)['env' + 'iron']['JAX_ENABLE_X64'] = '1'",
        "import jax; print(jax.numpy.ones(1).dtype)",
    ],
    "one clock": ["%%time\nimport jax"],
    "around": ["from time import time\nbegan = time()", "import jax", "time() - began"],
    "a statement": ["import time\nt = time.time()\nif t:\n    import jax\ntime.time() - t"],
}
LIKE = {
    "after": ["import time\nimport jax\njax.numpy.ones(1)\nt = time.time()\njax.numpy.ones(1)\ntime.time() - t"],
    "magic": ["import jax; jax.numpy.ones(1)", "%timeit -n1 -r1 jax.numpy.ones(1)"],
}


ANEW = 'print("started anew" if b"-f" in open("/proc/self/cmdline", "rb").read().split(b"\\0") else "")'
MARK = f"""
import os
assert not os.path.exists("mark")
open("mark", "w").close()
{ANEW}
"""


def run_in(root: Path, pages: Mapping[str, Sequence[str]], folder: str = "") -> dict[str, PageRecord | None]:
    """Return what came of each page, by its cells, all of one run; all in a folder, or each in its own."""
    plans = []
    for name, sources in pages.items():
        cells = enumerate(zip(sources, reading(sources), strict=True), 1)
        made = [Cell(number, number, source, alone=alone) for number, (source, alone) in cells]
        plans.append(Plan(name, f"{name}.md", "python3", made, reproducible=False, folder=folder))
    facts = Facts(root, reproducible=False)
    environment = find(facts)
    store = Store(root / environment.name)
    run(plans, store, environment, Progress(), None, Local(facts.take_forkserver()))
    return {plan.page: store.read(plan.page) for plan in plans}


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> dict[str, PageRecord | None]:
    """Return what came of pages in folders of their own."""
    pages = {name: [MARK, *sources] for name, sources in (UNLIKE | LIKE).items()}
    return run_in(tmp_path_factory.mktemp("forks"), pages)


@pytest.mark.skipif(not LINUX, reason="nothing is forked here")
@pytest.mark.parametrize("name", [*UNLIKE, *LIKE])
def test_a_page_that_would_see_the_fork_runs_again_in_a_fresh_folder(
    name: str, records: dict[str, PageRecord | None]
) -> None:
    record = records[name]
    assert record
    assert record.problems == []
    text = json.dumps([cell.outputs for cell in record.cells])
    assert ("started anew" in text) == (name in UNLIKE)
    if name == "a variable":
        assert "float64" in text


# ---------------------------------------------------------------------------------------------------------------------
# In the folder of a site, what a page does is done once

FORKED = {
    "magic": LIKE["magic"],
    "a folder that is there": ["import os\nos.makedirs('/', exist_ok=True)", "import jax"],
    "a part": ["import jax.numpy as jnp\nprint(jnp.arange(3).sum())"],
    "one by one": ["import numpy", "import jax", "from jax import nn"],
    "written": ["import jax", "open('written', 'w').close()"],
}


@pytest.mark.skipif(not LINUX, reason="nothing is forked here")
def test_a_page_that_imports_before_it_does_anything_keeps_its_fork(tmp_path: Path) -> None:
    records = run_in(tmp_path, {name: [*cells, ANEW] for name, cells in FORKED.items()}, str(tmp_path))
    shown = {name: json.dumps([cell.outputs for cell in record.cells]) for name, record in records.items() if record}
    assert shown.keys() == FORKED.keys()
    assert [name for name, text in shown.items() if "started anew" in text] == []


DOES = {
    "appends": "with open(f'{name}.log', 'a') as file: print('done', file=file)",
    "appends by a magic": "%%writefile -a {name}.log\ndone",
    "appends by a command": "!echo done >> {name}.log",
    "appends by a script": "%run append.py {name}",
    "appends in a thread": """import threading
thread = threading.Thread(target=lambda: print('done', file=open(f'{name}.log', 'a')))
thread.start(); thread.join()""",
    "appends in a child": """import os
if not os.fork():
    os.write(os.open(f'{name}.log', os.O_WRONLY | os.O_APPEND | os.O_CREAT), b'done\\n'); os._exit(0)
_ = os.wait()""",
    "runs a program": "import subprocess\n_ = subprocess.run(f'echo done >> {name}.log', shell=True)",
    "runs a shell": "import os\n_ = os.system(f'echo done >> {name}.log')",
    "makes a folder": "import os\nos.mkdir(name)",
    "changes the mode of a file": """import os
assert oct(os.stat(f'{name}.first').st_mode).endswith('44')
os.chmod(f'{name}.first', 0o600)""",
    "changes the time of a file": """import os
assert os.stat(f'{name}.first').st_mtime > 5
os.utime(f'{name}.first', (5, 5))""",
    "binds a socket": """import socket
server = socket.socket(socket.AF_UNIX); server.bind(f'{name}.sock'); server.close()""",
    "removes a file": "import os\nos.remove(f'{name}.first')",
    "renames a file": "import os\nos.rename(f'{name}.first', f'{name}.log')",
    "keeps a database": """import sqlite3
database = sqlite3.connect(f'{name}.db')
_ = database.execute('create table it (x)')""",
}
LATER = {
    "a variable": "vars(__import__('os'))['env' + 'iron']['JAX_ENABLE_X64'] = '1'",
    "a helper of another folder": "import sys\nsys.path.append('../lib')\nimport switches",
    "a script's helper": "%run switch.py",
    "a finder": "import sys\ngetattr(sys, 'meta' + '_path').insert(0, type('F', (), {'find_spec': lambda *_: None})())",
    "a part of it": "import ml_dtypes",
    "a helper's import": "import sys\nsys.path.append('../lib')\nimport lazy\nlazy.run()",
    "a module by its name": "import sys, importlib\nsys.path.append('../lib')\nimportlib.import_module('lazy').run()",
    "code of a file": "exec(open('../lib/lazy.py').read())\nrun()",
    "a logger": "import logging\nlogging.basicConfig(level=10)",
}
SHOWS = "import jax\nprint(jax.numpy.ones(1).dtype)"
SWITCHES = {"a helper of another folder", "a script's helper"}


PAIRS = [*((does, "a variable") for does in DOES), *(("appends", later) for later in LATER)]
LOG = [not does.startswith(("makes", "changes", "binds", "removes", "keeps")) for does, _ in PAIRS]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, PageRecord | None]]:
    """Return a site's folder, and what came of pages in it: each does something, then has another import.

    It is below a user's home, as most are.
    """
    folder = tmp_path_factory.mktemp("site") / "pages"
    (folder.parent / "lib").mkdir()
    folder.mkdir()
    (folder.parent / "lib" / "switches.py").write_text(f"{LATER['a variable']}\n")
    lazy = f"def run():\n    {LATER['a variable']}\n    import numpy\n"
    (folder.parent / "lib" / "lazy.py").write_text(lazy)
    (folder / "switch.py").write_text("import sys\nsys.path.append('../lib')\nimport switches\n")
    (folder / "append.py").write_text("import sys\nprint('done', file=open(f'{sys.argv[1]}.log', 'a'))\n")
    pages = {}
    for number, (does, later) in enumerate(PAIRS):
        (folder / f"{number}.first").write_text("done\n")
        last = SHOWS if later in SWITCHES else "import numpy"
        pages[str(number)] = [f"name = '{number}'", DOES[does], LATER[later], last]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(folder.parent))
        return folder, run_in(folder, pages, str(folder))


@pytest.mark.parametrize("number", range(len(PAIRS)), ids=map(", ".join, PAIRS))
def test_what_a_page_does_before_it_would_see_the_fork_is_done_once(
    number: int, site: tuple[Path, dict[str, PageRecord | None]]
) -> None:
    folder, records = site
    record = records[str(number)]
    assert record
    assert record.problems == []
    assert ("float64" in json.dumps(record.cells[-1].outputs)) == (PAIRS[number][1] in SWITCHES)
    log = folder / f"{number}.log"
    assert (log.read_text() if LOG[number] else "done\n") == "done\n"


@pytest.mark.parametrize(
    ("cells", "late"),
    [
        (["import numpy", "!%timeit numpy.ones(3)"], False),
        (["!%timeit 1", "import numpy"], True),
        (["!import time\nimport jax\nprint(time.time())"], True),
        (["!%timeit 1", "import json"], False),
    ],
)
def test_a_page_that_imports_after_a_clock_is_foreseen(cells: list[str], late: bool) -> None:
    """A cell that reads a clock begins with ``!``."""
    made = [Cell(n, n, cell.removeprefix("!"), alone=cell.startswith("!")) for n, cell in enumerate(cells, 1)]
    assert imports_late(made) == late
    assert not imports_late([replace(cell, skip=True) for cell in made])


def test_what_a_package_needs_is_what_its_requirements_say(tmp_path: Path) -> None:
    (tmp_path / "helper.py").touch()
    texts = ["import jax.numpy as jnp, os", "from PIL import Image", "import pytest, helper, matplotlib"]
    known = {"PIL": [], "jax": ["jax", "jaxlib", "numpy"], "matplotlib": ["numpy"], "pytest": []}
    unknown = {"": ["jax", "jaxlib", "numpy"]}
    assert packages(texts, tmp_path) == known
    assert packages([*texts, "import nowhere"], tmp_path) == known | unknown
    assert packages([*texts, "%load_ext it"], tmp_path) == known | unknown


@pytest.mark.parametrize(
    ("code", "texts"),
    [
        ("import timer", ["# timer"]),
        ("from reads import late", ["import timer", "# timer"]),
        ("import package.inner", ["# package", "# inner"]),
        ("%time import timer", ["# timer"]),
        ("%run timer.py", ["# timer"]),
        ("!python reads.py", ["import timer", "# timer"]),
        ("import json, nowhere", []),
        ("not python (", []),
    ],
)
def test_what_stands_beside_a_page_is_what_it_runs_and_imports(code: str, texts: list[str], tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    files = {"timer": "# timer", "reads": "import timer", "package/__init__": "# package", "package/inner": "# inner"}
    for name, text in files.items():
        (tmp_path / f"{name}.py").write_text(text)
    assert [*beside([code], tmp_path)] == texts
